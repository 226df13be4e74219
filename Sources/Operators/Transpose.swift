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
    let input = try QuantizedOperand(0, of: node, node.movedElement)
    let result = try QuantizedOperand(resultOf: node, node.movedElement)
    guard input.quantization == result.quantization else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "its result has another scale than its input; it only moves integers")
    }
    guard node.movedElement == .int8 else {
      let walk = StridedWalk(over: input.shape).permuted(permutation)
      let steps = StridedWalk(over: result.shape).steps
      let axes = permutation.indices.map {
        MoveAxis(size: walk.sizes[$0], sourceStep: walk.steps[$0], resultStep: steps[$0])
      }
      return try builder.emitMove(
        node, operation: Self.name, fill: 0,
        blocks: [MoveBlock(operand: 0, sourceStart: 0, resultStart: 0, axes: axes)],
        inputs: [try input.activation(node)], output: try result.activation(node))
    }
    builder.emit(
      Instruction(
        name: node.name, operation: .transpose(TransposeParameters(permutation: permutation)),
        inputs: [try input.activation(node)],
        output: try result.activation(node)))
  }

  public var summary: String { permutation.map(String.init).joined(separator: ",") }
}
