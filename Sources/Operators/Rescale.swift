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

  /// A look-up between two int8 tensors, else an instruction of its own.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node, nil)
    let result = try QuantizedOperand(resultOf: node, nil)
    let elements = [node.operands[0]?.value.type.element, node.results[0].value.type.element]
    guard elements != [.int8, .int8] else {
      builder.requantize(
        node.name, try input.activation(node), input.quantization,
        to: try result.activation(node), result.quantization)
      return
    }
    guard elements.allSatisfy({ $0 == .int8 || $0 == .int16 }) else {
      throw .unsupported(
        operation: Self.name, node: node.name, reason: "only int8 and int16 are rescaled")
    }
    let parameters = RescaleParameters(
      inputZeroPoint: input.quantization.zeroPoint,
      scale: FixedPointScale(
        nearestTo: Double(input.quantization.scale) / Double(result.quantization.scale)),
      outputZeroPoint: result.quantization.zeroPoint)
    builder.emit(
      Instruction(
        name: node.name, operation: .rescale(parameters), inputs: [try input.activation(node)],
        output: try result.activation(node)))
  }
}
