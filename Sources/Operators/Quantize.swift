public import ModelGraph
import PlanFormat

/// Reals to integers, ONNX's QuantizeLinear: saturate(round(x / scale) + zeroPoint), halves to even.
/// Operands x, scale and, or none, zero point: scalars, one per index along an axis, or one per block.
///
/// In a model that runs on a device it stands before a `Dequantize`, and both become a `FakeQuantize`.
public struct Quantize: Operation, Equatable {
  /// Name in tables.
  public static let name = "Quantize"
  /// Element type of the result; `int32` stands for unsigned 16 bits.
  public var element: ElementType
  /// The integers there are: fewer than the element type's for 4 bits.
  public var levels: ClosedRange<Int>
  /// How the parameters lie over the elements.
  public var layout: GridLayout

  /// Creates the operation.
  public init(element: ElementType, levels: ClosedRange<Int>, layout: GridLayout) {
    self.element = element
    self.levels = levels
    self.layout = layout
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let shape = try operand(0, of: operands).shape
    try layout.check(operands, shape: shape)
    return [ValueType(element, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    let values = try floats(0, of: operands)
    let parameters = try layout.parameters(operands, shape: input.shape)
    let integers = values.indices.map { index -> Int in
      let (scale, zeroPoint) = parameters[index]
      return IntegerGrid(scale: scale, zeroPoint: zeroPoint, levels: levels).level(
        of: values[index])
    }
    return [TensorData(shape: input.shape, elements: .integers(integers, element))]
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "its integers are not turned into reals again by a DequantizeLinear with the same "
        + "constant scale; export the model in QDQ form")
  }

  public var summary: String { IntegerGrid.summary(of: levels) }
}
