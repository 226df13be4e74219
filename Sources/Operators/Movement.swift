import ModelGraph
import PlanFormat

/// Positions along one axis as few regular runs.
struct PositionRun: Equatable {
  /// Where in the result it begins.
  var resultStart: Int
  /// Where in the operand it begins.
  var sourceStart: Int
  /// One level, or two where a run repeats at regular distances (enlarged, tiled): outer first.
  var axes: [MoveAxis]

  /// The runs of a list, in order; negative positions belong to none.
  static func runs(of positions: [Int]) -> [PositionRun] {
    var runs: [PositionRun] = []
    var start = 0
    while start < positions.count {
      guard positions[start] >= 0 else {
        start += 1
        continue
      }
      let run = longest(from: start, in: positions)
      runs.append(run)
      start += run.axes.reduce(1) { $0 * $1.size }
    }
    return runs
  }

  private static func longest(from start: Int, in positions: [Int]) -> PositionRun {
    var length = 1
    var step = 0
    if start + 1 < positions.count, positions[start + 1] >= 0 {
      step = positions[start + 1] - positions[start]
      while start + length < positions.count, positions[start + length] >= 0,
        positions[start + length] == positions[start] + length * step
      { length += 1 }
    }
    var repeats = 1
    var distance = 0
    if start + length < positions.count {
      distance = positions[start + length] - positions[start]
      while (0..<length).allSatisfy({ offset in
        let index = start + repeats * length + offset
        return index < positions.count && positions[index] >= 0
          && positions[index] == positions[start] + repeats * distance + offset * step
      }) { repeats += 1 }
    }
    let inner = MoveAxis(size: length, sourceStep: step, resultStep: 1)
    let outer = MoveAxis(size: repeats, sourceStep: distance, resultStep: length)
    return PositionRun(
      resultStart: start, sourceStart: positions[start],
      axes: repeats == 1 ? [inner] : [outer, inner])
  }
}

extension MoveBlock {
  /// The same block with as few axes as it can have.
  var compact: MoveBlock {
    var merged: [MoveAxis] = []
    for axis in axes where axis.size > 1 {
      if let outer = merged.last, outer.sourceStep == axis.size * axis.sourceStep,
        outer.resultStep == axis.size * axis.resultStep
      {
        merged[merged.count - 1] = MoveAxis(
          size: outer.size * axis.size, sourceStep: axis.sourceStep, resultStep: axis.resultStep)
      } else {
        merged.append(axis)
      }
    }
    var block = self
    block.axes = merged
    return block
  }
}

extension LoweringNode {
  /// What it moves: int8, or int16 where that is what it computes.
  var movedElement: ElementType { results.first?.value.type.element == .int16 ? .int16 : .int8 }
}

extension PlanBuilder {
  /// The table that gives an operand the scale and zero point of a result; nil when they are the same.
  mutating func requantizing(
    _ node: LoweringNode, _ source: QuantizedOperand, to result: QuantizedOperand
  ) throws(GraphError) -> ConstantReference? {
    guard source.quantization != result.quantization else { return nil }
    guard node.movedElement == .int8 else {
      throw .unsupported(
        operation: "move", node: node.name,
        reason: "its result has another scale than its operand; int16 is only moved")
    }
    let table = Quantization.rescaling(from: source.quantization, to: result.quantization)
    return constant(table.map { UInt8(bitPattern: $0) })
  }

  /// Emits a move, or says why there is none.
  mutating func emitMove(
    _ node: LoweringNode, operation: String, fill: Int32, blocks: [MoveBlock],
    inputs: [TensorIndex], output: TensorIndex
  ) throws(GraphError) {
    let compact = blocks.map(\.compact)
    guard compact.count <= PlanLimits.moveBlocks,
      compact.allSatisfy({ $0.axes.count <= PlanLimits.moveAxes })
    else {
      throw .unsupported(
        operation: operation, node: node.name,
        reason: "its positions form \(compact.count) runs; a device moves at most "
          + "\(PlanLimits.moveBlocks) of at most \(PlanLimits.moveAxes) axes")
    }
    emit(
      Instruction(
        name: node.name, operation: .move(MoveParameters(fill: fill, blocks: compact)),
        inputs: inputs, output: output))
  }
}
