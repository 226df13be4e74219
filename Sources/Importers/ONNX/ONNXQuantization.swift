import ModelGraph
import Operators

/// Quantisation as ONNX writes it into a graph of floats.
enum ONNXQuantization {
  /// `QuantizeLinear`.
  @Sendable static func quantize(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let scale = try builder.operand(node, 1)
    let zeroPoint = try builder.optional(node, 2)
    let stated = ONNXTensor.elementType(try node.int("output_dtype", default: 0))
    let element = zeroPoint.map { builder.graph[$0].type.element } ?? stated ?? .uint8
    guard IntegerGrid.levels(of: element) != nil else {
      throw node.unsupported("it quantises to \(element.rawValue); 8 and 16 bits are run")
    }
    let operation = Quantize(
      element: element, layout: try layout(node, builder, input: input, scale: scale))
    try builder.bind(
      node, try builder.emit(operation, [input, scale, zeroPoint], node: node))
  }

  /// `DequantizeLinear`.
  @Sendable static func dequantize(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let scale = try builder.operand(node, 1)
    let operation = Dequantize(layout: try layout(node, builder, input: input, scale: scale))
    try builder.bind(
      node,
      try builder.emit(operation, [input, scale, try builder.optional(node, 2)], node: node))
  }

  /// True for integers that stand for reals: the result of a quantisation, moved or not. What reads
  /// them will read reals, once canonicalisation has put the quantisation behind it.
  static func isQuantized(_ id: ValueID, _ graph: Graph) -> Bool {
    var id = id
    for node in graph.nodes.reversed() where node.outputs.contains(id) {
      if node.operation is Quantize { return true }
      guard node.operation.quantizationRule == .sameAsInput, let input = node.inputs.first ?? nil
      else { return false }
      id = input
    }
    return false
  }

  /// A list of scales lies along `axis`, 1 where it is not given; scalars need none.
  private static func layout(
    _ node: ONNXNode, _ builder: ONNXBuilder, input: ValueID, scale: ValueID
  ) throws(GraphError) -> GridLayout {
    if let scales = builder.data(scale)?.floats {
      guard scales.allSatisfy({ $0.isFinite && $0 > 0 }) else {
        throw node.invalid("a scale is not a positive number")
      }
    }
    guard builder.shape(scale).reduce(1, *) != 1 else { return GridLayout(axis: 0) }
    let axis = try ONNXLayout.normalized(
      [try node.int("axis", default: 1)], rank: builder.shape(input).count, node)[0]
    let block = try node.int("block_size", default: 0)
    guard (0...ImportLimits.elements).contains(block) else {
      throw node.invalid("its block_size is \(block)")
    }
    return GridLayout(axis: axis, block: block)
  }
}
