import BundleFormat
import Lowering
import PlanFormat

/// How the weights section is laid out to compress best.
///
/// First constants that are told by their bytes, such as int8 weights, layer by layer, as matrices
/// whose lines are sorted by how evenly their bytes are distributed; then those told by their words,
/// such as biases and multipliers, as one matrix of four planes.
public struct WeightsLayout: Sendable, Equatable {
  /// Matrices of the section.
  let arrangement: Arrangement
  /// Where code tables begin anew in the stored bytes, rising.
  public let parts: [Int]

  /// Content as stored, and the arrangement behind it.
  func stored(_ content: [UInt8]) -> [UInt8] {
    var stored = content
    for matrix in arrangement.matrices {
      stored.replaceSubrange(
        matrix.offset..<matrix.offset + matrix.lines * matrix.width, with: matrix.stored(content))
    }
    return stored + arrangement.encoded()
  }

  /// Moves the constants of a model.
  ///
  /// - Returns: the same model with its weights section in that order, and the layout.
  static func arrange(_ model: LoweredModel) -> (model: LoweredModel, layout: WeightsLayout) {
    var extents = Set(model.plan.instructions.flatMap { $0.operation.constants })
      .filter { $0.byteCount > 0 }
      .sorted { ($0.offset, $1.byteCount) < ($1.offset, $0.byteCount) }
    // A constant inside another moves with it.
    var whole: [ConstantReference] = []
    for extent in extents {
      if let last = whole.last, extent.offset < last.offset + last.byteCount { continue }
      whole.append(extent)
    }
    extents = whole
    let words = extents.filter { isOfWords(model.weights, $0) }
    let isWord = Set(words)
    var weights: [UInt8] = []
    var moved: [Int: Int] = [:]
    func place(_ extent: ConstantReference) {
      moved[extent.offset] = weights.count
      weights += model.weights[extent.offset..<extent.offset + extent.byteCount]
      weights.append(contentsOf: repeatElement(0, count: (16 - weights.count % 16) % 16))
    }
    for extent in extents where !isWord.contains(extent) { place(extent) }
    let wordStart = weights.count
    for extent in words { place(extent) }
    var arranged = model
    arranged.weights = weights
    arranged.plan.weightsBytes = weights.count
    arranged.plan.instructions = model.plan.instructions.map { instruction in
      var instruction = instruction
      instruction.operation = instruction.operation.replacingConstants { reference in
        guard let home = extents.last(where: { $0.offset <= reference.offset }),
          let start = moved[home.offset]
        else { return reference }
        return ConstantReference(
          offset: start + reference.offset - home.offset, byteCount: reference.byteCount)
      }
      return instruction
    }
    return (arranged, WeightsLayout(arranged, wordStart: wordStart))
  }

  /// Chooses the arrangement of a section whose words begin at an offset.
  private init(_ model: LoweredModel, wordStart: Int) {
    var matrices: [Int: Arrangement.Matrix] = [:]
    for instruction in model.plan.instructions {
      let widths = Set(
        (instruction.inputs + [instruction.output]).compactMap {
          model.plan.tensors[$0.position].shape.last
        })
      for constant in instruction.operation.constants
      where constant.byteCount >= Self.matrixBytes && constant.offset < wordStart
        && matrices[constant.offset] == nil
      {
        matrices[constant.offset] = Self.matrix(of: constant, in: model.weights, widths: widths)
      }
    }
    if model.weights.count > wordStart {
      matrices[wordStart] = Arrangement.Matrix(
        offset: wordStart, lines: 4, width: (model.weights.count - wordStart) / 4,
        isTransposed: true)
    }
    let sorted = matrices.values.sorted { $0.offset < $1.offset }
    arrangement = Arrangement(sorted.filter { $0.isTransposed || !$0.order.isEmpty })
    // Parts begin and end with a matrix, and where its code tables are best made anew.
    var parts: [Int] = []
    for matrix in sorted {
      let stored = matrix.stored(model.weights)
      parts.append(matrix.offset)
      parts += CodePartition(stored).cuts.map { matrix.offset + $0 }
      parts.append(matrix.offset + stored.count)
    }
    self.parts = Array(Set(parts)).sorted().filter { $0 > 0 && $0 < model.weights.count }
  }

  /// Constants below this stay as they are.
  private static let matrixBytes = 512

  /// The cheapest of the ways to read a constant as lines.
  private static func matrix(
    of constant: ConstantReference, in weights: [UInt8], widths: Set<Int>
  ) -> Arrangement.Matrix {
    let plain = Arrangement.Matrix(offset: constant.offset, lines: 1, width: constant.byteCount)
    var best = plain
    var least = CodePartition(plain.stored(weights)).cost
    let lineCounts = Set(widths.flatMap { [$0, constant.byteCount / max($0, 1)] })
    for lines in lineCounts.sorted() where lines > 1 && lines <= 1 << 16 {
      guard constant.byteCount % lines == 0,
        constant.byteCount / lines <= CodePartition.partBytes
      else { continue }
      for isTransposed in [false, true] {
        var matrix = Arrangement.Matrix(
          offset: constant.offset, lines: lines, width: constant.byteCount / lines,
          isTransposed: isTransposed)
        matrix.order = order(of: matrix, in: weights)
        let cost = CodePartition(matrix.stored(weights)).cost + orderBytes(lines)
        if cost < least { (best, least) = (matrix, cost) }
      }
    }
    return best
  }

  /// Lines by the bytes that a code of their own would take.
  private static func order(of matrix: Arrangement.Matrix, in weights: [UInt8]) -> [UInt16] {
    let stored = matrix.stored(weights)
    let costs = (0..<matrix.lines).map { line in
      ByteStatistics(stored[line * matrix.width..<(line + 1) * matrix.width]).codedBytes
    }
    return costs.indices.sorted { (costs[$0], $0) < (costs[$1], $1) }.map { UInt16($0) }
  }

  /// About what zstd makes of a permutation.
  private static func orderBytes(_ lines: Int) -> Double { 13 + 1.4 * Double(lines) }

  /// True when bytes of a constant are more alike at the same place of a word than all together: by
  /// Σ n(n − 1) over the counts of byte values, the chance that two drawn are equal.
  private static func isOfWords(_ weights: [UInt8], _ extent: ConstantReference) -> Bool {
    guard extent.byteCount % 4 == 0, extent.byteCount >= 16 else { return false }
    var counts = [[Int]](repeating: [Int](repeating: 0, count: 256), count: 5)
    for index in 0..<extent.byteCount {
      let byte = Int(weights[extent.offset + index])
      counts[index % 4][byte] += 1
      counts[4][byte] += 1
    }
    func likeness(_ counts: [Int]) -> Double {
      let total = Double(counts.reduce(0, +))
      return counts.reduce(0) { $0 + Double($1) * Double($1 - 1) } / (total * (total - 1))
    }
    let planes = (0..<4).reduce(0) { $0 + likeness(counts[$1]) } / 4
    return planes > likeness(counts[4]) * 1.5
  }
}
