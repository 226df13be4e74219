import ModelGraph
import Operators

/// Operators that join, rearrange, resize or search.
enum TFLiteArrangement {
  /// CONCATENATION: axis, activation.
  @Sendable static func concatenation(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let options = try node.options(10)
    guard try options?.uint8(1) ?? 0 == 0 else {
      throw node.unsupported("its fused activation is not run; apply it to the operands")
    }
    var operands: [ValueID] = []
    for index in node.inputs.indices { operands.append(try builder.operand(node, index)) }
    let rank = operands.first.map { builder.graph[$0].type.shape.count } ?? 0
    try join(node, &builder, operands, axis: try node.axis(try options?.int32(0) ?? 0, rank: rank))
  }

  /// PACK: operands along a new axis.
  @Sendable static func pack(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let first = try builder.operand(node, 0)
    var shape = builder.graph[first].type.shape
    let axis = try node.axis(try node.options(59)?.int32(1) ?? 0, rank: shape.count + 1)
    shape.insert(1, at: axis)
    var operands: [ValueID] = []
    for index in node.inputs.indices {
      operands.append(try builder.flattened(node, try builder.operand(node, index), shape))
    }
    try join(node, &builder, operands, axis: axis)
  }

  /// int8 operands have one scale and zero point, as LiteRT's kernel demands.
  private static func join(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder, _ operands: [ValueID], axis: Int
  ) throws(GraphError) {
    guard let first = operands.first else { throw node.invalid("it has no operand") }
    let parameters = builder.graph[first].quantization
    guard operands.allSatisfy({ builder.graph[$0].quantization == parameters }) else {
      throw node.unsupported(
        "its operands have different scales; convert with a current TFLite converter")
    }
    try builder.emit(node, Concat(axis: axis), operands, sameParameters: true)
  }

  /// EXPAND_DIMS: the shape the file states; where it leaves that open, an axis of 1 as operand 1 says.
  @Sendable static func expand(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    try restate(node, &builder) { (shape, builder) throws(GraphError) in
      let axes = try builder.integers(node, 1)
      guard axes.count == 1 else { throw node.invalid("its axes are \(axes)") }
      var expanded = shape
      expanded.insert(1, at: try node.axis(axes[0], rank: shape.count + 1))
      return expanded
    }
  }

  /// SQUEEZE: the shape the file states; where it leaves that open, without the axes its option names, or
  /// without any of 1 where it names none.
  @Sendable static func squeeze(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    try restate(node, &builder) { (shape, _) throws(GraphError) in
      var axes: Set<Int> = []
      for axis in try node.options(30)?.int32s(0, limit: ImportLimits.rank) ?? [] {
        axes.insert(try node.axis(axis, rank: shape.count))
      }
      let left = shape.indices.filter { axes.isEmpty ? shape[$0] != 1 : !axes.contains($0) }
      return left.map { shape[$0] }
    }
  }

  private static func restate(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder,
    open: ([Int], inout TFLiteBuilder) throws(GraphError) -> [Int]
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    guard node.outputs.count == 1 else { throw node.invalid("it should have one result") }
    let shape = builder.graph[input].type.shape
    let stated =
      try builder.isOpen(node, 0)
      ? try open(shape, &builder) : try builder.stated(node, 0).shape
    guard shape.filter({ $0 != 1 }) == stated.filter({ $0 != 1 }) else {
      throw node.invalid("\(shape) cannot become \(stated)")
    }
    try builder.emit(node, Reshape(shape: stated), [input], sameParameters: true)
  }

  /// TRANSPOSE.
  @Sendable static func transpose(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let order = try builder.integers(node, 1)
    try builder.emit(node, Transpose(permutation: order), [input], sameParameters: true)
  }

  // MARK: Blocks

  /// The operand as `parts`, their axes in another order, under the shape the file states.
  private static func rearrange(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder, _ input: ValueID, parts: [Int],
    order: [Int]
  ) throws(GraphError) {
    guard node.outputs.count == 1 else { throw node.invalid("it should have one result") }
    let turned = try turned(node, &builder, input, parts: parts, order: order)
    let stated = try builder.stated(node, 0).shape
    try builder.emit(node, Reshape(shape: stated), [turned], sameParameters: true)
  }

  private static func turned(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder, _ input: ValueID, parts: [Int],
    order: [Int]
  ) throws(GraphError) -> ValueID {
    guard let count = ImportLimits.count(parts),
      count == builder.graph[input].type.shape.reduce(1, *)
    else { throw node.invalid("blocks do not tile \(builder.graph[input].type.shape)") }
    let split = try builder.step(node, Reshape(shape: parts), [input], suffix: "/blocks")
    return try builder.step(node, Transpose(permutation: order), [split], suffix: "/turned")
  }

  /// The image and the size of its square blocks.
  private static func blocks(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder, options: Int
  ) throws(GraphError) -> (input: ValueID, shape: [Int], size: Int) {
    let input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    let size = try node.options(options)?.int32(0) ?? 0
    guard (1...ImportLimits.windowExtent).contains(size) else {
      throw node.invalid("blocks of \(size)")
    }
    guard shape.count == 4 else { throw node.invalid("its operand has shape \(shape)") }
    return (input, shape, size)
  }

  /// DEPTH_TO_SPACE: depth holds [row, column, channel] of each block.
  @Sendable static func depthToSpace(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let (input, shape, block) = try blocks(node, &builder, options: 94)
    try rearrange(
      node, &builder, input,
      parts: [shape[0], shape[1], shape[2], block, block, shape[3] / (block * block)],
      order: [0, 1, 3, 2, 4, 5])
  }

  /// SPACE_TO_DEPTH.
  @Sendable static func spaceToDepth(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let (input, shape, block) = try blocks(node, &builder, options: 19)
    try rearrange(
      node, &builder, input,
      parts: [shape[0], shape[1] / block, block, shape[2] / block, block, shape[3]],
      order: [0, 1, 3, 2, 4, 5])
  }

  /// Block sizes and the pairs beside them, one per spatial axis.
  private static func spatialBlocks(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder, _ shape: [Int]
  ) throws(GraphError) -> (blocks: [Int], pairs: [Int]) {
    let (blocks, pairs) = (try builder.integers(node, 1), try builder.integers(node, 2))
    guard blocks.count < shape.count, pairs.count == 2 * blocks.count,
      blocks.allSatisfy({ (1...ImportLimits.windowExtent).contains($0) }),
      pairs.allSatisfy({ (0...ImportLimits.windowExtent).contains($0) })
    else { throw node.invalid("blocks \(blocks), \(pairs) of \(shape)") }
    return (blocks, pairs)
  }

  /// SPACE_TO_BATCH_ND: zeros around, then the positions inside each block lead the batch.
  @Sendable static func spaceToBatch(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    var input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    let (blocks, pads) = try spatialBlocks(node, &builder, shape)
    var positions = [[Int]?](repeating: nil, count: shape.count)
    var parts = [shape[0]]
    for (index, block) in blocks.enumerated() {
      let size = shape[index + 1]
      positions[index + 1] = (-pads[2 * index]..<size + pads[2 * index + 1]).map {
        (0..<size).contains($0) ? $0 : -1
      }
      parts += [(size + pads[2 * index] + pads[2 * index + 1]) / block, block]
    }
    if pads.contains(where: { $0 != 0 }) {
      input = try builder.step(node, Pick(positions: positions), [input], suffix: "/padded")
    }
    let count = blocks.count
    let order =
      (0..<count).map { 2 * $0 + 2 } + [0] + (0..<count).map { 2 * $0 + 1 }
      + (2 * count + 1..<shape.count + count)
    try rearrange(
      node, &builder, input, parts: parts + shape[(count + 1)...], order: order)
  }

  /// BATCH_TO_SPACE_ND: the inverse; crops instead of pads.
  @Sendable static func batchToSpace(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    let (blocks, crops) = try spatialBlocks(node, &builder, shape)
    let count = blocks.count
    let area = blocks.reduce(1) { min($0 * $1, ImportLimits.elements) }
    let parts = blocks + [max(shape[0] / area, 1)] + shape[1...]
    let order =
      [count] + (0..<count).flatMap { [count + 1 + $0, $0] }
      + (2 * count + 1..<shape.count + count)
    let turned = try turned(node, &builder, input, parts: parts, order: order)
    var whole = shape
    whole[0] = parts[count]
    for (index, block) in blocks.enumerated() { whole[index + 1] *= block }
    guard crops.contains(where: { $0 != 0 }) else {
      return try builder.emit(node, Reshape(shape: whole), [turned], sameParameters: true)
    }
    var positions = [[Int]?](repeating: nil, count: shape.count)
    for index in blocks.indices {
      let end = whole[index + 1] - crops[2 * index + 1]
      guard crops[2 * index] < end else { throw node.invalid("crops \(crops) of \(whole)") }
      positions[index + 1] = Array(crops[2 * index]..<end)
    }
    let joined = try builder.step(node, Reshape(shape: whole), [turned], suffix: "/joined")
    try builder.emit(node, Pick(positions: positions), [joined], sameParameters: true)
  }

  // MARK: Searches

  /// ARG_MAX and ARG_MIN; the file states the type of the positions.
  @Sendable static func extremum(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    guard node.outputs.count == 1 else { throw node.invalid("it should have one result") }
    let element = try builder.stated(node, 0).element
    guard element == .int32 || element == .int64 else {
      throw node.invalid("its positions are \(element.rawValue)")
    }
    let operation = Extremum(
      axis: try builder.axis(node, 1, rank: builder.graph[input].type.shape.count),
      keepsDimensions: false, isMinimum: node.operation == "ARG_MIN", takesLast: false,
      element: element)
    try builder.emit(node, operation, [input])
  }

  /// TOPK_V2 along the last axis.
  @Sendable static func topK(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let counts = try builder.integers(node, 1)
    guard counts.count == 1, node.outputs.count == 2 else {
      throw node.invalid("\(counts.count) counts and \(node.outputs.count) results")
    }
    let element = try builder.stated(node, 1).element
    let operation = TopK(
      count: counts[0], axis: builder.graph[input].type.shape.count - 1, isLargest: true,
      element: element == .int64 ? .int64 : .int32)
    try builder.emit(node, operation, [input], sameParameters: true)
  }

  // MARK: Constants

  /// SHAPE.
  @Sendable static func shape(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let shape = try builder.operandValue(node, 0).type.shape
    guard node.outputs.count == 1 else { throw node.invalid("it should have one result") }
    let isWide = try builder.stated(node, 0).element == .int64
    try builder.bind(
      node,
      constant: TensorData(
        shape: [shape.count],
        elements: isWide ? .int64(shape.map(Int64.init)) : .int32(shape.map(Int32.init))))
  }

  /// FILL of a constant shape with a constant.
  @Sendable static func fill(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let shape = try builder.integers(node, 0)
    let value = try builder.operand(node, 1)
    guard let count = ImportLimits.count(shape), count <= ImportLimits.foldedElements,
      builder.graph[value].type.shape.reduce(1, *) == 1
    else { throw node.invalid("its result would have shape \(shape)") }
    let one = try builder.flattened(node, value, [1])
    let line = try builder.step(
      node, Pick(positions: [[Int](repeating: 0, count: count)]), [one], suffix: "/line")
    try builder.emit(node, Reshape(shape: shape), [line], sameParameters: true)
  }

  /// ZEROS_LIKE.
  @Sendable static func zeros(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let value = try builder.operandValue(node, 0)
    guard value.quantization == nil else {
      throw node.unsupported("zeros of a quantised type are not run; use a constant")
    }
    let zeros = [Int](repeating: 0, count: value.type.shape.reduce(1, *))
    try builder.bind(
      node,
      constant: TensorData.zero(value.type.element).picking(zeros, shape: value.type.shape))
  }

  /// RANGE of constants.
  @Sendable static func range(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    var numbers: [TensorData] = []
    for index in 0..<3 {
      guard let data = try builder.operandValue(node, index).constant, data.count == 1
      else { throw node.unsupported("its bounds and step must be constant numbers") }
      numbers.append(data)
    }
    let type = numbers[0].type
    let reals = numbers.map { number -> Float in
      number.floats?.first ?? Float(number.integers?.first ?? 0)
    }
    let count = ((reals[1] - reals[0]) / reals[2]).rounded(.up)
    guard numbers.allSatisfy({ $0.type == type }), count.isFinite, count >= 1, count <= 0x1p20
    else { throw node.invalid("from \(reals[0]) to \(reals[1]) by \(reals[2])") }
    let elements: TensorData.Elements
    if let first = numbers[0].integers?.first, let step = numbers[2].integers?.first {
      guard type == .int32 || type == .int64 else {
        throw node.unsupported("a range of \(type.rawValue) is not run")
      }
      let values = (0..<Int(count)).map { first &+ $0 &* step }
      elements =
        type == .int32
        ? .int32(values.map(Int32.init(truncatingIfNeeded:))) : .int64(values.map(Int64.init))
    } else {
      elements = .float32((0..<Int(count)).map { reals[0] + Float($0) * reals[2] })
    }
    try builder.bind(node, constant: TensorData(shape: [Int(count)], elements: elements))
  }
}
