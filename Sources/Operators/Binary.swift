public import ModelGraph
import PlanFormat

/// A function of two tensors, element by element, broadcast by NumPy's rules.
public struct Binary: ActivatedOperation, Equatable {
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

  public var canActivate: Bool { !function.isLogical }

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
    let instruction = try BinaryInstruction(self, node, into: &builder)
    builder.emit(
      Instruction(
        name: node.name, operation: instruction.operation, inputs: instruction.inputs,
        output: instruction.output))
  }

  public var summary: String { function.rawValue + activation.suffix }
}
