public import ModelGraph

/// Rows along the last axis divided by their norm; rows of norm 0 stay.
public struct RowNormalization: RowOperation, Equatable {
  /// The norms of ONNX's Normalizer.
  public enum Norm: String, CaseIterable, Sendable {
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

  public func row(_ row: [Float]) -> [Float] {
    let size: Float =
      switch norm {
      case .maximum: row.max() ?? 0
      case .l1: row.reduce(0) { $0 + abs($1) }
      case .l2: row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      }
    return size == 0 ? row : row.map { $0 / size }
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "dividing rows by their norm has no integer form; normalise before the model")
  }

  public var summary: String { norm.rawValue }
}
