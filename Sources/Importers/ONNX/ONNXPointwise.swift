import ModelGraph
import Operators

/// Functions of one tensor.
enum ONNXPointwise {
  typealias Conversion = @Sendable (ONNXNode, inout ONNXBuilder) throws(GraphError) -> Void

  /// A function without attributes.
  static func fixed(_ expression: PointwiseExpression) -> Conversion {
    function { (_) throws(GraphError) in expression }
  }

  /// One that nothing simpler makes up.
  static func basic(_ function: UnaryFunction) -> Conversion { fixed(.of(function)) }

  /// A function of its attributes.
  static func function(
    _ expression: @escaping @Sendable (ONNXNode) throws(GraphError) -> PointwiseExpression
  ) -> Conversion {
    { (node, builder) throws(GraphError) in
      let input = try builder.operand(node, 0)
      let operation = Pointwise(try expression(node))
      try builder.bind(node, try builder.emit(operation, [input], node: node))
    }
  }

  /// `LeakyRelu`.
  @Sendable static func leakyRelu(_ node: ONNXNode) throws(GraphError) -> PointwiseExpression {
    .leakyRelu(Double(try node.float("alpha", default: 0.01)))
  }

  /// `Elu`.
  @Sendable static func elu(_ node: ONNXNode) throws(GraphError) -> PointwiseExpression {
    .exponentialUnit(alpha: Double(try node.float("alpha", default: 1)))
  }

  /// `Celu`.
  @Sendable static func celu(_ node: ONNXNode) throws(GraphError) -> PointwiseExpression {
    let alpha = Double(try node.float("alpha", default: 1))
    guard alpha != 0 else { throw node.invalid("its alpha is 0") }
    return .exponentialUnit(alpha: alpha, beta: alpha)
  }

  /// `Selu`; the defaults are the standard's, rounded to float32.
  @Sendable static func selu(_ node: ONNXNode) throws(GraphError) -> PointwiseExpression {
    .exponentialUnit(
      alpha: Double(try node.float("alpha", default: 1.673_263_192_177_261_3)),
      gamma: Double(try node.float("gamma", default: 1.050_700_986_743_591_3)))
  }

  /// `ThresholdedRelu`.
  @Sendable static func thresholdedRelu(
    _ node: ONNXNode
  ) throws(GraphError) -> PointwiseExpression {
    .thresholdedRelu(Double(try node.float("alpha", default: 1)))
  }

  /// `Shrink`.
  @Sendable static func shrink(_ node: ONNXNode) throws(GraphError) -> PointwiseExpression {
    .shrink(
      lambda: Double(try node.float("lambd", default: 0.5)),
      bias: Double(try node.float("bias", default: 0)))
  }

  /// `HardSigmoid`.
  @Sendable static func hardSigmoid(_ node: ONNXNode) throws(GraphError) -> PointwiseExpression {
    .hardSigmoid(
      alpha: Double(try node.float("alpha", default: 0.2)),
      beta: Double(try node.float("beta", default: 0.5)))
  }

  /// `Gelu`, exact or by tanh.
  @Sendable static func gelu(_ node: ONNXNode) throws(GraphError) -> PointwiseExpression {
    switch try node.string("approximate", default: "none") {
    case "none": .gelu
    case "tanh": .geluByTanh
    default: throw node.invalid("its approximation is neither none nor tanh")
    }
  }

  /// `Clip`: the bounds are attributes before operator set 11, operands since; one that is computed
  /// is a maximum or minimum of two tensors.
  @Sendable static func clip(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    var value = try builder.operand(node, 0)
    var bounds: [(BinaryFunction, ValueID)] = []
    for (index, function) in [(1, BinaryFunction.maximum), (2, .minimum)] {
      if let id = try builder.optional(node, index) { bounds.append((function, id)) }
    }
    if bounds.contains(where: { builder.data($0.1) == nil }) {
      for (function, bound) in bounds {
        value = try builder.emit(
          Binary(function), [value, bound], node: node, suffix: "/\(function.rawValue)")
      }
      return try builder.bind(node, value)
    }
    let low = try bound(node, builder, 1, "min", -.infinity)
    let high = try bound(node, builder, 2, "max", .infinity)
    guard !low.isNaN, !high.isNaN else { throw node.invalid("its bounds are [\(low), \(high)]") }
    let expression = PointwiseExpression.clip(low, high)
    if expression == .variable { return try builder.bind(node, value) }
    // [0, ∞) and [0, 6] are the activations that fuse.
    try builder.bind(node, try builder.emit(Pointwise(expression), [value], node: node))
  }

  private static func bound(
    _ node: ONNXNode, _ builder: ONNXBuilder, _ index: Int, _ attribute: String, _ open: Double
  ) throws(GraphError) -> Double {
    guard let id = try builder.optional(node, index), let data = builder.data(id) else {
      guard node.attributes[attribute] != nil else { return open }
      return Double(try node.float(attribute, default: 0))
    }
    guard data.count == 1 else { throw node.invalid("its bounds are not scalars") }
    if let value = data.floats?.first { return Double(value) }
    return Double(data.integers?.first ?? 0)
  }
}
