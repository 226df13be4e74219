public import ModelGraph
import PlanFormat

/// A function of one tensor, element by element. Chains of them, and diamonds that start from one
/// tensor, become a single one: one table on a device.
public struct Pointwise: Operation, Equatable {
  /// Which integers the table of a quantised one holds.
  public enum Table: Sendable, Equatable {
    /// The nearest to the real function: exact by construction.
    case nearest
    /// What LiteRT's reference kernel gives, for operators of a model quantised for it.
    case reference(ReferenceTable)
  }

  /// Name in tables.
  public static let name = "Pointwise"
  /// The function.
  public var expression: PointwiseExpression
  /// How it is rounded.
  public var table: Table

  /// Creates an operation.
  public init(_ expression: PointwiseExpression, table: Table = .nearest) {
    self.expression = expression
    self.table = table
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    return [expression.isLogical ? ValueType(.bool, input.shape) : input]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    let element = expression.isLogical ? ElementType.bool : input.type
    return [TensorData(shape: input.shape, element, doubles: expression.evaluate(input.doubles))]
  }

  public var quantizationRule: QuantizationRule { .calibrated }
  public var isElementwise: Bool { true }
  public var isPositivelyHomogeneous: Bool { expression.isPositivelyHomogeneous }

  /// A table of 256 results; of int16, whose tables would be too large, what two slopes and a clamp
  /// can say.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    guard node.isOfBytes else { return try lowerSixteenBit(node, into: &builder) }
    let input = try QuantizedOperand(0, of: node)
    let result = try QuantizedOperand(resultOf: node)
    let entries: [Int8]
    switch table {
    case .nearest: entries = nearest(input.quantization, result.quantization)
    case .reference(let reference):
      guard let known = reference.entries(input.quantization, result.quantization) else {
        throw .unsupported(
          operation: Self.name, node: node.name,
          reason: "its scales are not those its integer form is defined for")
      }
      entries = known
    }
    builder.emit(
      Instruction(
        name: node.name,
        operation: .lookup(
          LookupParameters(table: builder.constant(entries.map { UInt8(bitPattern: $0) }))),
        inputs: [try input.activation(node)], output: try result.activation(node)))
  }

  private func lowerSixteenBit(
    _ node: LoweringNode, into builder: inout PlanBuilder
  ) throws(GraphError) {
    switch (table, expression) {
    case (.reference(.clamped(let minimum, let maximum)), _):
      try builder.rescale(node, bounds: minimum...maximum)
    case (.reference(.leakyRelu(let alpha)), _): try builder.rescale(node, slope: alpha)
    case (.nearest, .relu): try builder.rescale(node, bounds: 0 ... .infinity)
    case (.nearest, .relu6): try builder.rescale(node, bounds: 0...6)
    default:
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "of int16 only clamps and leaky clamps run; quantise its operand and result to int8"
      )
    }
  }

  /// The nearest integers, halves away from zero. Where the function has no value (a logarithm of
  /// less than 0) the entry is that of the nearest level that has one: rounding put it there.
  private func nearest(_ input: Quantization, _ result: Quantization) -> [Int8] {
    let reals = (-128...127).map { Double($0 - Int(input.zeroPoint)) * Double(input.scale) }
    let values = expression.evaluate(reals)
    let defined = values.indices.filter { !values[$0].isNaN }
    return values.indices.map { index in
      let source = defined.min { abs($0 - index) < abs($1 - index) } ?? index
      let level = (values[source] / Double(result.scale)).rounded(.toNearestOrAwayFromZero)
      return level.isNaN
        ? Int8(truncatingIfNeeded: result.zeroPoint)
        : Int8(min(max(level + Double(result.zeroPoint), -128), 127))
    }
  }

  public var summary: String {
    switch expression {
    case .relu: "relu"
    case .relu6: "relu6"
    default: expression.description
    }
  }
}
