public import ModelGraph
import PlanFormat

/// Axes permuted: result axis k is operand axis `permutation[k]`.
public struct Transpose: Operation, Equatable {
  /// Name in tables.
  public static let name = "Transpose"
  /// A permutation of 0 ..< rank.
  public var permutation: [Int]

  /// Creates a transpose.
  public init(permutation: [Int]) { self.permutation = permutation }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard permutation.sorted() == Array(input.shape.indices) else {
      throw .invalid(node: "", reason: "\(permutation) does not permute \(input.shape)")
    }
    return [ValueType(input.element, permutation.map { input.shape[$0] })]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    _ = try resultTypes([ValueType(input.type, input.shape)])
    return [input.permuted(permutation)]
  }

  public var quantizationRule: QuantizationRule { .sameAsInput }
  public var isPositivelyHomogeneous: Bool { true }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let element = node.movedElement
    let input = try QuantizedOperand(0, of: node, element)
    let result = try QuantizedOperand(resultOf: node, element)
    guard input.quantization == result.quantization else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "its result has another scale than its input; it only moves integers")
    }
    guard element == .int8 else { return try move(input, to: result, node, into: &builder) }
    builder.emit(
      Instruction(
        name: node.name, operation: .transpose(TransposeParameters(permutation: permutation)),
        inputs: [try input.activation(node)], output: try result.activation(node)))
  }

  /// Wider integers: one block of a move, its axes in the result's order.
  private func move(
    _ input: QuantizedOperand, to result: QuantizedOperand, _ node: LoweringNode,
    into builder: inout PlanBuilder
  ) throws(GraphError) {
    let source = StridedWalk(over: input.shape).permuted(permutation)
    let target = StridedWalk(over: result.shape)
    let axes = result.shape.indices.map {
      MoveAxis(
        size: result.shape[$0], sourceStep: source.steps[$0], resultStep: target.steps[$0])
    }
    try builder.emitMove(
      node, operation: Self.name, fill: result.quantization.zeroPoint,
      blocks: [MoveBlock(operand: 0, sourceStart: 0, resultStart: 0, axes: axes, table: nil)],
      inputs: [try input.activation(node)], output: try result.activation(node))
  }

  public var summary: String { permutation.map(String.init).joined(separator: ",") }
}
