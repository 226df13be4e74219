import ModelGraph

/// `SparsityParameters`: how the elements of a sparse constant lie in its dense shape. Dimensions are
/// traversed in an order of their own; blocks are dimensions behind those of the shape.
struct TFLiteSparsity {
  /// One dimension of the traversal.
  private enum Level {
    /// Every index below a size.
    case dense(Int)
    /// Indices of each run: run k is `indices[segments[k]..<segments[k + 1]]`.
    case compressed(segments: [Int], indices: [Int])
  }

  private let order: [Int]
  private let blockMap: [Int]
  private let levels: [Level]

  /// Decodes the table.
  init(_ table: FlatTable) throws(GraphError) {
    order = try table.int32s(0, limit: 2 * ImportLimits.rank)
    blockMap = try table.int32s(1, limit: ImportLimits.rank)
    var levels: [Level] = []
    for dimension in try table.tables(2, limit: 2 * ImportLimits.rank) {
      if try dimension.uint8(0) == 0 {
        levels.append(.dense(try dimension.int32(1)))
      } else {
        levels.append(
          .compressed(
            segments: try Self.vector(dimension, 2), indices: try Self.vector(dimension, 4)))
      }
    }
    self.levels = levels
  }

  /// `SparseIndexVector`, a union of vectors of int32, uint16 and uint8; its tag is field `id`.
  private static func vector(_ table: FlatTable, _ id: Int) throws(GraphError) -> [Int] {
    let tag = try table.uint8(id)
    guard let values = try table.table(id + 1) else { return [] }
    switch tag {
    case 1: return try values.int32s(0, limit: ImportLimits.elements)
    case 2: return try values.uint16s(0, limit: ImportLimits.elements)
    case 3: return try values.bytes(0).map { Int($0) }
    default: throw GraphError.malformed("TFLite: sparse indices have type \(tag)")
    }
  }

  /// The dense tensor of the stored elements, 0 where none is.
  func dense(
    _ stored: TensorData.Elements, shape: [Int], name: String
  ) throws(GraphError) -> TensorData {
    let values = TensorData(shape: [stored.count], elements: stored)
    var sources = [Int](repeating: values.count, count: shape.reduce(1, *))
    for (source, position) in try positions(of: values.count, shape: shape, name: name).enumerated()
    {
      sources[position] = source
    }
    guard let withZero = TensorData.joined([values, .zero(values.type)]) else {
      throw GraphError.malformed("TFLite: sparse tensor \(name) has no type")
    }
    return withZero.picking(sources, shape: shape)
  }

  /// The position of each of so many stored elements in the dense tensor.
  private func positions(
    of stored: Int, shape: [Int], name: String
  ) throws(GraphError) -> [Int] {
    let malformed = GraphError.malformed("TFLite: sparse tensor \(name) does not fit its shape")
    let rank = shape.count
    guard levels.count == order.count, order.sorted() == Array(0..<rank + blockMap.count),
      blockMap.allSatisfy({ (0..<rank).contains($0) })
    else { throw malformed }
    let count = shape.reduce(1, *)
    // One entry for each run that is open: where its parent stands, and its index so far.
    var open: [(place: Int, index: [Int])] = [(0, [Int](repeating: 0, count: rank))]
    for (level, dimension) in levels.enumerated() {
      let axis = order[level] < rank ? order[level] : blockMap[order[level] - rank]
      let isBlock = order[level] >= rank
      var size = 1
      if isBlock {
        guard case .dense(let extent) = dimension, extent > 0 else { throw malformed }
        size = extent
      }
      var next: [(place: Int, index: [Int])] = []
      for (place, index) in open {
        let room = min(count, ImportLimits.sparseRuns) - next.count
        let run = try Self.run(dimension, place, room, malformed)
        for (child, step) in run {
          var index = index
          index[axis] = isBlock ? index[axis] * size + step : step
          guard (0..<shape[axis]).contains(index[axis]) else { throw malformed }
          next.append((child, index))
        }
      }
      open = next
    }
    guard open.count == stored else { throw malformed }
    return open.map { entry in
      zip(entry.index, shape).reduce(0) { $0 * $1.1 + $1.0 }
    }
  }

  /// The indices of a dimension below place `place` of its parent, each with its own place; at most
  /// `room`.
  private static func run(
    _ level: Level, _ place: Int, _ room: Int, _ malformed: GraphError
  ) throws(GraphError) -> [(place: Int, index: Int)] {
    switch level {
    case .dense(let size):
      guard size >= 0, size <= room, place <= ImportLimits.elements else {
        throw malformed
      }
      return (0..<size).map { (place * size + $0, $0) }
    case .compressed(let segments, let indices):
      guard place + 1 < segments.count, segments[place] >= 0,
        segments[place] <= segments[place + 1], segments[place + 1] <= indices.count,
        segments[place + 1] - segments[place] <= room
      else { throw malformed }
      return (segments[place]..<segments[place + 1]).map { ($0, indices[$0]) }
    }
  }
}
