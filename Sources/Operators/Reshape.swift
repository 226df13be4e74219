public import ModelGraph
import PlanFormat

/// The same elements under another shape.
public struct Reshape: Operation, Equatable {
  /// Name in tables.
  public static let name = "Reshape"
  /// The resolved shape.
  public var shape: [Int]

  /// Creates a reshape.
  public init(shape: [Int]) { self.shape = shape }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard input.shape.reduce(1, *) == shape.reduce(1, *) else {
      throw .invalid(node: "", reason: "\(input.shape) cannot become \(shape)")
    }
    return [ValueType(input.element, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    _ = try resultTypes([ValueType(input.type, input.shape)])
    return [input.reshaped(shape)]
  }

  public var quantizationRule: QuantizationRule { .sameAsInput }
  public var isPositivelyHomogeneous: Bool { true }

  /// Nothing to compute: Lowering gives both tensors the same bytes, and asks for a copy only where it
  /// cannot.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node, node.movedElement)
    let result = try QuantizedOperand(resultOf: node, node.movedElement)
    let axis = MoveAxis(size: shape.reduce(1, *), sourceStep: 1, resultStep: 1)
    let block = MoveBlock(
      operand: 0, sourceStart: 0, resultStart: 0, axes: [axis],
      table: try builder.requantizing(node, input, to: result))
    try builder.emitMove(
      node, operation: Self.name, fill: result.quantization.zeroPoint, blocks: [block],
      inputs: [try input.activation(node)], output: try result.activation(node))
  }

  public var summary: String { shape.map(String.init).joined(separator: "×") }
}
