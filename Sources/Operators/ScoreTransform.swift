public import ModelGraph
public import PlanFormat

/// The link of a classifier: what turns scores along the last axis into probabilities.
public struct ScoreTransform: RowOperation, Equatable {
  /// Name in tables.
  public static let name = "ScoreTransform"
  /// The function.
  public var link: ScoreLink

  /// Creates a transform.
  public init(link: ScoreLink) { self.link = link }

  public func row(_ row: [Float]) -> [Float] { link.apply(row) }

  public var quantizationRule: QuantizationRule { .fixed(scale: 1 / 256, zeroPoint: -128) }
  public var isElementwise: Bool { link == .none || link == .logistic }

  /// A logistic link behind int8 scores is a table; behind trees it is the output port's encoding.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node)
    let result = try QuantizedOperand(resultOf: node)
    guard link == .logistic, node.operands[0]?.value.type.element == .int8 else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "the link \(link.rawValue) runs at an output of the model only; export raw scores")
    }
    let table = (-128...127).map { level -> UInt8 in
      let real = Float(level - Int(input.quantization.zeroPoint)) * input.quantization.scale
      let scaled = (link.apply([real])[0] / result.quantization.scale)
        .rounded(.toNearestOrAwayFromZero)
      let shifted = scaled + Float(result.quantization.zeroPoint)
      return UInt8(bitPattern: Int8(min(max(shifted, -128), 127)))
    }
    builder.emit(
      Instruction(
        name: node.name, operation: .lookup(LookupParameters(table: builder.constant(table))),
        inputs: [try input.activation(node)], output: try result.activation(node)))
  }

  public var summary: String { link.rawValue }
}
