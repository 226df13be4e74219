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
    var dataType = try node.int("output_dtype", default: 0)
    if zeroPoint != nil { dataType = builder.narrowTypes[node.inputs[2]] ?? 0 }
    if let format = ONNXTensor.narrowFloat(dataType) {
      let saturates = try node.int("saturate", default: 1) != 0
      let scaled = try scaled(.divide, node, &builder, suffix: "/scaled")
      let rounding = RoundToFormat(format: format, saturates: saturates)
      return try builder.bind(node, try builder.emit(rounding, [scaled], node: node))
    }
    let element =
      zeroPoint.map { builder.graph[$0].type.element } ?? ONNXTensor.elementType(dataType) ?? .uint8
    guard let levels = ONNXNarrowTypes.levels(of: dataType) ?? IntegerGrid.levels(of: element)
    else {
      throw node.unsupported(
        "it quantises to \(element.rawValue); integers of 4, 8 and 16 bits and 8-bit floats are run"
      )
    }
    let operation = Quantize(
      element: element, levels: levels,
      layout: try layout(node, builder, input: input, scale: scale))
    try builder.bind(
      node, try builder.emit(operation, [input, scale, zeroPoint], node: node))
  }

  /// `DequantizeLinear`.
  @Sendable static func dequantize(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    guard builder.graph[input].type.element != .float32 else {
      return try builder.bind(node, try scaled(.multiply, node, &builder))
    }
    let scale = try builder.operand(node, 1)
    let operation = Dequantize(layout: try layout(node, builder, input: input, scale: scale))
    try builder.bind(
      node,
      try builder.emit(operation, [input, scale, try builder.optional(node, 2)], node: node))
  }

  /// A tensor times or over its scales, for 8-bit floats, whose zero point is 0.
  private static func scaled(
    _ function: BinaryFunction, _ node: ONNXNode, _ builder: inout ONNXBuilder,
    suffix: String = ""
  ) throws(GraphError) -> ValueID {
    let input = try builder.operand(node, 0)
    var scale = try builder.operand(node, 1)
    if let zeroPoint = try builder.optional(node, 2),
      builder.data(zeroPoint)?.floats?.allSatisfy({ $0 == 0 }) != true
    {
      throw node.unsupported("the zero point of 8-bit floats must be the constant 0")
    }
    let layout = try layout(node, builder, input: input, scale: scale)
    var shape = builder.shape(input).map { _ in 1 }
    let count = builder.shape(scale).reduce(1, *)
    if count > 1 { shape[layout.axis] = count }
    guard layout.block == 0, builder.shape(scale).count <= 1 else {
      throw node.unsupported("8-bit floats with scales per block are not run")
    }
    scale = try builder.reshape(scale, shape, node: node, suffix: "/scales")
    return try builder.emit(Binary(function), [input, scale], node: node, suffix: suffix)
  }

  /// `DynamicQuantizeLinear`: the range of the elements and 0 in 255 steps, all of which depend on the
  /// input. Zeros alone get the scale 1, as in onnxruntime.
  @Sendable static func dynamic(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let zero = builder.constant(node.name + "/zero", TensorData(shape: [], floats: [0]))
    let axes = Array(builder.shape(input).indices)
    var ends: [ValueID] = []
    for (kind, function) in [(Reduce.Kind.maximum, BinaryFunction.maximum), (.minimum, .minimum)] {
      let end = try builder.emit(
        Reduce(kind: kind, axes: axes, keepsDimensions: false), [input], node: node,
        suffix: "/\(kind.rawValue)")
      ends.append(
        try builder.emit(
          Binary(function), [end, zero], node: node, suffix: "/\(kind.rawValue)-and-zero"))
    }
    let range = try builder.emit(Binary(.subtract), ends, node: node, suffix: "/range")
    let step = PointwiseExpression.select(
      .variable, .binary(.divide, .variable, .constant(255)), .constant(1))
    let scale = try builder.emit(Pointwise(step), [range], node: node, result: 1)
    let lowest = try builder.emit(
      Binary(.divide), [ends[1], scale], node: node, suffix: "/lowest")
    let level = PointwiseExpression.unary(
      .round, PointwiseExpression.clip(0, 255).after(.unary(.negate, .variable)))
    let real = try builder.emit(Pointwise(level), [lowest], node: node, suffix: "/real-zero")
    let zeroPoint = try builder.emit(Cast(to: .uint8), [real], node: node, result: 2)
    let operation = Quantize(element: .uint8, levels: 0...255, layout: GridLayout(axis: 0))
    let results = [
      try builder.emit(operation, [input, scale, zeroPoint], node: node), scale, zeroPoint,
    ]
    for (index, id) in results.enumerated()
    where index < node.outputs.count && !node.outputs[index].isEmpty {
      try builder.bind(node, id, result: index)
    }
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
