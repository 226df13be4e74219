public import ModelGraph
import PlanFormat

/// Elements chosen axis by axis: result[i, j, …] = x[p₀[i], p₁[j], …]. Slices, splits, reversals, tiles,
/// broadcasts, pads of every mode and gathers at known positions are this.
///
/// Operands: x; optionally one element that stands where a position is negative (0 without it).
public struct Pick: Operation, Equatable {
  /// Name in tables.
  public static let name = "Pick"
  /// For each axis the positions taken, in order; negative: outside of x; nil: the axis as it is.
  public var positions: [[Int]?]
  /// True with a second operand.
  public var hasFill: Bool

  /// Creates a choice.
  public init(positions: [[Int]?], hasFill: Bool = false) {
    self.positions = positions
    self.hasFill = hasFill
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard positions.count == input.shape.count else {
      throw .invalid(node: "", reason: "it chooses along \(positions.count) axes of \(input.shape)")
    }
    var shape = input.shape
    for (axis, list) in positions.enumerated() {
      guard let list else { continue }
      guard list.allSatisfy({ $0 < input.shape[axis] }) else {
        throw .invalid(node: "", reason: "it reads beyond axis \(axis) of \(input.shape)")
      }
      shape[axis] = list.count
    }
    if hasFill {
      let fill = try operand(1, of: operands)
      guard fill.shape.reduce(1, *) == 1, fill.element == input.element else {
        throw .invalid(node: "", reason: "what it fills with is not one \(input.element.rawValue)")
      }
    }
    return [ValueType(input.element, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    let shape = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0].shape
    var offsets = shape.contains(0) ? [] : [0]
    for (axis, step) in StridedWalk(over: input.shape).steps.enumerated() {
      let list = positions[axis] ?? Array(0..<input.shape[axis])
      offsets = offsets.flatMap { start in
        list.map { start < 0 || $0 < 0 ? -1 : start + $0 * step }
      }
    }
    guard offsets.contains(where: { $0 < 0 }) else {
      return [input.picking(offsets, shape: shape)]
    }
    let fill = hasFill ? try operand(1, of: operands) : TensorData.zero(input.type)
    guard let source = TensorData.joined([input, fill]) else {
      throw .invalid(node: "", reason: "what it fills with is not \(input.type.rawValue)")
    }
    return [source.picking(offsets.map { $0 < 0 ? input.count : $0 }, shape: shape)]
  }

  public var attributeBytes: Int {
    positions.reduce(0) { $0 + ($1?.count ?? 0) } * MemoryLayout<Int>.stride
  }

  /// A fill may lie outside of the input's range.
  public var quantizationRule: QuantizationRule { hasFill ? .calibrated : .sameAsInput }
  /// As long as channels stay where they are.
  public var isPositivelyHomogeneous: Bool { !hasFill && positions.last == .some(nil) }

  public func ignoring(
    _ permutation: [Int]
  ) -> (operation: any Operation, permutation: [Int])? {
    guard permutation.count == positions.count else { return nil }
    var before = positions
    for (axis, source) in permutation.enumerated() { before[source] = positions[axis] }
    return (Pick(positions: before, hasFill: hasFill), permutation)
  }

  /// One move: a block for each combination of the axes' regular runs.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let element = node.movedElement
    let input = try QuantizedOperand(0, of: node, element)
    let result = try QuantizedOperand(resultOf: node, element)
    let source = StridedWalk(over: input.shape).steps
    let target = StridedWalk(over: result.shape).steps
    var blocks = [
      MoveBlock(
        operand: 0, sourceStart: 0, resultStart: 0, axes: [],
        table: try builder.requantizing(node, input, to: result))
    ]
    for (axis, list) in positions.enumerated() {
      let runs = PositionRun.runs(of: list ?? Array(0..<input.shape[axis]))
      // More than a plan takes is refused below; it need not be built first.
      blocks = blocks.prefix(PlanLimits.moveBlocks + 1).flatMap { block in
        runs.map { run in
          var block = block
          block.sourceStart += run.sourceStart * source[axis]
          block.resultStart += run.resultStart * target[axis]
          block.axes += run.axes.map {
            MoveAxis(
              size: $0.size, sourceStep: $0.sourceStep * source[axis],
              resultStep: $0.resultStep * target[axis])
          }
          return block
        }
      }
    }
    try builder.emitMove(
      node, operation: Self.name, fill: try fill(node, in: result.quantization), blocks: blocks,
      inputs: [try input.activation(node)], output: try result.activation(node))
  }

  /// The fill in the integers of the result.
  private func fill(
    _ node: LoweringNode, in quantization: Quantization
  ) throws(GraphError) -> Int32 {
    guard hasFill else { return quantization.zeroPoint }
    guard node.operands.count > 1, let value = node.operands[1]?.value, let data = value.constant
    else {
      throw .unsupported(
        operation: Self.name, node: node.name, reason: "what it fills with is not constant")
    }
    var real = Double(data.floats?.first ?? 0)
    if let level = data.integers?.first {
      guard let own = value.quantization else { return Int32(clamping: level) }
      real = Double(level - Int(own.zeroPoint)) * Double(own.scale)
    }
    let scaled = (real / Double(quantization.scale)).rounded(.toNearestOrAwayFromZero)
    let limits: (Double, Double) = node.movedElement == .int16 ? (-32768, 32767) : (-128, 127)
    return Int32(min(max(scaled + Double(quantization.zeroPoint), limits.0), limits.1))
  }

  /// `axis 1: 2…9, axis 3: 12 positions`.
  public var summary: String {
    positions.enumerated().compactMap { axis, list in
      guard let list else { return nil }
      let isRange = zip(list, list.dropFirst()).allSatisfy { $1 == $0 + 1 }
      guard let first = list.first, let last = list.last, isRange else {
        return "axis \(axis): \(list.count) positions"
      }
      return "axis \(axis): \(first)…\(last)"
    }.joined(separator: ", ")
  }
}
