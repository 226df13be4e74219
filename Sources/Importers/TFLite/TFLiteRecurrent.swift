import ModelGraph
import Operators
import PlanFormat

/// Recurrent layers. What they keep stands in variable tensors: of a layer of one step a state of the
/// graph; of a sequence zeros again with every inference, as in the Keras layers that are not `stateful`
/// and that its converter writes this way, unless the caller asks for the tensor to be kept.
///
/// Of int8 layers the integers of weights, input and result are kept; between them LiteRT holds the
/// hidden state in 8 bits and ``Recurrent`` in 16, so that results are a step or two apart.
enum TFLiteRecurrent {
  /// A layer as its options and its input's shape say.
  private struct Layer {
    var steps: Int
    var features: Int
    /// Axes of 1 around [steps, outputs].
    var isTimeMajor: Bool
    /// Whether its variable tensors are states, whatever the caller asks for.
    var keepsAlways: Bool
    var clips: (cell: Float, projection: Float)

    func resultShape(_ outputs: Int) -> [Int] {
      if keepsAlways { return [1, outputs] }
      return isTimeMajor ? [steps, 1, outputs] : [1, steps, outputs]
    }
  }

  /// Operands that are kept.
  private static let (stateOperand, cellOperand) = (18, 19)

  /// `LSTM`: input [1, I], one step. Options: activation, cell clip, projection clip, kind of kernel.
  @Sendable static func stepLSTM(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    guard try node.options(14)?.uint8(3) ?? 0 == 0 else {
      throw node.unsupported("it is of the basic kind, with five operands; convert the model anew")
    }
    let input = try builder.operandValue(node, 0)
    guard input.type.shape.count == 2, input.type.shape[0] == 1 else {
      throw node.unsupported("its input has shape \(input.type.shape); one item at a time is run")
    }
    guard input.type.element == .float32 else {
      throw node.unsupported(
        "its \(input.type.element.rawValue) form is not run; convert the model in float32 and let pack "
          + "quantise it")
    }
    let layer = Layer(
      steps: 1, features: input.type.shape[1], isTimeMajor: false, keepsAlways: true,
      clips: try clips(node, options: 14))
    try emit(layer, node, &builder)
  }

  /// `UNIDIRECTIONAL_SEQUENCE_LSTM`: input [1, T, I], time-major [T, 1, I]. Options: activation, cell
  /// clip, projection clip, time-major.
  @Sendable static func sequenceLSTM(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let shape = try builder.operandValue(node, 0).type.shape
    let isTimeMajor = try node.options(71)?.bool(3) ?? false
    guard shape.count == 3, shape[isTimeMajor ? 1 : 0] == 1 else {
      throw node.unsupported("its input has shape \(shape); one sequence at a time is run")
    }
    let layer = Layer(
      steps: shape[isTimeMajor ? 0 : 1], features: shape[2], isTimeMajor: isTimeMajor,
      keepsAlways: false, clips: try clips(node, options: 71))
    try emit(layer, node, &builder)
  }

  /// A clip of 0 is none.
  private static func clips(
    _ node: TFLiteNode, options number: Int
  ) throws(GraphError) -> (cell: Float, projection: Float) {
    let options = try node.options(number)
    let clips = (cell: try options?.float(1) ?? 0, projection: try options?.float(2) ?? 0)
    guard try options?.uint8(0) ?? 0 == 4, clips.cell >= 0, clips.cell.isFinite,
      clips.projection >= 0, clips.projection.isFinite
    else { throw node.unsupported("its activation is not tanh, or it has a clip below 0") }
    return clips
  }

  private static func emit(
    _ layer: Layer, _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    func has(_ position: Int) -> Bool {
      position < node.inputs.count && node.inputs[position] >= 0
    }
    guard has(1), has(5), has(12) else {
      throw node.unsupported("it couples the input and forget gates; train it without that")
    }
    if has(16) || (20..<24).contains(where: has) {
      try writtenOut(layer, node, &builder)
    } else {
      try recurrent(layer, node, &builder)
    }
  }

  /// What the layer finds in a variable tensor: nil for zeros that it does not keep.
  private static func kept(
    _ position: Int, _ layer: Layer, count: Int, _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) -> ValueID? {
    let isAsked = builder.isAskedToKeep(node, position)
    guard layer.keepsAlways || isAsked else { return nil }
    let read = try builder.memory(node, position)
    guard builder.graph[read].type == ValueType(.float32, [1, count]) else {
      throw node.unsupported(
        "\(builder.graph[read].name) is \(builder.graph[read].type.shape), "
          + "\(builder.graph[read].type.element.rawValue); float32 of [1, \(count)] is kept")
    }
    return read
  }

  // MARK: With normalised gates or a projection

  private static func writtenOut(
    _ layer: Layer, _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    guard layer.steps <= ImportLimits.unrolledSteps else {
      throw node.unsupported(
        "it normalises its gates or projects its state, and such layers are written out step by step, "
          + "\(ImportLimits.unrolledSteps) steps at most; it has \(layer.steps)")
    }
    let gates = try TFLiteGatedSteps(node, &builder, features: layer.features, clips: layer.clips)
    let input = try builder.operand(node, 0)
    guard builder.graph[input].type.element == .float32 else {
      throw node.unsupported(
        "it normalises its gates or projects its state; such layers are run in floats")
    }
    let rows = try builder.flattened(node, input, [layer.steps, layer.features])
    let state = try kept(stateOperand, layer, count: gates.outputs, node, &builder)
    let cell = try kept(cellOperand, layer, count: gates.units, node, &builder)
    func zeros(_ count: Int, _ suffix: String) -> ValueID {
      builder.constant(
        node, suffix,
        TensorData(shape: [1, count], floats: [Float](repeating: 0, count: count)))
    }
    var memory = TFLiteGatedSteps.Memory(
      state: state ?? zeros(gates.outputs, "/first-state"),
      cell: cell ?? zeros(gates.units, "/first-cell"))
    var results: [ValueID] = []
    for step in 0..<layer.steps {
      let suffix = layer.steps == 1 ? "" : "/step-\(step)"
      let row =
        layer.steps == 1
        ? rows
        : try builder.step(node, Pick(positions: [[step], nil]), [rows], suffix: suffix + "/row")
      memory = try gates.advance(memory, row, node, &builder, suffix: suffix)
      results.append(memory.state)
      try builder.checkBudget(node)
    }
    if let state { builder.keep(memory.state, in: state) }
    if let cell { builder.keep(memory.cell, in: cell) }
    let all =
      results.count == 1
      ? results[0] : try builder.step(node, Concat(axis: 0), results, suffix: "/steps")
    try builder.emit(
      node, Reshape(shape: layer.resultShape(gates.outputs)), [all], sameParameters: true)
  }

  // MARK: Plain

  private static func recurrent(
    _ layer: Layer, _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let weights = try Stack(node, [1, 4, 2, 3], &builder)
    let recurrent = try Stack(node, [5, 8, 6, 7], &builder)
    let units = recurrent.shape.last ?? 0
    let biases = try biases(node, weights, input: builder.graph[input], &builder)
    guard weights.shape.count == 2, recurrent.shape == [4 * units, units],
      weights.shape == [4 * units, layer.features], biases.count == 4 * units
    else {
      throw node.invalid("its weights are \(weights.shape), \(recurrent.shape), \(biases.count)")
    }
    let state = try kept(stateOperand, layer, count: units, node, &builder)
    let cell = try kept(cellOperand, layer, count: units, node, &builder)
    func initial(_ read: ValueID?) throws(GraphError) -> ValueID? {
      guard let read else { return nil }
      return try builder.step(
        node, Reshape(shape: [1, 1, units]), [read], suffix: "/" + builder.graph[read].name)
    }
    let none = [Float](repeating: 0, count: 4 * units)
    var operands: [ValueID?] = [
      try builder.flattened(node, input, [layer.steps, 1, layer.features]),
      weights.value(node, "/weights", &builder), recurrent.value(node, "/recurrent", &builder),
      builder.constant(
        node, "/biases", TensorData(shape: [1, 8 * units], floats: biases + none)),
      try initial(state), try initial(cell),
    ]
    if try builder.optional(node, 9) != nil {
      // Peepholes of i, f, o.
      let peepholes = try Stack(node, [9, 11, 10], &builder).reals(node)
      operands.append(
        builder.constant(node, "/peepholes", TensorData(shape: [1, 3 * units], floats: peepholes)))
    }
    let stated = try builder.statedValue(node, 0)
    func result(
      _ result: RecurrentParameters.Result, _ suffix: String, _ quantization: Quantization?
    ) throws(GraphError) -> ValueID {
      let operation = Recurrent(
        cell: .lstm, direction: .forward, result: result,
        functions: [Recurrent.defaultFunctions(.lstm)],
        cellClip: layer.clips.cell > 0 ? layer.clips.cell : nil)
      return try builder.step(
        node, operation, operands, suffix: suffix, quantization: quantization)
    }
    let shape = [1, units]
    for (read, part, suffix) in [
      (state, RecurrentParameters.Result.finalHidden, "/last-state"),
      (cell, .finalCell, "/last-cell"),
    ] {
      guard let read else { continue }
      let last = try result(part, suffix, nil)
      builder.keep(
        try builder.step(node, Reshape(shape: shape), [last], suffix: suffix + "/kept"), in: read)
    }
    let sequence = try result(.sequence, "/steps", stated.quantization)
    try builder.emit(
      node, Reshape(shape: layer.resultShape(units)), [sequence], sameParameters: true)
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
}
