public import ModelGraph
import PlanFormat

/// Mean over some axes.
public struct Mean: Operation, Equatable {
  /// Name in tables.
  public static let name = "Mean"
  /// Axes averaged over, ascending and not negative.
  public var axes: [Int]
  /// True when they stay with size 1.
  public var keepsDimensions: Bool

  /// Creates a mean.
  public init(axes: [Int], keepsDimensions: Bool) {
    self.axes = axes.sorted()
    self.keepsDimensions = keepsDimensions
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard axes.allSatisfy(input.shape.indices.contains), Set(axes).count == axes.count else {
      throw .invalid(node: "", reason: "axes \(axes) do not exist in \(input.shape)")
    }
    let shape = input.shape.indices.compactMap { axis -> Int? in
      axes.contains(axis) ? (keepsDimensions ? 1 : nil) : input.shape[axis]
    }
    return [ValueType(input.element, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    let type = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0]
    let input = try floats(0, of: operands)
    let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
    let steps = StridedWalk(over: shape).steps
    let keptSteps = StridedWalk(over: kept).steps
    var sums = [Float](repeating: 0, count: kept.reduce(1, *))
    for (index, value) in input.enumerated() {
      var target = 0
      for axis in shape.indices where !axes.contains(axis) {
        target += index / steps[axis] % shape[axis] * keptSteps[axis]
      }
      sums[target] += value
    }
    let count = Float(axes.map { shape[$0] }.reduce(1, *))
    return [TensorData(shape: type.shape, floats: sums.map { $0 / count })]
  }

  public var quantizationRule: QuantizationRule { .calibrated }
  public var isPositivelyHomogeneous: Bool { true }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node)
    let result = try QuantizedOperand(resultOf: node)
    guard input.shape.count == 4, axes == [1, 2] else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "it averages axes \(axes) of \(input.shape); only height and width run on a device")
    }
    let (minimum, maximum) = Activation.none.bounds(in: result.quantization)
    let parameters = SpatialMeanParameters(
      inputZeroPoint: input.quantization.zeroPoint,
      scale: FixedPointScale(
        nearestTo: Double(input.quantization.scale) / Double(result.quantization.scale)
      ).divided(by: input.shape[1] * input.shape[2]),
      outputZeroPoint: result.quantization.zeroPoint, minimum: minimum, maximum: maximum)
    builder.emit(
      Instruction(
        name: node.name, operation: .spatialMean(parameters), inputs: [try input.activation(node)],
        output: try result.activation(node)))
  }

  public var summary: String { "axes \(axes.map(String.init).joined(separator: ","))" }
}
