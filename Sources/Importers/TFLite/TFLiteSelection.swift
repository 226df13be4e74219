import ModelGraph
import Operators

/// Operators that choose, repeat or surround elements: each becomes a ``Pick``.
enum TFLiteSelection {
  /// A choice of the first operand's elements, under the shape the file states.
  private static func emit(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder, _ input: ValueID, _ positions: [[Int]?],
    fill: ValueID? = nil, result: Int? = nil
  ) throws(GraphError) {
    let stated = try builder.stated(node, result ?? 0).shape
    let shape = builder.graph[input].type.shape
    let kept = zip(positions, shape).map { list, size in list == Array(0..<size) ? nil : list }
    let picked = zip(kept, shape).map { list, size in list?.count ?? size }
    let operation = Pick(positions: kept, hasFill: fill != nil)
    let operands = fill == nil ? [input] : [input, fill]
    if kept.allSatisfy({ $0 == nil }) {
      try builder.emit(
        node, Reshape(shape: stated), [input], sameParameters: true, result: result)
    } else if picked == stated {
      try builder.emit(node, operation, operands, sameParameters: true, result: result)
    } else {
      let inner = try builder.step(node, operation, operands, suffix: "/picked")
      try builder.emit(
        node, Reshape(shape: stated), [inner], sameParameters: true, result: result)
    }
  }

  /// Elements at offsets of row-major memory; negative: 0.
  private static func emitFlat(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder, _ input: ValueID, _ offsets: [Int]
  ) throws(GraphError) {
    let count = builder.graph[input].type.shape.reduce(1, *)
    let flat = try builder.flattened(node, input, [count])
    try emit(node, &builder, flat, [offsets])
  }

  /// SPLIT into equal parts: the axis is the first operand.
  @Sendable static func split(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 1)
    let shape = builder.graph[input].type.shape
    let axis = try builder.axis(node, 0, rank: shape.count)
    let parts = node.outputs.count
    guard parts > 0, shape[axis] % parts == 0 else {
      throw node.invalid("\(parts) parts of an axis of \(shape[axis])")
    }
    let sizes = [Int](repeating: shape[axis] / parts, count: parts)
    try emitParts(node, &builder, input, axis, sizes)
  }

  /// SPLIT_V into parts of given sizes, one of them open.
  @Sendable static func splitBySizes(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    let axis = try builder.axis(node, 2, rank: shape.count)
    var sizes = try builder.integers(node, 1)
    guard sizes.allSatisfy({ $0 <= shape[axis] }) else {
      throw node.invalid("parts \(sizes) of an axis of \(shape[axis])")
    }
    let known = sizes.filter { $0 >= 0 }.reduce(0, +)
    if let open = sizes.firstIndex(of: -1) { sizes[open] = shape[axis] - known }
    guard sizes.count == node.outputs.count, sizes.allSatisfy({ $0 > 0 }),
      sizes.reduce(0, +) == shape[axis]
    else { throw node.invalid("parts \(sizes) of an axis of \(shape[axis])") }
    try emitParts(node, &builder, input, axis, sizes)
  }

  private static func emitParts(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder, _ input: ValueID, _ axis: Int,
    _ sizes: [Int]
  ) throws(GraphError) {
    var start = 0
    for (part, size) in sizes.enumerated() {
      let rank = builder.graph[input].type.shape.count
      var positions = [[Int]?](repeating: nil, count: rank)
      positions[axis] = Array(start..<start + size)
      start += size
      try emit(node, &builder, input, positions, result: part)
    }
  }

  /// UNPACK: every position of an axis.
  @Sendable static func unpack(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    let axis = try node.axis(try node.options(64)?.int32(1) ?? 0, rank: shape.count)
    guard shape[axis] == node.outputs.count else {
      throw node.invalid("\(node.outputs.count) results of an axis of \(shape[axis])")
    }
    try emitParts(node, &builder, input, axis, [Int](repeating: 1, count: shape[axis]))
  }

  /// SLICE: a size of −1 goes to the end.
  @Sendable static func slice(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    let (starts, sizes) = (try builder.integers(node, 1), try builder.integers(node, 2))
    guard starts.count == shape.count, sizes.count == shape.count,
      zip(starts, shape).allSatisfy({ (0...$1).contains($0) }),
      zip(sizes, shape).allSatisfy({ (-1...$1).contains($0) })
    else { throw node.invalid("from \(starts), \(sizes) of \(shape)") }
    let ends = shape.indices.map { sizes[$0] == -1 ? shape[$0] : starts[$0] + sizes[$0] }
    guard shape.indices.allSatisfy({ (starts[$0]...max(starts[$0], shape[$0])).contains(ends[$0]) })
    else { throw node.invalid("from \(starts), \(sizes) of \(shape)") }
    try emit(node, &builder, input, zip(starts, ends).map { Array($0..<$1) })
  }

  /// STRIDED_SLICE. Options: masks of begin, end, ellipsis, new axis, shrunk axis; whether end is an
  /// offset.
  @Sendable static func stridedSlice(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    let starts = try builder.integers(node, 1)
    var ends = try builder.integers(node, 2)
    let steps = try builder.integers(node, 3)
    let options = try node.options(32)
    guard try options?.int32(2) ?? 0 == 0, try options?.int32(3) ?? 0 == 0 else {
      throw node.unsupported("its ellipsis and new-axis masks must be 0; index every axis")
    }
    guard starts.count == ends.count, steps.count == starts.count, starts.count <= shape.count,
      !steps.contains(0)
    else { throw node.invalid("from \(starts) to \(ends) by \(steps) of \(shape)") }
    if try options?.bool(5) ?? false { ends = zip(starts, ends).map { $0 &+ $1 } }
    let (startMask, endMask) = (try options?.int32(0) ?? 0, try options?.int32(1) ?? 0)
    let shrunk = try options?.int32(4) ?? 0
    var positions = [[Int]?](repeating: nil, count: shape.count)
    for axis in starts.indices {
      func isSet(_ mask: Int) -> Bool { mask >> axis & 1 == 1 }
      let (size, step) = (shape[axis], steps[axis])
      if isSet(shrunk) {
        let index = starts[axis] < 0 ? starts[axis] + size : starts[axis]
        guard (0..<size).contains(index) else {
          throw node.invalid("position \(starts[axis]) along an axis of \(size)")
        }
        positions[axis] = [index]
      } else {
        let first = isSet(startMask) ? (step > 0 ? 0 : size - 1) : starts[axis]
        let last = isSet(endMask) ? (step > 0 ? size : -size - 1) : ends[axis]
        positions[axis] = AxisPositions.slice(from: first, to: last, by: step, size: size)
      }
    }
    try emit(node, &builder, input, positions)
  }

  /// REVERSE_V2.
  @Sendable static func reverse(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    var positions = [[Int]?](repeating: nil, count: shape.count)
    for given in try builder.integers(node, 1) {
      let axis = try node.axis(given, rank: shape.count)
      positions[axis] = Array((0..<shape[axis]).reversed())
    }
    try emit(node, &builder, input, positions)
  }

  /// TILE.
  @Sendable static func tile(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    let repeats = try builder.integers(node, 1)
    guard repeats.count == shape.count,
      repeats.allSatisfy({ (1...ImportLimits.elements).contains($0) })
    else { throw node.invalid("repeats \(repeats) of \(shape)") }
    try ImportLimits.check(
      zip(shape, repeats).map { $0 * $1 }, node: node.name, "the result of \(node.operation)")
    try emit(
      node, &builder, input,
      zip(shape, repeats).map { size, count in (0..<size * count).map { $0 % size } })
  }

  /// BROADCAST_TO.
  @Sendable static func broadcast(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    var input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    let target = try builder.integers(node, 1)
    guard StridedWalk(broadcasting: shape, to: target) != nil else {
      throw node.invalid("\(shape) cannot be broadcast to \(target)")
    }
    try ImportLimits.check(target, node: node.name, "the result of \(node.operation)")
    let padded = [Int](repeating: 1, count: target.count - shape.count) + shape
    if padded != shape { input = try builder.flattened(node, input, padded) }
    try emit(
      node, &builder, input,
      zip(padded, target).map { $0 == $1 ? nil : [Int](repeating: 0, count: $1) })
  }

  // MARK: Pads

  /// PAD with zeros, PADV2 with a value.
  @Sendable static func pad(_ node: TFLiteNode, _ builder: inout TFLiteBuilder) throws(GraphError) {
    let fill = try builder.optional(node, 2)
    if let fill, builder.graph[fill].constant == nil {
      throw node.unsupported("the value it pads with must be constant")
    }
    try pad(node, &builder, mode: "constant", fill: fill)
  }

  /// MIRROR_PAD: 0 leaves the border out (REFLECT), 1 repeats it (SYMMETRIC).
  @Sendable static func mirrorPad(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let isSymmetric = try node.options(77)?.uint8(0) ?? 0 != 0
    try pad(node, &builder, mode: isSymmetric ? "symmetric" : "reflect", fill: nil)
  }

  private static func pad(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder, mode: String, fill: ValueID?
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    let pads = try builder.integers(node, 1)
    guard pads.count == 2 * shape.count,
      pads.allSatisfy({ (0...ImportLimits.windowExtent).contains($0) })
    else { throw node.invalid("pads \(pads) of \(shape)") }
    let positions = shape.enumerated().map { axis, size -> [Int]? in
      (-pads[2 * axis]..<size + pads[2 * axis + 1]).map { position in
        AxisPositions.source(of: position, size: size, mode: mode) ?? -1
      }
    }
    try emit(node, &builder, input, positions, fill: fill)
  }

  // MARK: At positions

  /// GATHER: axis, batch dimensions. Known positions are a choice along the axis.
  @Sendable static func gather(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let indices = try builder.operand(node, 1)
    let shape = builder.graph[input].type.shape
    let options = try node.options(23)
    let axis = try node.axis(try options?.int32(0) ?? 0, rank: shape.count)
    guard try options?.int32(1) ?? 0 == 0 else {
      throw node.unsupported("batch dimensions are not run; gather from each item of the batch")
    }
    guard let data = builder.graph[indices].constant else {
      return try builder.emit(node, Gather(axis: axis), [input, indices], sameParameters: true)
    }
    var positions = [[Int]?](repeating: nil, count: shape.count)
    positions[axis] = try checked(data, size: shape[axis], node)
    try emit(node, &builder, input, positions)
  }

  private static func checked(
    _ data: TensorData, size: Int, _ node: TFLiteNode
  ) throws(GraphError) -> [Int] {
    guard let list = data.integers, list.allSatisfy((0..<size).contains) else {
      throw node.invalid("its positions are not all in an axis of \(size)")
    }
    return list
  }

  /// Where the slice of each tuple of known positions begins, and the slices' length.
  private static func starts(
    _ node: TFLiteNode, _ builder: TFLiteBuilder, _ indices: ValueID, in shape: [Int]
  ) throws(GraphError) -> (starts: [Int], length: Int) {
    guard let data = builder.graph[indices].constant else {
      throw node.unsupported("its positions are computed; positions known at export are run")
    }
    guard let depth = data.shape.last, depth >= 1, depth <= shape.count,
      let list = data.integers
    else { throw node.invalid("positions \(data.shape) in \(shape)") }
    let steps = StridedWalk(over: shape).steps
    var starts = [Int](repeating: 0, count: list.count / depth)
    for (index, position) in list.enumerated() {
      guard (0..<shape[index % depth]).contains(position) else {
        throw node.invalid("position \(position) along an axis of \(shape[index % depth])")
      }
      starts[index / depth] += position * steps[index % depth]
    }
    return (starts, shape[depth...].reduce(1, *))
  }

  /// GATHER_ND at known positions.
  @Sendable static func gatherND(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let indices = try builder.operand(node, 1)
    let (starts, length) = try starts(
      node, builder, indices, in: builder.graph[input].type.shape)
    try ImportLimits.check(
      [starts.count, length], node: node.name, "the result of \(node.operation)")
    try emitFlat(node, &builder, input, starts.flatMap { $0..<$0 + length })
  }

  /// SCATTER_ND: updates at known positions of zeros, no two at one.
  @Sendable static func scatterND(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let indices = try builder.operand(node, 0)
    let updates = try builder.operand(node, 1)
    let shape = try builder.integers(node, 2)
    try ImportLimits.check(shape, node: node.name, "the result of \(node.operation)")
    try ImportLimits.check(
      [shape.reduce(1, *)], node: node.name, "the result of \(node.operation)")
    let (starts, length) = try starts(node, builder, indices, in: shape)
    guard Set(starts).count == starts.count else {
      throw node.unsupported("two updates go to one position; only one may")
    }
    guard builder.graph[updates].quantization?.zeroPoint ?? 0 == 0 else {
      throw node.unsupported("LiteRT surrounds its updates by the integer 0, which is no real 0")
    }
    guard builder.graph[updates].type.shape.reduce(1, *) == starts.count * length else {
      throw node.invalid("updates \(builder.graph[updates].type.shape)")
    }
    var offsets = [Int](repeating: -1, count: shape.reduce(1, *))
    for (update, start) in starts.enumerated() {
      for element in 0..<length { offsets[start + element] = update * length + element }
    }
    try emitFlat(node, &builder, updates, offsets)
  }
}

extension TFLiteNode {
  /// An axis counted from the end made positive.
  func axis(_ axis: Int, rank: Int) throws(GraphError) -> Int {
    guard axis >= -rank, axis < rank else { throw invalid("axis \(axis) of \(rank)") }
    return axis < 0 ? axis + rank : axis
  }
}

extension TFLiteBuilder {
  /// An operand that is one constant axis.
  mutating func axis(_ node: TFLiteNode, _ index: Int, rank: Int) throws(GraphError) -> Int {
    let list = try integers(node, index)
    guard list.count == 1 else { throw node.invalid("it names \(list.count) axes") }
    return try node.axis(list[0], rank: rank)
  }
}
