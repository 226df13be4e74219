public import PlanFormat

/// An instruction with the records of its tensors: what a kernel decides, packs and binds by.
public struct Layer {
  /// The instruction.
  public let instruction: Instruction
  let inputs: [PlanTensor]
  let output: PlanTensor

  /// A layer of a validated plan.
  public init(_ instruction: Instruction, in plan: Plan) {
    self.instruction = instruction
    inputs = instruction.inputs.map { plan.tensors[$0.position] }
    output = plan.tensors[instruction.output.position]
  }

  var operation: PlanOperation { instruction.operation }
}

/// Where a bound layer finds its bytes.
public struct LayerMemory {
  let arena: UnsafeMutableRawPointer
  let constants: UnsafeRawPointer
  let scratch: UnsafeMutableRawPointer

  /// - Parameters:
  ///   - arena: the plan's arena, aligned to 64, readable for 64 bytes past its end.
  ///   - constants: what the layer's kernel packed, aligned to 64, readable for 64 bytes past its end.
  ///   - scratch: as many bytes as the layer's kernel asks for, aligned to 64.
  public init(
    arena: UnsafeMutableRawPointer, constants: UnsafeRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    self.arena = arena
    self.constants = constants
    self.scratch = scratch
  }

  func elements(_ tensor: PlanTensor) -> UnsafeMutablePointer<Int8> {
    (arena + tensor.arenaOffset).assumingMemoryBound(to: Int8.self)
  }
}

extension Int {
  /// Up to the next multiple of 64, the alignment of everything a kernel reads or writes.
  var aligned: Int { (self &+ 63) & ~63 }

  func dividedRoundingUp(by divisor: Int) -> Int { (self &+ divisor &- 1) / divisor }
}
