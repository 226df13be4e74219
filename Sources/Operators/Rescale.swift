public import ModelGraph
import PlanFormat

/// The same reals: a node that lets its result be held in another width or with other parameters than
/// its operand.
public struct Rescale: Operation, Equatable {
  /// Name in tables.
  public static let name = "Rescale"

  /// Creates the operation.
  public init() {}

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    [try operand(0, of: operands)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    [try operand(0, of: operands)]
  }

  public var quantizationRule: QuantizationRule { .calibrated }
  public var isPositivelyHomogeneous: Bool { true }
  public var isElementwise: Bool { true }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    try builder.requantize(node)
  }
}
