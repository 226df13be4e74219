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

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "a device computes quantised reals only; cast before the model or leave it out")
  }

  public var summary: String { "to \(element.rawValue)" }
}
