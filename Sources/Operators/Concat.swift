public import ModelGraph
import PlanFormat

/// Tensors one after another along an axis.
public struct Concat: Operation, Equatable {
  /// Name in tables.
  public static let name = "Concat"
  /// The axis, not negative.
  public var axis: Int

  /// Creates a concatenation.
  public init(axis: Int) { self.axis = axis }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    var result = try operand(0, of: operands)
    guard result.shape.indices.contains(axis) else {
      throw .invalid(node: "", reason: "axis \(axis) does not exist in \(result.shape)")
    }
    for position in operands.indices.dropFirst() {
      let next = try operand(position, of: operands)
      var expected = result.shape
      if next.shape.count == expected.count { expected[axis] = next.shape[axis] }
      guard next.shape == expected, next.element == result.element else {
        throw .invalid(
          node: "",
          reason: "\(result.element.rawValue) \(result.shape) and \(next.element.rawValue) "
            + "\(next.shape) do not go together along axis \(axis)")
      }
      result.shape[axis] += next.shape[axis]
    }
    return [result]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0].shape
    let parts = operands.compactMap { $0 }
    guard let joined = TensorData.joined(parts) else {
      throw .invalid(node: "", reason: "its operands are of several types")
    }
    let runs = parts.map { $0.shape[axis...].reduce(1, *) }
    var starts: [Int] = []
    for part in parts { starts.append((starts.last ?? 0) + part.count) }
    starts = zip(starts, parts).map { $0 - $1.count }
    var offsets: [Int] = []
    offsets.reserveCapacity(joined.count)
    for outer in 0..<shape[..<axis].reduce(1, *) {
      for (start, run) in zip(starts, runs) {
        offsets += (start + outer * run)..<(start + (outer + 1) * run)
      }
    }
    return [joined.picking(offsets, shape: shape)]
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  public func ignoring(
    _ permutation: [Int]
  ) -> (operation: any Operation, permutation: [Int])? {
    guard permutation.indices.contains(axis) else { return nil }
    return (Concat(axis: permutation[axis]), permutation)
  }

  /// One move: a block per operand, through a table where its parameters are not the result's.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let element = node.movedElement
    let result = try QuantizedOperand(resultOf: node, element)
    let steps = StridedWalk(over: result.shape).steps
    var blocks: [MoveBlock] = []
    var inputs: [TensorIndex] = []
    var start = 0
    for position in node.operands.indices {
      let part = try QuantizedOperand(position, of: node, element)
      let walk = StridedWalk(over: part.shape)
      let axes = part.shape.indices.map {
        MoveAxis(size: part.shape[$0], sourceStep: walk.steps[$0], resultStep: steps[$0])
      }
      blocks.append(
        MoveBlock(
          operand: position, sourceStart: 0, resultStart: start * steps[axis], axes: axes,
          table: try builder.requantizing(node, part, to: result)))
      inputs.append(try part.activation(node))
      start += part.shape[axis]
    }
    try builder.emitMove(
      node, operation: Self.name, fill: result.quantization.zeroPoint, blocks: blocks,
      inputs: inputs, output: try result.activation(node))
  }

  public var summary: String { "axis \(axis)" }
}
