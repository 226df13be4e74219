import ModelGraph
import Operators

/// `ConvInteger` and `MatMulInteger`: the product of two integer operands less their zero points, as
/// int32. The float reference does them on floats, whose sums are exact below 2^24.
enum ONNXIntegerProduct {
  /// The line of one in the operator table: `convert` is that of the operator on floats.
  static func mapping(
    _ convert: @escaping @Sendable (ONNXNode, inout ONNXBuilder) throws(GraphError) -> Void
  ) -> ONNXMapping {
    ONNXMapping { (node, builder) throws(GraphError) in
      let output = node.outputs.first ?? node.name
      var inner = node
      inner.inputs = []
      for index in 0...1 {
        let name = "\(output)/operand\(index)"
        try builder.bind(name, try centered(node, &builder, index))
        inner.inputs.append(name)
      }
      inner.outputs = [output + "/real"]
      try convert(inner, &builder)
      let product = try builder.operand(inner.reading(inner.outputs), 0)
      try builder.bind(node, try builder.emit(Cast(to: .int32), [product], node: node))
    }
  }

  /// An operand as floats, its zero point subtracted.
  private static func centered(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ index: Int
  ) throws(GraphError) -> ValueID {
    let real = try builder.emit(
      Cast(to: .float32), [try builder.operand(node, index)], node: node,
      suffix: "/real\(index)")
    guard let zeroPoint = try builder.optional(node, index + 2) else { return real }
    guard builder.shape(zeroPoint).allSatisfy({ $0 == 1 }) else {
      throw node.unsupported("a zero point per row or channel is not run; use one per tensor")
    }
    let scalar = try builder.reshape(zeroPoint, [], node: node, suffix: "/zero\(index)")
    let zero = try builder.emit(
      Cast(to: .float32), [scalar], node: node, suffix: "/real-zero\(index)")
    return try builder.emit(
      Binary(.subtract), [real, zero], node: node, suffix: "/centered\(index)")
  }
}

extension ONNXNode {
  /// The same node with other operands.
  fileprivate func reading(_ inputs: [String]) -> ONNXNode {
    var node = self
    node.inputs = inputs
    return node
  }
}
