public import ModelGraph
import PlanFormat

/// A list with updates combined into it: operands x [n] and updates [m], update k at
/// `positions[k]`. Updates that replace are a ``Pick``.
public struct Scatter: Operation, Equatable {
  /// Name in tables.
  public static let name = "Scatter"

  /// How an element and an update combine.
  public enum Reduction: String, Sendable {
    case add
    case multiply = "mul"
    case minimum = "min"
    case maximum = "max"
  }

  /// How they combine.
  public var reduction: Reduction
  /// Where each update goes.
  public var positions: [Int]

  /// Creates a scatter.
  public init(reduction: Reduction, positions: [Int]) {
    self.reduction = reduction
    self.positions = positions
  }

  public var attributeBytes: Int { positions.count * MemoryLayout<Int>.stride }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    let updates = try operand(1, of: operands)
    guard input.shape.count == 1, updates == ValueType(input.element, [positions.count]),
      positions.allSatisfy((0..<input.shape[0]).contains)
    else {
      throw .invalid(
        node: "", reason: "updates \(updates.shape) at \(positions.count) places of \(input.shape)")
    }
    return [input]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    _ = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })
    var values = try floats(0, of: operands)
    for (position, update) in zip(positions, try floats(1, of: operands)) {
      switch reduction {
      case .add: values[position] += update
      case .multiply: values[position] *= update
      case .minimum: values[position] = min(values[position], update)
      case .maximum: values[position] = max(values[position], update)
      }
    }
    return [TensorData(shape: shape, floats: values)]
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "updates that combine with what was there have no integer form")
  }

  public var summary: String { "\(reduction.rawValue) at \(positions.count) places" }
}
