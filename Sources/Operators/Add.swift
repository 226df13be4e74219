public import ModelGraph
import PlanFormat

/// Element-wise sum of two tensors, broadcast by NumPy's rules.
public struct Add: Operation, Equatable {
  /// Name in tables.
  public static let name = "Add"
  /// Fused clamp.
  public var activation: Activation

  /// Creates a sum.
  public init(activation: Activation) { self.activation = activation }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let left = try operand(0, of: operands)
    let right = try operand(1, of: operands)
    guard let shape = StridedWalk.broadcastShape(left.shape, right.shape) else {
      throw .invalid(node: "", reason: "\(left.shape) and \(right.shape) do not go together")
    }
    return [ValueType(left.element, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0].shape
    let left = try broadcastFloats(0, of: operands, to: shape)
    let right = try broadcastFloats(1, of: operands, to: shape)
    let sums = zip(left, right).map { activation.apply($0 + $1) }
    return [TensorData(shape: shape, floats: sums)]
  }

  public var quantizationRule: QuantizationRule { .calibrated }
  public var isElementwise: Bool { true }

  /// TFLite's ADD: both operands gain 20 bits, are scaled to twice the larger scale, and summed.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let left = try QuantizedOperand(0, of: node)
    let right = try QuantizedOperand(1, of: node)
    let result = try QuantizedOperand(resultOf: node)
    guard left.shape == right.shape else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "it broadcasts \(left.shape) and \(right.shape); expand the smaller before export")
    }
    let leftShift: Int32 = 20
    let twice = 2 * Double(max(left.quantization.scale, right.quantization.scale))
    let (minimum, maximum) = activation.bounds(in: result.quantization)
    let parameters = AdditionParameters(
      leftShift: leftShift, leftZeroPoint: left.quantization.zeroPoint,
      rightZeroPoint: right.quantization.zeroPoint,
      left: FixedPointScale(nearestTo: Double(left.quantization.scale) / twice),
      right: FixedPointScale(nearestTo: Double(right.quantization.scale) / twice),
      output: FixedPointScale(
        nearestTo: twice / (Double(1 << leftShift) * Double(result.quantization.scale))),
      outputZeroPoint: result.quantization.zeroPoint, minimum: minimum, maximum: maximum)
    builder.emit(
      Instruction(
        name: node.name, operation: .addition(parameters),
        inputs: [try left.activation(node), try right.activation(node)],
        output: try result.activation(node)))
  }

  public var summary: String { activation == .none ? "" : activation.rawValue }
}
