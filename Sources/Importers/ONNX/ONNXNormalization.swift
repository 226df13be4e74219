import ModelGraph
import Operators
import PlanFormat

/// Normalisations.
enum ONNXNormalization {
  /// `BatchNormalization` at inference, over axis 1 of the file's layout.
  @Sendable static func batch(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    if builder.opset >= 14, try node.int("training_mode", default: 0) != 0 {
      return try ONNXBatchStatistics.normalization(node, &builder)
    }
    guard node.outputs.dropFirst().allSatisfy(\.isEmpty) else {
      throw node.unsupported("it is in training mode; export the model for inference")
    }
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    guard shape.count >= 2 else { throw node.invalid("its input has shape \(shape)") }
    let epsilon = try node.float("epsilon", default: 1e-5)
    var operands: [ValueID?] = []
    for index in 1...4 {
      let operand = try builder.operand(node, index)
      guard builder.shape(operand) == [shape[1]] else {
        throw node.invalid(
          "operand \(index) has shape \(builder.shape(operand)), not [\(shape[1])]")
      }
      operands.append(operand)
    }
    guard shape.count == 3 || shape.count == 4 else {
      let operation = BatchNormalization(epsilon: epsilon, axis: 1)
      return try builder.bind(
        node, try builder.emit(operation, [input] + operands, node: node))
    }
    let image = try builder.channelsLast(input, node: node)
    let operation = BatchNormalization(epsilon: epsilon, axis: 3)
    let result = try builder.emit(operation, [image] + operands, node: node)
    try builder.bind(
      node, try builder.channelsFirst(result, rank: shape.count, node: node))
  }

  /// `LayerNormalization` over the axes from `axis` on.
  @Sendable static func layer(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let rank = builder.shape(input).count
    let axis = try ONNXLayout.normalized(
      [try node.int("axis", default: -1)], rank: rank, node)[0]
    let operation = Normalize(
      kind: .variance(epsilon: try node.float("epsilon", default: 1e-5)),
      axes: Array(axis..<rank),
      givesStatistics: node.outputs.dropFirst().contains { !$0.isEmpty })
    let operands = [input, try builder.operand(node, 1), try builder.optional(node, 2)]
    let results = try builder.emitAll(operation, operands, node: node)
    for (index, result) in results.enumerated()
    where index < node.outputs.count && !node.outputs[index].isEmpty {
      try builder.bind(node, result, result: index)
    }
  }

  /// `InstanceNormalization`: each channel of each item by itself.
  @Sendable static func instance(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    guard shape.count > 2 else { throw node.invalid("its input has shape \(shape)") }
    let operation = Normalize(
      kind: .variance(epsilon: try node.float("epsilon", default: 1e-5)),
      axes: Array(2..<shape.count))
    let column = [shape[1]] + [Int](repeating: 1, count: shape.count - 2)
    let gain = try affine(node, &builder, 1, column)
    let bias = try affine(node, &builder, 2, column)
    try builder.bind(node, try builder.emit(operation, [input, gain, bias], node: node))
  }

  /// `GroupNormalization`: gain and bias per group before operator set 21, then per channel.
  @Sendable static func group(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    let groups = try node.int("num_groups", default: 0)
    guard shape.count > 2, groups > 0, shape[1] % groups == 0,
      shape.count < ImportLimits.rank
    else { throw node.invalid("\(groups) groups of shape \(shape)") }
    let split = [shape[0], groups, shape[1] / groups] + shape[2...]
    let ones = [Int](repeating: 1, count: shape.count - 2)
    let column = [groups, builder.opset < 21 ? 1 : split[2]] + ones
    let operation = Normalize(
      kind: .variance(epsilon: try node.float("epsilon", default: 1e-5)),
      axes: Array(2..<split.count))
    let grouped = try builder.reshape(input, split, node: node, suffix: "/groups")
    let gain = try affine(node, &builder, 1, column)
    let bias = try affine(node, &builder, 2, column)
    let result = try builder.emit(
      operation, [grouped, gain, bias], node: node, suffix: "/normal")
    try builder.bind(node, try builder.reshape(result, shape, node: node))
  }

  /// A gain or bias under a shape that broadcasts to its tensor's.
  private static func affine(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ index: Int, _ shape: [Int]
  ) throws(GraphError) -> ValueID {
    let id = try builder.operand(node, index)
    guard builder.shape(id) == [shape.reduce(1, *)] else {
      throw node.invalid("operand \(index) has shape \(builder.shape(id))")
    }
    return try builder.reshape(id, shape, node: node, suffix: "/affine\(index)")
  }

  /// `LRN`: x / (bias + alpha · mean of the squares of `size` neighbouring channels)^beta; what lies
  /// beyond the channels counts as 0. The mean is a pool whose rows are channels.
  @Sendable static func localResponse(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    let size = try node.int("size", default: 0)
    guard shape.count > 2, (1...ImportLimits.windowExtent).contains(size) else {
      throw node.invalid("its size is \(size), its input has shape \(shape)")
    }
    let rest = shape[2...].reduce(1, *)
    let square = PointwiseExpression.binary(.multiply, .variable, .variable)
    var mean = try builder.emit(Pointwise(square), [input], node: node, suffix: "/squares")
    mean = try builder.reshape(mean, [shape[0], shape[1], rest], node: node, suffix: "/items")
    mean = try builder.permuted(mean, [1, 0, 2], node: node, suffix: "/channels")
    mean = try builder.reshape(
      mean, [1, shape[1], 1, shape[0] * rest], node: node, suffix: "/rows")
    let above = (size - 1) / 2
    let pool = AveragePool2D(
      window: Window(
        height: size, width: 1, strideHeight: 1, strideWidth: 1, dilationHeight: 1,
        dilationWidth: 1, paddingTop: above, paddingLeft: 0),
      paddingBottom: size - 1 - above, paddingRight: 0, activation: .none, countsPadding: true)
    mean = try builder.emit(pool, [mean], node: node, suffix: "/mean")
    mean = try builder.reshape(mean, [shape[1], shape[0], rest], node: node, suffix: "/means")
    mean = try builder.permuted(mean, [1, 0, 2], node: node, suffix: "/mean-items")
    mean = try builder.reshape(mean, shape, node: node, suffix: "/mean-shape")
    let divisor = PointwiseExpression.binary(
      .power,
      .binary(
        .add, .constant(Double(try node.float("bias", default: 1))),
        .binary(.multiply, .constant(Double(try node.float("alpha", default: 1e-4))), .variable)),
      .constant(Double(try node.float("beta", default: 0.75))))
    let norm = try builder.emit(Pointwise(divisor), [mean], node: node, suffix: "/divisor")
    try builder.bind(node, try builder.emit(Binary(.divide), [input, norm], node: node))
  }

  /// `LpNormalization` along one axis, p 1 or 2.
  @Sendable static func length(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let axes = try ONNXLayout.normalized(
      [try node.int("axis", default: -1)], rank: builder.shape(input).count, node)
    let kind: Normalize.Kind
    switch try node.int("p", default: 2) {
    case 1: kind = .sumOfMagnitudes
    case 2: kind = .length(epsilon: 0)
    default: throw node.invalid("p is neither 1 nor 2")
    }
    try builder.bind(
      node, try builder.emit(Normalize(kind: kind, axes: axes), [input], node: node))
  }

  /// `MeanVarianceNormalization`. Its definition adds 10^-9 to the deviation: the square of that to the
  /// variance differs only where the deviation is as small.
  @Sendable static func meanVariance(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let axes = try ONNXLayout.normalized(
      try node.ints("axes") ?? [0, 2, 3], rank: builder.shape(input).count, node)
    let operation = Normalize(kind: .variance(epsilon: 1e-18), axes: axes)
    try builder.bind(node, try builder.emit(operation, [input], node: node))
  }

  /// `Softmax`, `LogSoftmax` and `Hardmax` over one axis; before operator set 13 over all from `axis`
  /// on.
  static func softmax(_ form: Softmax.Form) -> ONNXMapping {
    ONNXMapping { (node, builder) throws(GraphError) in try softmax(form, node, &builder) }
  }

  private static func softmax(
    _ form: Softmax.Form, _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    let given = try node.int("axis", default: builder.opset >= 13 ? -1 : 1)
    let axis = try ONNXLayout.normalized([given], rank: shape.count, node)[0]
    let operation = Softmax(beta: 1, form: form)
    guard axis != shape.count - 1 else {
      return try builder.bind(node, try builder.emit(operation, [input], node: node))
    }
    guard builder.opset >= 13 else {
      let rows = [shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *)]
      let flat = try builder.reshape(input, rows, node: node, suffix: "/rows")
      let result = try builder.emit(operation, [flat], node: node, suffix: "/softmax")
      return try builder.bind(node, try builder.reshape(result, shape, node: node))
    }
    var order = Array(0..<shape.count)
    order.remove(at: axis)
    order.append(axis)
    var inverse = order
    for (position, source) in order.enumerated() { inverse[source] = position }
    let turned = try builder.emit(
      Transpose(permutation: order), [input], node: node, suffix: "/axis-last")
    let result = try builder.emit(operation, [turned], node: node)
    try builder.bind(
      node,
      try builder.emit(
        Transpose(permutation: inverse), [result], node: node, suffix: "/axis-back"))
  }
}
