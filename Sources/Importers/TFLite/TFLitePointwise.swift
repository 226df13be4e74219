import ModelGraph
import Operators

/// Element-wise operators: functions of one tensor, of two, and choices.
enum TFLitePointwise {
  typealias Conversion = @Sendable (TFLiteNode, inout TFLiteBuilder) throws(GraphError) -> Void

  /// A function of one tensor; of int8 it is what LiteRT's reference kernel makes of it, and nothing
  /// where that has no sensible form.
  static func function(
    _ expression: PointwiseExpression, _ table: Pointwise.Table? = nil
  ) -> Conversion {
    { (node, builder) throws(GraphError) in
      try emit(expression, table, node, &builder)
    }
  }

  /// One that nothing simpler makes up.
  static func basic(
    _ function: UnaryFunction, _ table: Pointwise.Table? = nil
  ) -> Conversion {
    self.function(.of(function), table)
  }

  /// A clamp to [low, high].
  static func clip(_ low: Float, _ high: Float) -> Conversion {
    function(.clip(Double(low), Double(high)), .reference(.clamped(minimum: low, maximum: high)))
  }

  private static func emit(
    _ expression: PointwiseExpression, _ table: Pointwise.Table?, _ node: TFLiteNode,
    _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    var operation = Pointwise(expression)
    let element = builder.graph[input].type.element
    if element == .int8 || element == .int16 {
      guard let table else {
        throw node.unsupported(
          "LiteRT has no \(element.rawValue) form of it to be equal to; keep it in float32")
      }
      operation.table = table
    }
    try builder.emit(node, operation, [input])
  }

  /// LEAKY_RELU. Options: alpha.
  @Sendable static func leakyRelu(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let alpha = try node.options(75)?.float(0) ?? 0
    guard alpha.isFinite else { throw node.invalid("its alpha is \(alpha)") }
    try emit(
      .leakyRelu(Double(alpha)), .reference(.leakyRelu(alpha: alpha)), node, &builder)
  }

  /// GELU. Options: approximate.
  @Sendable static func gelu(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let isApproximate = try node.options(116)?.bool(0) ?? false
    try emit(
      isApproximate ? .geluByTanh : .gelu,
      .reference(.float(isApproximate ? .geluByTanh : .gelu)), node, &builder)
  }

  /// A function of two tensors.
  ///
  /// - Parameter options: number of its options in the schema, whose first field is a fused
  ///   activation; nil where there is none.
  static func binary(_ function: BinaryFunction, options: Int? = nil) -> Conversion {
    { (node, builder) throws(GraphError) in
      let left = try builder.operand(node, 0)
      let right = try builder.operand(node, 1)
      var operation = Binary(function)
      if let options, let table = try node.options(options) {
        operation.activation = try node.activation(try table.uint8(0))
      }
      if !function.isLogical { try builder.retype(node, as: right) }
      try builder.emit(node, operation, [left, right])
    }
  }

  /// SELECT and SELECT_V2; the former's condition may count rows.
  @Sendable static func choice(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    var condition = try builder.operand(node, 0)
    let left = try builder.operand(node, 1)
    let right = try builder.operand(node, 2)
    let (rows, shape) = (
      builder.graph[condition].type.shape, builder.graph[left].type.shape
    )
    if node.operation == "SELECT", rows.count == 1, shape.count > 1 {
      condition = try builder.flattened(
        node, condition, rows + [Int](repeating: 1, count: shape.count - 1))
    }
    try builder.emit(node, Where(), [condition, left, right])
  }

  /// CAST to the type its result states.
  @Sendable static func cast(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    guard node.outputs.count == 1 else { throw node.invalid("it should have one result") }
    let element = try builder.stated(node, 0).element
    try builder.emit(node, Cast(to: element), [input])
  }
}
