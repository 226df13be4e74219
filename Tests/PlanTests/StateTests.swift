import DeviceRuntime
import Kernels
import PlanFormat
import TestSupport
import Testing
import Wire

/// What a session keeps from one run for the next.
@Suite("states") struct StateTests {
  private func session(threads: Int = 1) throws -> Session {
    let (plan, weights) = SamplePlan.states()
    return try Session(plan: plan.encoded(), weights: weights, threads: threads)
  }

  /// Runs one input and returns both outputs.
  private func run(_ session: Session, _ values: [Int8]) -> [[Int8]] {
    session.input(0).copyBytes(from: values.map { UInt8(bitPattern: $0) })
    session.run()
    return (0..<2).map { session.output($0).map { Int8(bitPattern: $0) } }
  }

  @Test(arguments: [1, 3]) func statesGoFromRunToRun(threads: Int) throws {
    let session = try session(threads: threads)
    // The sum starts from 1…5, an x of q stands for q − 3, and the sum is shown 5 lower.
    #expect(run(session, [3, 4, 5, 6, 7]) == [[-4, -2, 0, 2, 4], [9, 9, 9, 9, 9]])
    #expect(run(session, [1, 1, 1, 1, 100]) == [[-6, -4, -2, 0, 101], [3, 4, 5, 6, 7]])
    // 16 bits in steps of 2^-8 saturate just below 128.
    #expect(run(session, [3, 3, 3, 3, 100])[0] == [-6, -4, -2, 0, 123])
  }

  @Test func resettingForgets() throws {
    let session = try session()
    let first = run(session, [10, 20, 30, 40, 50])
    #expect(run(session, [10, 20, 30, 40, 50]) != first)
    session.reset()
    #expect(run(session, [10, 20, 30, 40, 50]) == first)
  }

  @Test func goldenVectorsAreOneRecording() throws {
    let session = try session()
    _ = run(session, [1, 2, 3, 4, 5])
    let vectors = GoldenVectors.make(seeds: [1, 2, 3], session: session)
    _ = run(session, [1, 2, 3, 4, 5])
    try vectors.check(session)
    try vectors.check(try self.session())
    // In another order they are another recording.
    var others = vectors
    others.vectors.swapAt(0, 1)
    #expect(throws: RuntimeError.self) { try others.check(session) }
  }

  // MARK: Hostile plans

  private func expectRefusal(
    _ rule: String, sourceLocation: SourceLocation = #_sourceLocation, _ edit: (inout Plan) -> Void
  ) {
    var (plan, weights) = SamplePlan.states()
    edit(&plan)
    do throws(RuntimeError) {
      _ = try Session(plan: plan.encoded(), weights: weights)
      Issue.record("accepted", sourceLocation: sourceLocation)
    } catch {
      #expect(error.message.contains(rule), "\(error.message)", sourceLocation: sourceLocation)
    }
  }

  @Test func statesAreWhatTheyAreReadAs() {
    expectRefusal("another type") { $0.states[1].written = $0.states[0].written }
    expectRefusal("another type") { $0.tensors[$0.states[0].read.position].scale = 1 }
    expectRefusal("another type") { plan in
      plan.tensors[plan.states[1].read.position].zeroPoint = 4
    }
    expectRefusal("does not exist") { $0.states[0].written = TensorIndex(99) }
    expectRefusal("does not exist") { $0.states[0].read = TensorIndex(99) }
  }

  @Test func statesStartFromAllOfTheirBytesOrOneElement() {
    for count in [0, 1, 3, 9, 11] {
      expectRefusal("starts from \(count) bytes") { plan in
        plan.states[0].initial = [UInt8](repeating: 1, count: count)
      }
    }
  }

  @Test func nothingDisturbsAState() {
    expectRefusal("overlaps an input or another state") { plan in
      plan.tensors[plan.states[1].read.position].arenaOffset = plan.tensors[0].arenaOffset
    }
    expectRefusal("overlaps an input or another state") { plan in
      plan.states[1] = plan.states[0]
    }
    // An instruction writes over what is read.
    expectRefusal("overwrites its own operand") { plan in
      plan.tensors[plan.states[0].written.position].arenaOffset =
        plan.tensors[plan.states[0].read.position].arenaOffset
    }
    expectRefusal("does not survive the run") { plan in
      plan.tensors[plan.instructions[2].output.position].arenaOffset =
        plan.tensors[plan.states[0].read.position].arenaOffset
      plan.outputs = [plan.outputs[1]]
    }
    // What is written is gone by the end of the run.
    expectRefusal("does not survive the run") { plan in
      plan.tensors[plan.instructions[3].output.position].arenaOffset =
        plan.tensors[plan.states[0].written.position].arenaOffset
    }
    // An output would change before it is read.
    expectRefusal("overlaps a state that is read") { $0.outputs[1] = $0.states[1].read }
    expectRefusal("overlaps a state that is read") { $0.taps = [$0.states[1].read] }
    // One state's copy would change what another one copies.
    expectRefusal("overlaps a state that is read") { $0.states[1].written = $0.states[1].read }
  }

  /// Bytes of version 3 hold no states: what follows the taps is read as instructions.
  @Test func olderVersionsHoldNoStates() throws {
    var bytes = SamplePlan.states().plan.encoded()
    bytes[4] = 3
    #expect(throws: PlanError.self) { try Plan(decoding: bytes) }
    var (plan, weights) = SamplePlan.states()
    plan.states = []
    #expect(plan.requiredVersion == 3)
    // And without its states the plan reads what nothing wrote.
    #expect(throws: RuntimeError.self) { try Session(plan: plan.encoded(), weights: weights) }
  }

  @Test func damageIsRefusedOrRuns() throws {
    let (plan, weights) = SamplePlan.states()
    let bytes = plan.encoded()
    func survives(_ bytes: [UInt8]) throws -> Bool {
      do throws(RuntimeError) {
        let session = try Session(plan: bytes, weights: weights)
        for _ in 0..<2 { session.run() }
        return true
      } catch {
        guard case .plan = error else { throw error }
        return false
      }
    }
    #expect(try survives(bytes))
    var refused = 0
    for damaged in Damage.flips(bytes) where try !survives(damaged) { refused += 1 }
    #expect(refused > bytes.count / 2, "\(refused) of \(bytes.count * 2)")
    for damaged in Damage.truncations(bytes) { #expect(try !survives(damaged)) }
    var random = SplitMix64(seed: 0x57a7e)
    for damaged in Damage.random(bytes, count: 2000, &random) { _ = try survives(damaged) }
  }
}
