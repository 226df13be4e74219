public import ModelGraph

/// Missing features replaced: along the last axis, what is `replaced` becomes the feature's value.
public struct Imputation: Operation, Equatable {
  /// Name in tables.
  public static let name = "Imputation"
  /// One value per feature.
  public var values: [Float]
  /// What stands for missing; mostly NaN.
  public var replaced: Float

  /// Creates an imputation.
  public init(values: [Float], replaced: Float) {
    self.values = values
    self.replaced = replaced
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard input.shape.last == values.count else {
      throw .invalid(node: "", reason: "\(values.count) values do not fit input \(input.shape)")
    }
    return [input]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    _ = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })
    let results = try floats(0, of: operands).enumerated().map { index, x in
      x == replaced || x.isNaN && replaced.isNaN ? values[index % values.count] : x
    }
    return [TensorData(shape: shape, floats: results)]
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  /// Trees take it in; int8 has no value that stands for missing.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "missing values are run in front of trees and for NaN only; fill them in beforehand")
  }

  public var summary: String { "\(values.count) features for \(replaced)" }
}
