public import ModelGraph
import PlanFormat

/// A stand-alone element-wise clamp; canonicalisation fuses it into its producer where it can.
public struct Activate: Operation, Equatable {
  /// The functions known.
  public enum Kind: Sendable, Equatable {
    case relu
    case relu6
    case clip(minimum: Float, maximum: Float)
  }

  /// Name in tables.
  public static let name = "Activate"
  /// The function.
  public var kind: Kind

  /// Creates an activation.
  public init(kind: Kind) { self.kind = kind }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    [try operand(0, of: operands)]
  }

  private func apply(_ value: Float) -> Float {
    switch kind {
    case .relu: Activation.relu.apply(value)
    case .relu6: Activation.relu6.apply(value)
    case .clip(let minimum, let maximum):
      value < minimum ? minimum : value > maximum ? maximum : value
    }
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    return [TensorData(shape: shape, floats: try floats(0, of: operands).map(apply))]
  }

  public var quantizationRule: QuantizationRule { .calibrated }
  public var isElementwise: Bool { true }
  public var isPositivelyHomogeneous: Bool { kind == .relu }

  /// A table of 256 results, each the nearest integer to the real function: exact by construction.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node)
    let result = try QuantizedOperand(resultOf: node)
    let table = (-128...127).map { level -> UInt8 in
      let real = Float(level - Int(input.quantization.zeroPoint)) * input.quantization.scale
      let scaled = (apply(real) / result.quantization.scale).rounded(.toNearestOrAwayFromZero)
      let shifted = scaled + Float(result.quantization.zeroPoint)
      return UInt8(bitPattern: Int8(min(max(shifted, -128), 127)))
    }
    builder.emit(
      Instruction(
        name: node.name, operation: .lookup(LookupParameters(table: builder.constant(table))),
        inputs: [try input.activation(node)], output: try result.activation(node)))
  }

  public var summary: String {
    switch kind {
    case .relu: "relu"
    case .relu6: "relu6"
    case .clip(let minimum, let maximum): "clip \(minimum)…\(maximum)"
    }
  }
}
