import ModelGraph
import Operators

/// Which nodes compute in 16 bits, and as what.
enum SixteenBitForm {
  /// What only moves integers of any width.
  static func moves(_ node: Node) -> Bool {
    switch node.operation {
    case is Reshape, is Transpose: true
    case let pick as Pick: !pick.hasFill
    default: false
    }
  }

  /// A clamp, which 16-bit rescalings have.
  static func isClamp(_ node: Node) -> Bool {
    guard let pointwise = node.operation as? Pointwise, pointwise.table == .nearest else {
      return false
    }
    return pointwise.expression == .relu || pointwise.expression == .relu6
  }

  /// Sums and products that have a 16-bit form.
  static func gathers(_ node: Node) -> Bool {
    if let binary = node.operation as? Binary { return isWide(binary.function) }
    return withConstant(node) != nil
  }

  /// Layers of int8 weights that read and write int16.
  static func isLayer(_ node: Node, in graph: Graph) -> Bool {
    switch node.operation {
    case let convolution as Conv2D where convolution.groups == 1: break
    case is DepthwiseConv2D, is FullyConnected: break
    default: return false
    }
    return node.inputs.dropFirst().allSatisfy { id in
      guard let constant = id.map({ graph[$0].constant }) else { return true }
      return constant?.floats != nil && constant?.grid == nil
    }
  }

  /// True where new integers are computed in 16 bits.
  static func computes(_ node: Node, in graph: Graph) -> Bool {
    gathers(node) || isLayer(node, in: graph)
  }

  /// True where all operands and results may be wide.
  static func exists(of node: Node, in graph: Graph) -> Bool {
    moves(node) || isClamp(node) || node.operation is Concat || computes(node, in: graph)
  }

  private static func isWide(_ function: BinaryFunction) -> Bool {
    switch function {
    case .add, .subtract, .multiply, .maximum, .minimum: true
    default: false
    }
  }

  /// The sum or product with a constant that a function of one tensor is.
  static func withConstant(
    _ node: Node
  ) -> (function: BinaryFunction, constant: Float, isLeft: Bool)? {
    guard let pointwise = node.operation as? Pointwise, !isClamp(node),
      case .binary(let function, let left, let right) = pointwise.expression, isWide(function)
    else { return nil }
    switch (left, right) {
    case (.constant(let number), .variable): return (function, Float(number), true)
    case (.variable, .constant(let number)): return (function, Float(number), false)
    default: return nil
    }
  }
}
