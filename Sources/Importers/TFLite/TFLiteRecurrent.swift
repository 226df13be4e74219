import ModelGraph
import Operators
import PlanFormat

/// Recurrent layers. The state TFLite keeps in variable tensors begins at zero with every inference,
/// as in the Keras layers that are not `stateful` and that its converter writes this way.
enum TFLiteRecurrent {
  /// `UNIDIRECTIONAL_SEQUENCE_LSTM` of floats: input [1, T, I], time-major [T, 1, I].
  @Sendable static func sequenceLSTM(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    try check(node)
    let options = try node.options(71)
    // A cell clip of 0 is none.
    let (cellClip, projectionClip) = (try options?.float(1) ?? 0, try options?.float(2) ?? 0)
    guard try options?.uint8(0) ?? 0 == 4, cellClip >= 0, cellClip.isFinite, projectionClip == 0
    else { throw node.unsupported("its activation is not tanh, or it clips a projection") }
    let input = try builder.operand(node, 0)
    let shape = builder.graph[input].type.shape
    let isTimeMajor = try options?.bool(3) ?? false
    guard shape.count == 3, shape[isTimeMajor ? 1 : 0] == 1 else {
      throw node.unsupported("its input has shape \(shape); one sequence at a time is run")
    }
    let steps = shape[isTimeMajor ? 0 : 1]
    guard builder.graph[input].type.element == .float32 else {
      throw node.unsupported(
        "its integers are TFLite's own; convert the model to float32 and pack it with calibration "
          + "data")
    }
    // TFLite has a tensor per gate, in the order i, f, c, o; one tensor has them as i, o, f, c.
    let weights = try stacked(node, [1, 4, 2, 3], &builder)
    let recurrent = try stacked(node, [5, 8, 6, 7], &builder)
    let biases = try stacked(node, [12, 15, 13, 14], &builder)
    let units = recurrent.shape.last ?? 0
    guard weights.shape.count == 2, recurrent.shape == [4 * units, units],
      weights.shape == [4 * units, shape[2]], biases.shape == [4 * units]
    else {
      throw node.invalid("its weights are \(weights.shape), \(recurrent.shape), \(biases.shape)")
    }
    let none = [Float](repeating: 0, count: 4 * units)
    var operands: [ValueID?] = [
      try builder.flattened(node, input, [steps, 1, shape[2]]),
      builder.constant(node, "/weights", weights),
      builder.constant(node, "/recurrent", recurrent),
      builder.constant(
        node, "/biases",
        TensorData(shape: [1, 8 * units], floats: (biases.floats ?? []) + none)), nil, nil,
    ]
    if try builder.optional(node, 9) != nil {
      // Peepholes of i, f, o.
      let peepholes = try stacked(node, [9, 11, 10], &builder)
      operands.append(builder.constant(node, "/peepholes", peepholes.reshaped([1, 3 * units])))
    }
    let operation = Recurrent(
      cell: .lstm, direction: .forward, result: .sequence,
      functions: [Recurrent.defaultFunctions(.lstm)], cellClip: cellClip > 0 ? cellClip : nil)
    let result = try builder.step(node, operation, operands, suffix: "/steps")
    let resultShape = isTimeMajor ? [steps, 1, units] : [1, steps, units]
    try builder.emit(node, Reshape(shape: resultShape), [result])
  }

  /// What this form of LSTM may have and is not run with.
  private static func check(_ node: TFLiteNode) throws(GraphError) {
    func has(_ position: Int) -> Bool {
      position < node.inputs.count && node.inputs[position] >= 0
    }
    guard has(1), has(5), has(12) else {
      throw node.unsupported("it couples the input and forget gates; train it without that")
    }
    guard !has(16), !has(17) else {
      throw node.unsupported("it projects its hidden state; put a dense layer behind it instead")
    }
    guard !(20..<24).contains(where: has) else {
      throw node.unsupported("it normalises its gates; train it without layer normalisation")
    }
  }

  /// Constant float operands one after another along the first axis.
  private static func stacked(
    _ node: TFLiteNode, _ positions: [Int], _ builder: inout TFLiteBuilder
  ) throws(GraphError) -> TensorData {
    var floats: [Float] = []
    var shape: [Int] = []
    for position in positions {
      let id = try builder.operand(node, position)
      let value = builder.graph[id]
      guard let part = value.constant, let elements = part.floats, !part.shape.isEmpty else {
        throw node.unsupported(
          "\(value.name) is not constant float32; convert the model without quantising weights")
      }
      guard shape.isEmpty || shape == part.shape else {
        throw node.invalid("its gates have weights \(shape) and \(part.shape)")
      }
      shape = part.shape
      floats += elements
    }
    return TensorData(shape: [positions.count * shape[0]] + shape.dropFirst(), floats: floats)
  }
}
