public import ModelGraph

/// Floats rounded to a narrower floating-point format: what casting to that format loses.
public struct RoundToFormat: Operation, Equatable {
  /// Name in tables.
  public static let name = "RoundToFormat"
  /// The format.
  public var format: NarrowFloat
  /// Numbers beyond the format become its largest, rather than infinity or NaN.
  public var saturates: Bool

  /// Creates a rounding.
  public init(format: NarrowFloat, saturates: Bool) {
    self.format = format
    self.saturates = saturates
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let type = try operand(0, of: operands)
    guard type.element == .float32 else {
      throw GraphError.invalid(node: "", reason: "\(name) takes floats, not \(type.element)")
    }
    return [type]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    guard let floats = input.floats else {
      throw GraphError.invalid(node: "", reason: "\(name) takes floats")
    }
    let rounded = floats.map { format.rounded($0, saturating: saturates) }
    return [TensorData(shape: input.shape, floats: rounded)]
  }

  public var quantizationRule: QuantizationRule { .sameAsInput }
  public var isElementwise: Bool { true }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "a device computes quantised reals; leave casts to narrow floats out of the model")
  }

  public var summary: String { "to \(format.bitWidth) bits" }
}
