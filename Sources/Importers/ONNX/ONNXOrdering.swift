import ModelGraph
import Operators

/// Operators that compare along an axis, join, or rearrange blocks.
enum ONNXOrdering {
  private static func axis(
    _ node: ONNXNode, rank: Int, default value: Int
  ) throws(GraphError) -> Int {
    try ONNXLayout.normalized([try node.int("axis", default: value)], rank: rank, node)[0]
  }

  /// `Concat`; operands without elements add nothing.
  @Sendable static func concat(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    var operands: [ValueID] = []
    for index in node.inputs.indices { operands.append(try builder.operand(node, index)) }
    let full = operands.filter { !builder.shape($0).contains(0) }
    if !full.isEmpty { operands = full }
    guard let first = operands.first else { throw node.invalid("it has no operand") }
    guard operands.count > 1 else { return try builder.bind(node, first) }
    let axis = try axis(node, rank: builder.shape(first).count, default: 0)
    try builder.bind(node, try builder.emit(Concat(axis: axis), operands, node: node))
  }

  /// `ArgMax` and `ArgMin`.
  static func extremum(isMinimum: Bool) -> ONNXMapping {
    .operation { (node, shapes) throws(GraphError) in
      Extremum(
        axis: try axis(node, rank: shapes[0]?.count ?? 0, default: 0),
        keepsDimensions: try node.int("keepdims", default: 1) != 0, isMinimum: isMinimum,
        takesLast: try node.int("select_last_index", default: 0) != 0, element: .int64)
    }
  }

  /// `TopK`: the count is an operand from operator set 10 on.
  @Sendable static func topK(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let fixed = try node.int("k", default: 1)
    let count = try builder.integers(node, 1)?.first ?? fixed
    let operation = TopK(
      count: count, axis: try axis(node, rank: builder.shape(input).count, default: -1),
      isLargest: try node.int("largest", default: 1) != 0, element: .int64)
    for (index, id) in try builder.emitAll(operation, [input], node: node).enumerated()
    where index < node.outputs.count && !node.outputs[index].isEmpty {
      try builder.bind(node, id, result: index)
    }
  }

  /// `CumSum`.
  @Sendable static func cumulativeSum(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let axes = try builder.integers(node, 1) ?? []
    guard axes.count == 1 else { throw node.invalid("it names \(axes.count) axes") }
    let operation = CumulativeSum(
      axis: try ONNXLayout.normalized(axes, rank: builder.shape(input).count, node)[0],
      isExclusive: try node.int("exclusive", default: 0) != 0,
      isReverse: try node.int("reverse", default: 0) != 0)
    try builder.bind(node, try builder.emit(operation, [input], node: node))
  }

  /// `DepthToSpace`, channels last: depth holds [row, column, channel] (DCR) or [channel, row,
  /// column] (CRD) of each block.
  @Sendable static func depthToSpace(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let (image, shape, block) = try self.image(node, &builder)
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let mode = try node.string("mode", default: "DCR")
    guard channels % (block * block) == 0, mode == "DCR" || mode == "CRD" else {
      throw node.invalid("\(channels) channels in blocks of \(block), mode \(mode)")
    }
    let depth = channels / (block * block)
    let parts = mode == "DCR" ? [block, block, depth] : [depth, block, block]
    let order = mode == "DCR" ? [0, 1, 3, 2, 4, 5] : [0, 1, 4, 2, 5, 3]
    let result = try builder.rearranged(
      image, parts: [shape[0], height, width] + parts, order: order,
      shape: [shape[0], height * block, width * block, depth], node: node)
    try builder.bind(node, try builder.channelsFirst(result, rank: 4, node: node))
  }

  /// `SpaceToDepth`, channels last: depth holds [row, column, channel] of each block.
  @Sendable static func spaceToDepth(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let (image, shape, block) = try self.image(node, &builder)
    let (height, width, channels) = (shape[1] / block, shape[2] / block, shape[3])
    guard height * block == shape[1], width * block == shape[2] else {
      throw node.invalid("blocks of \(block) do not tile \(shape[1])x\(shape[2])")
    }
    let result = try builder.rearranged(
      image, parts: [shape[0], height, block, width, block, channels], order: [0, 1, 3, 2, 4, 5],
      shape: [shape[0], height, width, channels * block * block], node: node)
    try builder.bind(node, try builder.channelsFirst(result, rank: 4, node: node))
  }

  /// The operand channels last, its shape, and the size of the blocks.
  private static func image(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) -> (ValueID, [Int], Int) {
    let input = try builder.operand(node, 0)
    let block = try node.int("blocksize", default: 0)
    guard builder.shape(input).count == 4, (1...ImportLimits.windowExtent).contains(block) else {
      throw node.invalid("blocks of \(block) of \(builder.shape(input))")
    }
    let image = try builder.channelsLast(input, node: node)
    return (image, builder.shape(image), block)
  }
}

extension ONNXBuilder {
  /// The elements as `parts`, their axes in another order, under a shape.
  fileprivate mutating func rearranged(
    _ id: ValueID, parts: [Int], order: [Int], shape: [Int], node: ONNXNode
  ) throws(GraphError) -> ValueID {
    let split = try reshape(id, parts, node: node, suffix: "/blocks")
    let turned = try emit(
      Transpose(permutation: order), [split], node: node, suffix: "/turned")
    return try reshape(turned, shape, node: node, suffix: "/joined")
  }
}
