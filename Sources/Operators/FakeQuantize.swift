public import ModelGraph

/// Every element brought to the nearest real of a grid: a quantised model's statement of the integers
/// a value is to be held in.
///
/// In the float reference it rounds, as the model was written. On a device the value before it takes
/// the grid's parameters and nothing is left of it, except between two different grids.
public struct FakeQuantize: Operation, Equatable {
  /// Name in tables.
  public static let name = "FakeQuantize"
  /// The grid.
  public var grid: IntegerGrid
  /// Element type of the result: float32 where the model goes on in floats.
  public var element: ElementType

  /// Creates the operation.
  public init(grid: IntegerGrid, element: ElementType = .float32) {
    self.grid = grid
    self.element = element
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    [ValueType(element, try operand(0, of: operands).shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    let rounded = try floats(0, of: operands).map { grid.real(of: grid.level(of: $0)) }
    return [TensorData(shape: shape, floats: rounded)]
  }

  public var quantizationRule: QuantizationRule {
    guard let parameters = grid.activation?.quantization else { return .calibrated }
    return .fixed(scale: parameters.scale, zeroPoint: parameters.zeroPoint)
  }
  public var isElementwise: Bool { true }

  /// TFLite's QUANTIZE between integers.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    try builder.requantize(node)
  }

  public var summary: String { grid.summary }
}
