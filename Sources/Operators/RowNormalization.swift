public import ModelGraph

/// Rows along the last axis divided by their norm; rows of norm 0 stay.
public struct RowNormalization: Operation, Equatable {
  /// The norms of ONNX's Normalizer.
  public enum Norm: String, Sendable {
    /// The largest element.
    case maximum = "MAX"
    /// The sum of magnitudes.
    case l1 = "L1"
    /// The root of the sum of squares.
    case l2 = "L2"
  }

  /// Name in tables.
  public static let name = "RowNormalization"
  /// The norm.
  public var norm: Norm

  /// Creates a normalisation.
  public init(norm: Norm) { self.norm = norm }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard input.shape.last ?? 0 > 0 else {
      throw .invalid(node: "", reason: "it has no last axis in \(input.shape)")
    }
    return [input]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    _ = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })
    let input = try floats(0, of: operands)
    let length = shape[shape.count - 1]
    let rows = stride(from: 0, to: input.count, by: length).flatMap { start -> [Float] in
      let row = Array(input[start..<start + length])
      let size: Float =
        switch norm {
        case .maximum: row.max() ?? 0
        case .l1: row.reduce(0) { $0 + abs($1) }
        case .l2: row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
      return size == 0 ? row : row.map { $0 / size }
    }
    return [TensorData(shape: shape, floats: rows)]
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "dividing rows by their norm has no integer form; normalise before the model")
  }

  public var summary: String { norm.rawValue }
}
