public import ModelGraph
import PlanFormat

/// Integers to reals, ONNX's DequantizeLinear: (q − zeroPoint) · scale. Operands as ``Quantize``'s.
///
/// Of constants it is computed at import; the result remembers its integers (`TensorData.grid`).
public struct Dequantize: Operation, Equatable {
  /// Name in tables.
  public static let name = "Dequantize"
  /// How the parameters lie over the elements.
  public var layout: GridLayout

  /// Creates the operation.
  public init(layout: GridLayout) { self.layout = layout }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let shape = try operand(0, of: operands).shape
    try layout.check(operands, shape: shape)
    return [ValueType(.float32, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    guard let integers = input.integers else {
      throw .invalid(node: "", reason: "operand 0 holds no integers")
    }
    let parameters = try layout.parameters(operands, shape: input.shape)
    let reals = integers.indices.map { index -> Float in
      let (scale, zeroPoint) = parameters[index]
      return Float(integers[index] &- zeroPoint) * scale
    }
    var result = TensorData(shape: input.shape, floats: reals)
    result.grid = try layout.grid(operands, element: input.type)
    return [result]
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "its integers do not come from a QuantizeLinear with the same constant scale; export "
        + "the model in QDQ form")
  }
}
