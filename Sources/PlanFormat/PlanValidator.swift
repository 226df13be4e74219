/// Proves that running a decoded plan reads and writes only inside the arena and the weights
/// section, and reads only what was written. Kernels rely on it and check nothing.
struct PlanValidator {
  let plan: Plan

  init(_ plan: Plan) { self.plan = plan }

  func validate() throws(PlanError) {
    for tensor in plan.tensors { try validate(tensor) }
    guard !plan.inputs.isEmpty, !plan.outputs.isEmpty else {
      throw .invalid("it has no input or no output")
    }
    var written: [Range<Int>] = []
    for input in plan.inputs { write(try tensor(input), to: &written) }
    for state in plan.states {
      try validateRead(try tensor(state.read), written)
      write(try tensor(state.read), to: &written)
    }
    for instruction in plan.instructions {
      var operands: [PlanTensor] = []
      for index in instruction.inputs { operands.append(try tensor(index, of: instruction)) }
      let result = try tensor(instruction.output, of: instruction)
      for operand in operands {
        try require(
          written.contains(bytes(operand)), instruction, "reads a tensor before it is written")
        try require(
          !bytes(operand).overlaps(bytes(result)), instruction, "overwrites its own operand")
      }
      try InstructionValidator(plan: plan, instruction: instruction).validate(operands, result)
      write(result, to: &written)
    }
    for index in plan.outputs + plan.taps where !written.contains(bytes(try tensor(index))) {
      throw .invalid("output or tap \(plan.tensors[index.position].name) does not survive the run")
    }
    try validateStates(written)
  }

  private func validate(_ tensor: PlanTensor) throws(PlanError) {
    let range: ClosedRange<Int32> =
      switch tensor.element {
      case .int8: -128...127
      case .int16, .int32, .int64: 0...0
      }
    guard tensor.elementCount > 0, tensor.arenaOffset % 64 == 0,
      tensor.byteCount <= plan.arenaBytes, tensor.arenaOffset <= plan.arenaBytes - tensor.byteCount
    else { throw .invalid("tensor \(tensor.name) is empty or leaves the arena") }
    guard tensor.scale.isFinite, tensor.scale > 0, range.contains(tensor.zeroPoint) else {
      throw .invalid("tensor \(tensor.name) has no valid scale and zero point")
    }
  }

  func tensor(
    _ index: TensorIndex, of instruction: Instruction? = nil
  ) throws(PlanError) -> PlanTensor {
    guard plan.tensors.indices.contains(index.position) else {
      let user = instruction.map { $0.name } ?? "an input, output or tap"
      throw .invalid("\(user) names tensor \(index.position), which does not exist")
    }
    return plan.tensors[index.position]
  }

  func bytes(_ tensor: PlanTensor) -> Range<Int> {
    tensor.arenaOffset..<tensor.arenaOffset + tensor.byteCount
  }

  /// Marks a tensor's bytes as holding it, and whatever they held before as gone.
  private func write(_ tensor: PlanTensor, to written: inout [Range<Int>]) {
    let range = bytes(tensor)
    written.removeAll { $0.overlaps(range) }
    written.append(range)
  }

  private func require(
    _ condition: Bool, _ instruction: Instruction, _ rule: String
  ) throws(PlanError) {
    guard condition else { throw .invalid("\(instruction.name) \(rule)") }
  }
}
