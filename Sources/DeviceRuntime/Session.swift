import CSystem
public import Kernels
public import PlanFormat

/// A loaded model: one arena, every kernel bound. Not for two callers at once; make a session each.
///
/// All memory is taken when the session is made. `run` allocates nothing, calls nothing of the
/// system (but to wake the other threads, if it was made with more than one), and uses no floating
/// point.
public final class Session {
  /// The plan.
  public let plan: Plan
  /// The tier whose kernels run.
  public let tier: KernelTier
  private let scratchBytes: Int
  /// Name of the kernel that serves each instruction.
  public let kernels: [String]
  private static let slackBytes = 64
  private static let threadsMax = 64
  /// Threads that share each run.
  public let threads: Int
  /// The others, asleep between two runs.
  private var team: OpaquePointer?
  /// The arena, then the scratch.
  private let memory: UnsafeMutableRawPointer
  /// The image, when this session holds its own copy instead of a mapped file.
  private let ownedImage: UnsafeMutableRawPointer?
  private let calls: UnsafeMutableBufferPointer<KernelCall>
  private let imageBytes: Int
  /// Where inputs, outputs and taps lie: found once, so that a loop of calls takes no memory either.
  private let inputs: [UnsafeMutableRawBufferPointer]
  private let outputs: [UnsafeMutableRawBufferPointer]
  private let taps: [UnsafeMutableRawBufferPointer]
  private let states: [State]

  /// Where a state lies during a run and where the run leaves the next one.
  private struct State {
    let read: UnsafeMutableRawBufferPointer
    let written: UnsafeMutableRawBufferPointer
  }

  /// Loads a prepared image; its buffer must outlive the session.
  ///
  /// - Parameter threads: that share each run; the outputs are the same for any number.
  /// - Throws: `RuntimeError.image` or `.plan` when it is not valid, `.threads` when the system gives
  ///   no such number.
  public convenience init(
    image: UnsafeRawBufferPointer, threads: Int = 1
  ) throws(RuntimeError) {
    try self.init(image, owned: nil, threads: threads)
    try startTeam()
  }

  /// Loads a plan and its portable weights, packing them in memory.
  ///
  /// - Throws: `RuntimeError.plan` when they are not valid together, `.threads` as above.
  public convenience init(
    plan: [UInt8], weights: [UInt8], tier: KernelTier = .best,
    preferring preference: KernelPreference = .speed, threads: Int = 1
  ) throws(RuntimeError) {
    let image = try PreparedImage.build(
      plan: plan, weights: weights, tier: tier, preferring: preference)
    let copy = UnsafeMutableRawPointer.allocate(byteCount: image.count, alignment: 64)
    copy.copyMemory(from: image, byteCount: image.count)
    do throws(RuntimeError) {
      try self.init(
        UnsafeRawBufferPointer(start: copy, count: image.count), owned: copy, threads: threads)
    } catch {
      copy.deallocate()
      throw error
    }
    try startTeam()
  }

  private init(
    _ bytes: UnsafeRawBufferPointer, owned: UnsafeMutableRawPointer?, threads: Int
  ) throws(RuntimeError) {
    let image = try PreparedImage(bytes)
    guard (1...Self.threadsMax).contains(threads) else { throw .threads(threads) }
    self.threads = threads
    let plan = image.plan
    self.plan = plan
    tier = image.tier
    ownedImage = owned
    imageBytes = bytes.count
    scratchBytes = image.scratchBytes
    // Kernels may read, never write, past the arena's end; scratch follows it.
    let arenaBytes = (plan.arenaBytes + 63) / 64 * 64 + Self.slackBytes
    let memoryBytes = arenaBytes + scratchBytes * threads + Self.slackBytes
    memory = UnsafeMutableRawPointer.allocate(byteCount: memoryBytes, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: memoryBytes)
    let arena = memory
    func region(_ index: TensorIndex) -> UnsafeMutableRawBufferPointer {
      let tensor = plan.tensors[index.position]
      return UnsafeMutableRawBufferPointer(
        start: arena + tensor.arenaOffset, count: tensor.byteCount)
    }
    inputs = plan.inputs.map(region)
    outputs = plan.outputs.map(region)
    taps = plan.taps.map(region)
    states = plan.states.map { State(read: region($0.read), written: region($0.written)) }
    calls = .allocate(capacity: plan.instructions.count)
    for (position, layer) in image.layers.enumerated() {
      let memory = LayerMemory(
        arena: arena, constants: layer.constants, scratch: arena + arenaBytes)
      calls.initializeElement(at: position, to: layer.kernel.bind(layer.layer, to: memory))
    }
    kernels = image.layers.map { $0.kernel.name(for: $0.layer) }
    reset()
  }

  /// Forgets what earlier runs left: the next run is the first of a recording. Without states it does
  /// nothing.
  public func reset() {
    for (state, target) in zip(plan.states, states) {
      let length = state.initial.count
      for start in stride(from: 0, to: target.read.count, by: length) {
        UnsafeMutableRawBufferPointer(rebasing: target.read[start..<start + length])
          .copyBytes(from: state.initial)
      }
    }
  }

  /// Makes what a run wrote what the next one reads.
  private func keepStates() {
    for state in states { state.read.copyMemory(from: UnsafeRawBufferPointer(state.written)) }
  }

  /// Starts the other threads. Comes last: from here on the object is whole and cleans up by itself.
  private func startTeam() throws(RuntimeError) {
    guard threads > 1 else { return }
    let context = Unmanaged.passUnretained(self).toOpaque()
    team = swl_team_create(
      Int32(threads),
      { context, part in
        guard let context else { return }
        Unmanaged<Session>.fromOpaque(context)._withUnsafeGuaranteedRef {
          $0.runShare(Int(part))
        }
      }, context)
    if team == nil { throw .threads(threads) }
  }

  deinit {
    if let team { swl_team_destroy(team) }
    memory.deallocate()
    for call in calls { call.deallocate() }
    calls.deinitialize()
    calls.deallocate()
    ownedImage?.deallocate()
  }

  /// Runs one item: reads the input tensors and the states that the run before left, fills the outputs
  /// and taps and leaves new states.
  ///
  /// Compiled here only: Embedded Swift otherwise compiles the kernels again in each caller's module,
  /// for size, and the linker may keep that slower copy.
  @export(interface)
  public func run() {
    if let team {
      swl_team_run(team)
    } else {
      for position in 0..<calls.count { calls[position].run(.whole) }
    }
    keepStates()
  }

  /// One thread's part of every layer; all wait for each other after each.
  private func runShare(_ part: Int) {
    let share = WorkShare(part: part, of: threads, scratchBytes: scratchBytes)
    for position in 0..<calls.count {
      calls[position].run(share)
      swl_team_barrier(team)
    }
  }

  /// Runs one instruction; `bench --layers` times them one by one. States stay as they are.
  @export(interface)
  public func run(instruction position: Int) { calls[position].run(.whole) }

  /// The bytes of an input tensor, to be filled before `run`. They do not survive it.
  public func input(_ position: Int) -> UnsafeMutableRawBufferPointer {
    inputs[position]
  }

  /// The bytes of an output tensor after `run`.
  public func output(_ position: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(outputs[position])
  }

  /// The bytes of a tapped tensor after `run`.
  public func tap(_ position: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(taps[position])
  }

  /// The record of an input tensor.
  public func inputTensor(_ position: Int) -> PlanTensor {
    plan.tensors[plan.inputs[position].position]
  }

  /// The record of an output tensor.
  public func outputTensor(_ position: Int) -> PlanTensor {
    plan.tensors[plan.outputs[position].position]
  }

  /// What this session takes.
  public var figures: PreparedFigures {
    PreparedFigures(
      arenaBytes: plan.arenaBytes, scratchBytes: scratchBytes * threads, imageBytes: imageBytes,
      instructions: plan.instructions.count)
  }
}
