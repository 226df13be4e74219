public import ModelGraph
import PlanFormat

/// scale · (x − mean) / √(variance + ε) + bias per channel: operands x, scale, bias, mean, variance.
public struct BatchNormalization: Operation, Equatable {
  /// Name in tables.
  public static let name = "BatchNormalization"
  /// Added to the variance.
  public var epsilon: Float
  /// The channel axis.
  public var axis: Int

  /// Creates a normalisation.
  public init(epsilon: Float, axis: Int) {
    self.epsilon = epsilon
    self.axis = axis
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard input.shape.indices.contains(axis) else {
      throw .invalid(node: "", reason: "channel axis \(axis) does not exist in \(input.shape)")
    }
    for position in 1...4 where try operand(position, of: operands).shape != [input.shape[axis]] {
      throw .invalid(
        node: "", reason: "operand \(position) should hold \(input.shape[axis]) channels")
    }
    return [input]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    _ = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })
    let (scale, bias) = (try floats(1, of: operands), try floats(2, of: operands))
    let (mean, variance) = (try floats(3, of: operands), try floats(4, of: operands))
    let inner = shape[(axis + 1)...].reduce(1, *)
    let values = try floats(0, of: operands).enumerated().map { index, value -> Float in
      let channel = index / inner % shape[axis]
      let normal = (value - mean[channel]) / (variance[channel] + epsilon).squareRoot()
      return scale[channel] * normal + bias[channel]
    }
    return [TensorData(shape: shape, floats: values)]
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let hasStatistics = node.operands.count > 3 && node.operands[3]?.value.constant != nil
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: hasStatistics
        ? "no convolution or dense layer beside it takes it in; place it next to one"
        : "it is in training mode; export the model for inference")
  }

  public var summary: String { "axis \(axis)" }
}
