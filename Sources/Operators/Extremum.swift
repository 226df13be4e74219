public import ModelGraph
import PlanFormat

/// Position of the largest or smallest element along an axis.
public struct Extremum: Operation, Equatable {
  /// Name in tables.
  public static let name = "Extremum"
  /// The axis, not negative.
  public var axis: Int
  /// True when it stays with size 1.
  public var keepsDimensions: Bool
  /// True for the smallest.
  public var isMinimum: Bool
  /// True for the last of equals.
  public var takesLast: Bool
  /// Type of the position: int32 or int64.
  public var element: ElementType

  /// Creates a search.
  public init(
    axis: Int, keepsDimensions: Bool, isMinimum: Bool, takesLast: Bool, element: ElementType
  ) {
    self.axis = axis
    self.keepsDimensions = keepsDimensions
    self.isMinimum = isMinimum
    self.takesLast = takesLast
    self.element = element
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    var shape = try operand(0, of: operands).shape
    guard shape.indices.contains(axis), shape[axis] > 0 else {
      throw .invalid(node: "", reason: "axis \(axis) does not exist in \(shape)")
    }
    if keepsDimensions { shape[axis] = 1 } else { shape.remove(at: axis) }
    return [ValueType(element, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    let shape = try resultTypes([ValueType(input.type, input.shape)])[0].shape
    let positions: [Int] =
      if let floats = input.floats {
        search(floats, input.shape)
      } else {
        search(input.integers ?? [], input.shape)
      }
    return [
      TensorData(
        shape: shape,
        elements: element == .int32
          ? .int32(positions.map(Int32.init)) : .int64(positions.map(Int64.init)))
    ]
  }

  private func search<Element: Comparable>(_ values: [Element], _ shape: [Int]) -> [Int] {
    let (size, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
    return (0..<values.count / size).map { line in
      let start = line / inner * size * inner + line % inner
      var best = 0
      for position in 1..<max(size, 1) {
        let (value, known) = (values[start + position * inner], values[start + best * inner])
        let isBetter = isMinimum ? value < known : value > known
        if isBetter || (takesLast && value == known) { best = position }
      }
      return best
    }
  }

  public var quantizationRule: QuantizationRule { .index }

  public func ignoring(
    _ permutation: [Int]
  ) -> (operation: any Operation, permutation: [Int])? {
    guard permutation.indices.contains(axis) else { return nil }
    var moved = self
    moved.axis = permutation[axis]
    if keepsDimensions { return (moved, permutation) }
    // What is left of the permutation once the axis is gone.
    let kept = permutation.filter { $0 != moved.axis }
    return (moved, kept.map { $0 > moved.axis ? $0 - 1 : $0 })
  }

  /// The class of a row of scores; positions along other axes stay on the host.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    guard let operand = node.operands.first ?? nil, let input = operand.tensor,
      let output = node.results.first?.tensor, axis == operand.value.type.shape.count - 1,
      !isMinimum, !takesLast
    else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "positions run for the first largest along the last axis; end the model with what "
          + "it compares")
    }
    builder.emit(
      Instruction(name: node.name, operation: .topClass, inputs: [input], output: output))
  }

  public var summary: String { "\(isMinimum ? "minimum" : "maximum") along axis \(axis)" }
}
