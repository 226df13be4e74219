extension InstructionValidator {
  func recurrent(
    _ parameters: RecurrentParameters, _ operands: [PlanTensor], _ result: PlanTensor
  ) throws(PlanError) {
    let input = operands[0]
    let hidden = result.shape[result.shape.count - 1]
    let features = input.shape[input.shape.count - 1]
    let directions = parameters.direction.count
    let steps = parameters.result == .sequence ? input.elementCount / features : 1
    // 64-bit: three factors of at most 2^26.
    try require(
      Int64(result.elementCount) == Int64(steps) * Int64(directions) * Int64(hidden),
      "has a result of another size than its steps, directions and units")
    let isLSTM = parameters.cell == .lstm
    try require(isLSTM || parameters.result != .finalCell, "asks for a cell it does not have")
    try require(operands.count <= (isLSTM ? 3 : 2), "has the wrong number of operands")
    let rows = [directions, parameters.cell.gates, hidden]
    try constant(parameters.weights, count: rows, times: features)
    try constant(parameters.recurrentWeights, count: rows, times: hidden)
    try constant(parameters.bias, count: [directions, parameters.cell.biases, hidden], times: 4)
    for scales in [parameters.inputScales, parameters.recurrentScales] {
      try constant(scales.multipliers, count: rows, times: 4)
      try constant(scales.shifts, count: rows, times: 1)
    }
    try require(
      parameters.functions.count == parameters.cell.functions, "has too many or too few functions")
    for function in parameters.functions {
      try constant(function.samples, count: [RecurrentParameters.SampledFunction.count], times: 2)
      try require(
        RecurrentParameters.SampledFunction.exponents.contains(function.exponent),
        "has a function with a domain out of range")
    }
    try require(
      (0...1 << 30).contains(parameters.clip) && parameters.cellClip >= 0, "has a clip out of range"
    )
    try state(parameters.initialHidden, [directions, hidden], bytes: 2, isHeld: true)
    try state(parameters.initialCell, [directions, hidden], bytes: 4, isHeld: isLSTM)
    for (operand, state) in zip(
      operands.dropFirst(), [parameters.hiddenOperand, parameters.cellOperand])
    {
      try require(
        operand.elementCount == directions * hidden, "starts from a state of another size")
      try zeroPoint(state.zeroPoint, operand)
    }
    for factor in [
      parameters.hiddenOperand.scale, parameters.cellOperand.scale, parameters.outputScale,
    ] { try scale(factor) }
    try zeroPoint(parameters.inputZeroPoint, input)
    try zeroPoint(parameters.outputZeroPoint, result)
  }

  private func state(
    _ reference: ConstantReference, _ count: [Int], bytes: Int, isHeld: Bool
  ) throws(PlanError) {
    let isEmpty = reference.byteCount == 0
    try require(isHeld || isEmpty, "starts from a state it does not have")
    try constant(reference, count: isEmpty ? [0] : count, times: bytes)
  }
}

extension Plan {
  /// Σ |w| · |x − zeroPoint| and Σ |r| · 2^15 stay below 2^31 for every row; every multiplier and
  /// shift is in range.
  func isSafe(
    _ parameters: RecurrentParameters, _ instruction: Instruction, _ weights: UnsafeRawBufferPointer
  ) -> Bool {
    let input = tensors[instruction.inputs[0].position]
    let largest: Int64 = input.element == .int8 ? 255 : 1 << 15
    return scalesAreValid(parameters.inputScales, weights)
      && scalesAreValid(parameters.recurrentScales, weights)
      && rowsFit(
        parameters.weights, rows: parameters.inputScales.shifts.byteCount, largest, weights)
      && rowsFit(
        parameters.recurrentWeights, rows: parameters.recurrentScales.shifts.byteCount, 1 << 15,
        weights)
  }

  private func scalesAreValid(
    _ scales: RecurrentParameters.RowScales, _ weights: UnsafeRawBufferPointer
  ) -> Bool {
    for row in 0..<scales.shifts.byteCount {
      let shift = weights.loadUnaligned(
        fromByteOffset: scales.shifts.offset + row, as: Int8.self)
      let multiplier = weights.loadUnaligned(
        fromByteOffset: scales.multipliers.offset + 4 * row, as: Int32.self)
      guard (-31...30).contains(shift), Int32(littleEndian: multiplier) >= 0 else { return false }
    }
    return true
  }

  private func rowsFit(
    _ reference: ConstantReference, rows: Int, _ largest: Int64, _ weights: UnsafeRawBufferPointer
  ) -> Bool {
    let length = reference.byteCount / rows
    for row in 0..<rows {
      var sum: Int64 = 0
      for column in 0..<length {
        let weight = weights.loadUnaligned(
          fromByteOffset: reference.offset + row * length + column, as: Int8.self)
        sum += Int64(weight.magnitude)
      }
      guard sum * largest < 1 << 31 else { return false }
    }
    return true
  }
}
