public import ModelGraph
import PlanFormat

/// Running sums along an axis.
public struct CumulativeSum: Operation, Equatable {
  /// Name in tables.
  public static let name = "CumulativeSum"
  /// The axis, not negative.
  public var axis: Int
  /// True when an element is not part of its own sum.
  public var isExclusive: Bool
  /// True from the last element on.
  public var isReverse: Bool

  /// Creates running sums.
  public init(axis: Int, isExclusive: Bool, isReverse: Bool) {
    self.axis = axis
    self.isExclusive = isExclusive
    self.isReverse = isReverse
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard input.shape.indices.contains(axis) else {
      throw .invalid(node: "", reason: "axis \(axis) does not exist in \(input.shape)")
    }
    return [input]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    _ = try resultTypes([ValueType(input.type, input.shape)])
    let values = try floats(0, of: operands)
    let (size, inner) = (input.shape[axis], input.shape[(axis + 1)...].reduce(1, *))
    var result = values
    for line in 0..<values.count / max(size, 1) {
      let start = line / inner * size * inner + line % inner
      var sum: Float = 0
      for step in 0..<size {
        let position = start + (isReverse ? size - 1 - step : step) * inner
        let before = sum
        sum += values[position]
        result[position] = isExclusive ? before : sum
      }
    }
    return [TensorData(shape: input.shape, floats: result)]
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  public func ignoring(
    _ permutation: [Int]
  ) -> (operation: any Operation, permutation: [Int])? {
    guard permutation.indices.contains(axis) else { return nil }
    var moved = self
    moved.axis = permutation[axis]
    return (moved, permutation)
  }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "running sums have no integer form; compute them outside of the model")
  }

  public var summary: String { "axis \(axis)" }
}
