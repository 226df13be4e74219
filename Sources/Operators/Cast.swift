public import ModelGraph
import PlanFormat

/// The same numbers in another element type: floats to integers towards zero, integers to narrower
/// ones by their low bits, anything but 0 to true.
public struct Cast: Operation, Equatable {
  /// Name in tables.
  public static let name = "Cast"
  /// The result's type.
  public var element: ElementType

  /// Creates a cast.
  public init(to element: ElementType) { self.element = element }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    [ValueType(element, try operand(0, of: operands).shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    guard let integers = input.integers else {
      return [TensorData(shape: input.shape, element, doubles: input.doubles)]
    }
    return [TensorData(shape: input.shape, element, integers: integers)]
  }

  public var quantizationRule: QuantizationRule { .calibrated }
  public var isElementwise: Bool { true }

  /// A table: to float32 the same numbers, to bool 0 and 1. Integers that a number is cut to would have
  /// to fit int8, which calibration does not show.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    guard element == .float32 || element == .bool else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "it makes \(element.rawValue) of numbers; a device casts to float32 and bool")
    }
    let expression: PointwiseExpression =
      element == .bool ? .select(.variable, .constant(1), .constant(0)) : .variable
    try Pointwise(expression).lower(node, into: &builder)
  }

  public var summary: String { "to \(element.rawValue)" }
}
