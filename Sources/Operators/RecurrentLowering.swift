public import ModelGraph
import PlanFormat

extension Recurrent {
  /// Steps of hidden states and of cells in the integer kernel.
  private static let hiddenStep = 0x1p-15
  private static let cellStep = 0x1p-16

  /// One instruction for the whole sequence. Hidden states within [-1, 1] need no calibration, nor do
  /// cells of 32 bits: see the decision on recurrent layers.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    func unsupported(_ reason: String) -> GraphError {
      .unsupported(operation: Self.name, node: node.name, reason: reason)
    }
    let extents = try extents(node.operands.map { $0?.value.type.shape })
    guard extents.items == 1 else {
      throw unsupported("it runs \(extents.items) sequences at once; one is run on a device")
    }
    guard node.operands.count <= 6 || node.operands[6] == nil else {
      throw unsupported("it has peepholes, which have no integer form; train it without them")
    }
    guard node.operands.count <= 7 || node.operands[7] == nil else {
      throw unsupported("it takes the lengths of its sequences; one is run on a device, whole")
    }
    guard functions.allSatisfy({ $0 == functions[0] }) else {
      throw unsupported("its directions have different functions; give both the same")
    }
    let input = try QuantizedOperand(0, of: node)
    let result = try QuantizedOperand(resultOf: node, nil)
    let weights = try rows(1, of: node, extents)
    let recurrentWeights = try rows(2, of: node, extents)
    let hidden = try initialState(4, of: node, step: Self.hiddenStep)
    let cells = try initialState(5, of: node, step: Self.cellStep)
    guard hidden.tensor != nil || cells.tensor == nil else {
      throw unsupported("its initial cell is computed, its initial hidden state is not; give both")
    }
    if hidden.tensor != nil, cells.tensor == nil, cells.integers != nil {
      throw unsupported(
        "its initial hidden state is computed, its initial cell constant; give both")
    }
    guard hidden.integers?.allSatisfy({ abs(Int($0)) <= 1 << 15 }) ?? true else {
      throw unsupported("its initial hidden state leaves [-1, 1]")
    }
    let step = result.quantization.scale
    let parameters = RecurrentParameters(
      cell: cell, direction: direction, result: self.result,
      inputZeroPoint: input.quantization.zeroPoint,
      weights: try builder.weights(weights, node),
      recurrentWeights: try builder.weights(recurrentWeights, node),
      bias: builder.constant(littleEndian(try biases(of: node, extents))),
      inputScales: builder.rowScales(
        weights.quantization, times: Double(input.quantization.scale) / Self.cellStep,
        count: extents.directions * extents.rows),
      recurrentScales: builder.rowScales(
        recurrentWeights.quantization, times: Self.hiddenStep / Self.cellStep,
        count: extents.directions * extents.rows),
      functions: try sampled(node, &builder),
      clip: Int32(min(Double(clip ?? .infinity) / Self.cellStep, 0x1p30).rounded()),
      cellClip: Int32(
        clamping: Int((min(Double(cellClip ?? 65536), 65536) / Self.cellStep).rounded())),
      initialHidden: builder.constant(
        littleEndian((hidden.integers ?? []).map { Int16(clamping: $0) })),
      initialCell: builder.constant(littleEndian(cells.integers ?? [])),
      hiddenOperand: hidden.scale, cellOperand: cells.scale,
      outputScale: FixedPointScale(
        nearestTo: (self.result == .finalCell ? Self.cellStep : Self.hiddenStep) / Double(step)),
      outputZeroPoint: result.quantization.zeroPoint)
    builder.emit(
      Instruction(
        name: node.name, operation: .recurrent(parameters),
        inputs: [try input.activation(node)] + [hidden.tensor, cells.tensor].compactMap { $0 },
        output: try result.activation(node)))
  }

  /// Rows of int8 weights whose sums fit 32 bits.
  private func rows(
    _ position: Int, of node: LoweringNode, _ extents: Extents
  ) throws(GraphError) -> QuantizedOperand {
    let operand = try QuantizedOperand(position, of: node)
    let length = position == 1 ? extents.features : extents.units
    let scales = operand.quantization.scales.count
    guard case .int8(let elements)? = operand.constant?.elements,
      scales == 1 || scales == extents.directions * extents.rows
    else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "its weights are not constant int8 with a scale per row")
    }
    let largest = position == 1 ? 255 : 1 << 15
    for start in stride(from: 0, to: elements.count, by: length) {
      let sum = elements[start..<start + length].reduce(0) { $0 + Int($1.magnitude) }
      guard sum * largest < 1 << 31 else {
        throw .unsupported(
          operation: Self.name, node: node.name,
          reason: "a row of its weights can overflow 32 bits; use fewer units")
      }
    }
    return operand
  }

  /// [D, biases · H]: both parts of a bias in one, except where the reset gate stands between them.
  private func biases(
    of node: LoweringNode, _ extents: Extents
  ) throws(GraphError) -> [Int32] {
    let count = extents.directions * cell.biases * extents.units
    guard node.operands.count > 3, let operand = node.operands[3] else {
      return [Int32](repeating: 0, count: count)
    }
    guard let biases = operand.value.constant?.floats else {
      throw .unsupported(
        operation: Self.name, node: node.name, reason: "its biases are not constant floats")
    }
    let rows = extents.rows
    var integers: [Int32] = []
    for pass in 0..<extents.directions {
      for row in 0..<cell.biases * extents.units {
        let first = row < rows ? biases[2 * pass * rows + row] : 0
        let isSeparate = cell == .gruResetAfter && row >= 2 * extents.units
        // The fourth block of a GRU that resets after is the candidate's second bias.
        let second =
          row >= rows
          ? biases[(2 * pass + 1) * rows + row - extents.units]
          : isSeparate ? 0 : biases[(2 * pass + 1) * rows + row]
        let level = (Double(first) + Double(second)) / Self.cellStep
        integers.append(Int32(min(max(level, -0x1p30), 0x1p30).rounded()))
      }
    }
    return integers
  }

  private func sampled(
    _ node: LoweringNode, _ builder: inout PlanBuilder
  ) throws(GraphError) -> [RecurrentParameters.SampledFunction] {
    var sampled: [RecurrentParameters.SampledFunction] = []
    for function in functions[0] {
      guard let exponent = function.domainExponent else {
        throw .unsupported(
          operation: Self.name, node: node.name,
          reason: "its function \(function.summary) has no integer form; sigmoid, tanh and hard "
            + "sigmoid have")
      }
      sampled.append(
        RecurrentParameters.SampledFunction(
          samples: builder.constant(littleEndian(function.samples(exponent: exponent))),
          exponent: exponent))
    }
    return sampled
  }

  /// How a pass begins: from a tensor, from integers in steps of the state, or neither: from zeros.
  private struct InitialState {
    var tensor: TensorIndex?
    var integers: [Int32]?
    var scale = RecurrentParameters.StateScale.none
  }

  private func initialState(
    _ position: Int, of node: LoweringNode, step: Double
  ) throws(GraphError) -> InitialState {
    guard position < node.operands.count, let operand = node.operands[position] else {
      return InitialState()
    }
    guard let constant = operand.value.constant else {
      let state = try QuantizedOperand(position, of: node, nil)
      return InitialState(
        tensor: try state.activation(node),
        scale: RecurrentParameters.StateScale(
          zeroPoint: state.quantization.zeroPoint,
          scale: FixedPointScale(nearestTo: Double(state.quantization.scale) / step)))
    }
    guard let floats = constant.floats, floats.allSatisfy(\.isFinite) else {
      throw .unsupported(
        operation: Self.name, node: node.name, reason: "its initial state is not finite floats")
    }
    guard floats.contains(where: { $0 != 0 }) else { return InitialState() }
    return InitialState(
      integers: floats.map { Int32(min(max(Double($0) / step, -0x1p30), 0x1p30).rounded()) })
  }
}

extension PlanBuilder {
  /// Stores the scales of rows, times a factor.
  fileprivate mutating func rowScales(
    _ quantization: Quantization, times factor: Double, count: Int
  ) -> RecurrentParameters.RowScales {
    let scales = (0..<count).map { row in
      FixedPointScale(
        nearestTo: Double(quantization.scales[quantization.isPerTensor ? 0 : row]) * factor)
    }
    return RecurrentParameters.RowScales(
      multipliers: constant(littleEndian(scales.map(\.multiplier))),
      shifts: constant(scales.map { UInt8(bitPattern: Int8($0.shift)) }))
  }
}

/// The bytes of 16-bit integers, least significant first.
private func littleEndian(_ values: [Int16]) -> [UInt8] {
  values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
}
