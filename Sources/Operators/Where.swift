public import ModelGraph
import PlanFormat

/// Elements of the second operand where the first is true, of the third elsewhere; all three are
/// broadcast by NumPy's rules.
public struct Where: Operation, Equatable {
  /// Name in tables.
  public static let name = "Where"

  /// Creates a choice.
  public init() {}

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let condition = try operand(0, of: operands)
    let (left, right) = (try operand(1, of: operands), try operand(2, of: operands))
    guard let both = StridedWalk.broadcastShape(left.shape, right.shape),
      let shape = StridedWalk.broadcastShape(condition.shape, both)
    else {
      throw .invalid(
        node: "",
        reason: "\(condition.shape), \(left.shape) and \(right.shape) do not go together")
    }
    guard condition.element == .bool, left.element == right.element else {
      throw .invalid(
        node: "",
        reason: "it chooses by \(condition.element.rawValue) between \(left.element.rawValue) and "
          + "\(right.element.rawValue); it should be bool, between two of one type")
    }
    return [ValueType(left.element, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let type = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0]
    let condition = try broadcastOperand(0, of: operands, to: type.shape).integers ?? []
    let left = try broadcastOperand(1, of: operands, to: type.shape)
    let right = try broadcastOperand(2, of: operands, to: type.shape)
    if let a = left.integers, let b = right.integers {
      let values = condition.indices.map { condition[$0] != 0 ? a[$0] : b[$0] }
      return [TensorData(shape: type.shape, type.element, integers: values)]
    }
    let (a, b) = (left.doubles, right.doubles)
    let values = condition.indices.map { condition[$0] != 0 ? a[$0] : b[$0] }
    return [TensorData(shape: type.shape, type.element, doubles: values)]
  }

  public var quantizationRule: QuantizationRule { .calibrated }
  public var isElementwise: Bool { true }

  /// Lowering writes choices between int8 tensors as products; what it leaves has no integer form.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "it chooses between tensors that are not int8, or by a condition that is not 0 and 1")
  }
}
