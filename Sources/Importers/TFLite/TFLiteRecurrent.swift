import ModelGraph
import Operators
import PlanFormat

/// Recurrent layers. The state TFLite keeps in variable tensors begins at zero with every inference,
/// as in the Keras layers that are not `stateful` and that its converter writes this way.
///
/// Of int8 layers the integers of weights, input and result are kept; between them LiteRT holds the
/// hidden state in 8 bits and ``Recurrent`` in 16, so that results are a step or two apart.
enum TFLiteRecurrent {
  /// `UNIDIRECTIONAL_SEQUENCE_LSTM`: input [1, T, I], time-major [T, 1, I].
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
    let weights = try Stack(node, [1, 4, 2, 3], &builder)
    let recurrent = try Stack(node, [5, 8, 6, 7], &builder)
    let units = recurrent.shape.last ?? 0
    let biases = try biases(node, weights, input: builder.graph[input], &builder)
    guard weights.shape.count == 2, recurrent.shape == [4 * units, units],
      weights.shape == [4 * units, shape[2]], biases.count == 4 * units
    else {
      throw node.invalid("its weights are \(weights.shape), \(recurrent.shape), \(biases.count)")
    }
    let none = [Float](repeating: 0, count: 4 * units)
    var operands: [ValueID?] = [
      try builder.flattened(node, input, [steps, 1, shape[2]]),
      weights.value(node, "/weights", &builder), recurrent.value(node, "/recurrent", &builder),
      builder.constant(
        node, "/biases", TensorData(shape: [1, 8 * units], floats: biases + none)), nil, nil,
    ]
    if try builder.optional(node, 9) != nil {
      // Peepholes of i, f, o.
      let peepholes = try Stack(node, [9, 11, 10], &builder).reals(node)
      operands.append(
        builder.constant(node, "/peepholes", TensorData(shape: [1, 3 * units], floats: peepholes)))
    }
    let operation = Recurrent(
      cell: .lstm, direction: .forward, result: .sequence,
      functions: [Recurrent.defaultFunctions(.lstm)], cellClip: cellClip > 0 ? cellClip : nil)
    let stated = try builder.statedValue(node, 0)
    let result = try builder.step(
      node, operation, operands, suffix: "/steps", quantization: stated.quantization)
    let resultShape = isTimeMajor ? [steps, 1, units] : [1, steps, units]
    try builder.emit(node, Reshape(shape: resultShape), [result], sameParameters: true)
  }

  /// TFLite has a tensor per gate, in the order i, f, c, o; one tensor has them as i, o, f, c.
  private struct Stack {
    var shape: [Int] = []
    /// Of float gates.
    var floats: [Float] = []
    /// Of quantised gates, with the scale of each row.
    var integers: [Int8] = []
    var scales: [Float] = []

    /// Constant operands one after another along the first axis.
    init(
      _ node: TFLiteNode, _ positions: [Int], _ builder: inout TFLiteBuilder
    ) throws(GraphError) {
      for position in positions {
        let value = try builder.operandValue(node, position)
        guard let part = value.constant, let rows = part.shape.first else {
          throw node.unsupported("\(value.name) is not constant; only constant weights are run")
        }
        guard shape.isEmpty || shape == part.shape else {
          throw node.invalid("its gates have weights \(shape) and \(part.shape)")
        }
        shape = part.shape
        if let reals = part.floats {
          floats += reals
        } else if case .int8(let elements) = part.elements, let scale = value.quantization,
          scale.isPerTensor, scale.zeroPoint == 0
        {
          integers += elements
          scales += [Float](repeating: scale.scale, count: rows)
        } else {
          throw node.unsupported(
            "\(value.name) is neither float32 nor int8 with one scale; convert the model anew")
        }
      }
      guard floats.isEmpty || integers.isEmpty else {
        throw node.unsupported("some of its gates are quantised and some are not")
      }
      shape[0] *= positions.count
    }

    func reals(_ node: TFLiteNode) throws(GraphError) -> [Float] {
      guard integers.isEmpty else {
        throw node.unsupported("it has quantised peepholes; train it without them")
      }
      return floats
    }

    func value(
      _ node: TFLiteNode, _ suffix: String, _ builder: inout TFLiteBuilder
    ) -> ValueID {
      guard floats.isEmpty else {
        return builder.constant(node, suffix, TensorData(shape: shape, floats: floats))
      }
      return builder.constant(
        node, suffix, TensorData(shape: shape, elements: .int8(integers)),
        quantization: Quantization(
          scales: scales, zeroPoints: [Int32](repeating: 0, count: scales.count), axis: 0))
    }
  }

  /// Biases of the gates as reals: int32 ones are in steps of the input's scale times the weights'.
  private static func biases(
    _ node: TFLiteNode, _ weights: Stack, input: Value, _ builder: inout TFLiteBuilder
  ) throws(GraphError) -> [Float] {
    let isQuantized = !weights.integers.isEmpty
    guard input.type.element == (isQuantized ? .int8 : .float32) else {
      throw node.unsupported(
        "its input is \(input.type.element.rawValue) and its weights are not; float32 and full int8 "
          + "layers are run")
    }
    var biases: [Float] = []
    for position in [12, 15, 13, 14] {
      let value = try builder.operandValue(node, position)
      if let floats = value.constant?.floats, !isQuantized {
        biases += floats
      } else if case .int32(let elements)? = value.constant?.elements, isQuantized,
        let scale = input.quantization?.scale, biases.count + elements.count <= weights.scales.count
      {
        biases += elements.enumerated().map { index, bias in
          Float(Double(bias) * Double(scale) * Double(weights.scales[biases.count + index]))
        }
      } else {
        throw node.unsupported("bias \(value.name) is not constant float32, nor int32 beside int8")
      }
    }
    return biases
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
}
