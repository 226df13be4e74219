public import ModelGraph
import PlanFormat

/// A function of two tensors, element by element, broadcast by NumPy's rules.
public struct Binary: Operation, Equatable {
  /// Name in tables.
  public static let name = "Binary"
  /// The function.
  public var function: BinaryFunction
  /// Fused clamp.
  public var activation: Activation

  /// Creates an operation.
  public init(_ function: BinaryFunction, activation: Activation = .none) {
    self.function = function
    self.activation = activation
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let left = try operand(0, of: operands)
    let right = try operand(1, of: operands)
    guard let shape = StridedWalk.broadcastShape(left.shape, right.shape) else {
      throw .invalid(node: "", reason: "\(left.shape) and \(right.shape) do not go together")
    }
    // An exponent may be of another type than its base.
    guard left.element == right.element || function == .power else {
      throw .invalid(
        node: "", reason: "its operands are \(left.element.rawValue) and \(right.element.rawValue)")
    }
    return [ValueType(function.isLogical ? .bool : left.element, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let type = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0]
    let left = try broadcastOperand(0, of: operands, to: type.shape)
    let right = try broadcastOperand(1, of: operands, to: type.shape)
    if activation == .none, let a = left.integers, let b = right.integers {
      let values = zip(a, b).map { function.apply($0, $1) }
      return [TensorData(shape: type.shape, type.element, integers: values)]
    }
    var values = zip(left.doubles, right.doubles).map { function.apply($0, $1) }
    if activation != .none {
      values = values.map { Double(activation.apply(Float($0))) }
    }
    return [TensorData(shape: type.shape, type.element, doubles: values)]
  }

  public var quantizationRule: QuantizationRule { .calibrated }
  public var isElementwise: Bool { true }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    guard function == .add else {
      throw .unsupported(
        operation: Self.name, node: node.name, reason: "\(function.rawValue) has no integer form")
    }
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

  public var summary: String { function.rawValue + activation.suffix }
}
