public import ModelGraph
import PlanFormat

/// Slices of x along an axis at computed positions: operands x [a…, n, b…] and integer positions
/// [i…] in −n…n − 1; the result is [a…, i…, b…]. At known positions it is a ``Pick``.
public struct Gather: Operation, Equatable {
  /// Name in tables.
  public static let name = "Gather"
  /// The axis, not negative.
  public var axis: Int

  /// Creates a gather.
  public init(axis: Int) { self.axis = axis }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    let positions = try operand(1, of: operands)
    guard input.shape.indices.contains(axis) else {
      throw .invalid(node: "", reason: "axis \(axis) does not exist in \(input.shape)")
    }
    guard positions.element == .int64 || positions.element == .int32 else {
      throw .invalid(node: "", reason: "its positions are \(positions.element.rawValue)")
    }
    return [
      ValueType(
        input.element, input.shape[..<axis] + positions.shape + input.shape[(axis + 1)...])
    ]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    let shape = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0].shape
    let size = input.shape[axis]
    var positions: [Int] = []
    for position in try operand(1, of: operands).integers ?? [] {
      guard position >= -size, position < size else {
        throw .invalid(node: "", reason: "position \(position) along an axis of \(size)")
      }
      positions.append(position < 0 ? position + size : position)
    }
    var choice = [[Int]?](repeating: nil, count: input.shape.count)
    choice[axis] = positions
    return [try Pick(positions: choice).evaluate([input])[0].reshaped(shape)]
  }

  public var quantizationRule: QuantizationRule { .sameAsInput }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    throw .unsupported(
      operation: Self.name, node: node.name,
      reason: "its positions are computed; on a device only positions known at export are run")
  }

  public var summary: String { "axis \(axis)" }
}
