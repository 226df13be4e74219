/// What a session keeps from one run for the next: after a run the bytes of one tensor are copied to
/// another, which no instruction writes.
public struct PlanState: Sendable, Equatable {
  /// Holds the state before and during a run.
  public var read: TensorIndex
  /// Holds, after a run, what the next one reads; of the same element, size, scale and zero point.
  public var written: TensorIndex
  /// What the first run reads: the bytes of the tensor, or of one element that fills it.
  public var initial: [UInt8]

  /// Creates a state.
  public init(read: TensorIndex, written: TensorIndex, initial: [UInt8]) {
    self.read = read
    self.written = written
    self.initial = initial
  }
}

extension PlanValidator {
  /// The tensor of a state, which nothing written before it overlaps.
  func validateRead(_ tensor: PlanTensor, _ written: [Range<Int>]) throws(PlanError) {
    let range = bytes(tensor)
    guard !written.contains(where: { $0.overlaps(range) }) else {
      throw .invalid("state \(tensor.name) overlaps an input or another state")
    }
  }

  /// States are what they are read as, written by the end of a run, and overwritten by nothing: copying
  /// them changes neither each other nor what is read of a run.
  func validateStates(_ written: [Range<Int>]) throws(PlanError) {
    let reads = plan.states.map { bytes(plan.tensors[$0.read.position]) }
    for state in plan.states {
      let (read, next) = (plan.tensors[state.read.position], try tensor(state.written))
      guard read.element == next.element, read.elementCount == next.elementCount,
        read.scale == next.scale, read.zeroPoint == next.zeroPoint
      else { throw .invalid("state \(read.name) is written as another type than it is read") }
      guard written.contains(bytes(read)), written.contains(bytes(next)) else {
        throw .invalid("state \(read.name) does not survive the run")
      }
      guard
        state.initial.count == read.element.byteCount || state.initial.count == read.byteCount
      else { throw .invalid("state \(read.name) starts from \(state.initial.count) bytes") }
    }
    for index in plan.outputs + plan.taps + plan.states.map({ $0.written }) {
      let range = bytes(plan.tensors[index.position])
      guard !reads.contains(where: { $0.overlaps(range) }) else {
        throw .invalid("\(plan.tensors[index.position].name) overlaps a state that is read")
      }
    }
  }
}
