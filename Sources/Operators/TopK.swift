public import ModelGraph
import PlanFormat

/// The largest or smallest elements along an axis in order, equals by position; results: their values
/// and their positions.
public struct TopK: Operation, Equatable {
  /// Name in tables.
  public static let name = "TopK"
  /// How many.
  public var count: Int
  /// The axis, not negative.
  public var axis: Int
  /// False for the smallest.
  public var isLargest: Bool
  /// Type of the positions: int32 or int64.
  public var element: ElementType

  /// Creates a selection.
  public init(count: Int, axis: Int, isLargest: Bool, element: ElementType) {
    self.count = count
    self.axis = axis
    self.isLargest = isLargest
    self.element = element
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard input.shape.indices.contains(axis), (1...max(input.shape[axis], 1)).contains(count) else {
      throw .invalid(node: "", reason: "\(count) elements along axis \(axis) of \(input.shape)")
    }
    var shape = input.shape
    shape[axis] = count
    return [ValueType(input.element, shape), ValueType(element, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    let shape = try resultTypes([ValueType(input.type, input.shape)])[0].shape
    let positions: [Int] =
      if let floats = input.floats {
        sorted(floats, input.shape)
      } else {
        sorted(input.integers ?? [], input.shape)
      }
    // Sorted line by line; memory has the axis among the others.
    let inner = shape[(axis + 1)...].reduce(1, *)
    let size = input.shape[axis]
    let order = (0..<positions.count).map { index -> (source: Int, position: Int) in
      let (outer, rest) = (index / (count * inner), index % (count * inner))
      let position = positions[(outer * inner + rest % inner) * count + rest / inner]
      return ((outer * size + position) * inner + rest % inner, position)
    }
    return [
      input.picking(order.map(\.source), shape: shape),
      TensorData(
        shape: shape,
        elements: element == .int32
          ? .int32(order.map { Int32($0.position) }) : .int64(order.map { Int64($0.position) })),
    ]
  }

  private func sorted<Element: Comparable>(_ values: [Element], _ shape: [Int]) -> [Int] {
    let (size, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
    return (0..<values.count / size).flatMap { line -> ArraySlice<Int> in
      let start = line / inner * size * inner + line % inner
      return (0..<size).sorted { left, right in
        let (a, b) = (values[start + left * inner], values[start + right * inner])
        return a == b ? left < right : isLargest ? a > b : a < b
      }.prefix(count)
    }
  }

  public var quantizationRule: QuantizationRule { .sameAsInput }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "its result holds positions, and results on a device are int8; end the model with "
        + "what it sorts")
  }

  public var summary: String { "\(count) \(isLargest ? "largest" : "smallest") along axis \(axis)" }
}
