import CAllocationCounter
import DeviceRuntime
import Kernels
import PlanFormat
import Testing

/// `Session.run` takes no memory and asks nothing of the system: everything is taken when the session
/// is made.
@Suite("allocation") struct AllocationTests {
  /// Every operation there is.
  private static let samples = [
    SamplePlan.everyOperation(), SamplePlan.version2(), SamplePlan.movement(),
    SamplePlan.linear(), SamplePlan.states(),
  ]

  private func allocations(_ body: () throws -> Void) rethrows -> UInt64 {
    let before = swiftlet_test_allocation_count()
    try body()
    return swiftlet_test_allocation_count() - before
  }

  @Test func runAllocatesNothing() throws {
    for (plan, weights) in Self.samples {
      for tier in KernelTier.available {
        let session = try Session(plan: plan.encoded(), weights: weights, tier: tier)
        // The first run too: nothing is made lazily.
        for _ in 0..<3 { #expect(allocations { session.run() } == 0, "\(tier.name)") }
      }
    }
    let (plan, weights) = SamplePlan.everyOperation()
    let session = try Session(plan: plan.encoded(), weights: weights)
    for position in plan.instructions.indices {
      #expect(
        allocations { session.run(instruction: position) } == 0,
        "\(plan.instructions[position].name)")
    }
    #expect(allocations { _ = session.output(0).count + session.input(0).count } == 0)
  }

  private func runsWithoutSystemCalls(
    _ session: Session, _ work: @convention(c) (UnsafeMutableRawPointer?) -> Void
  ) -> Bool {
    swiftlet_test_runs_without_system_calls(
      work, Unmanaged.passUnretained(session).toOpaque()) == 1
  }

  @Test func runCallsNothingOfTheSystem() throws {
    for (plan, weights) in Self.samples {
      for tier in KernelTier.available {
        let session = try Session(plan: plan.encoded(), weights: weights, tier: tier)
        // The first run too.
        #expect(
          runsWithoutSystemCalls(session) { context in
            guard let context else { return }
            let session = Unmanaged<Session>.fromOpaque(context).takeUnretainedValue()
            for _ in 0..<3 { session.run() }
          }, "\(tier.name)")
      }
    }
  }

  @Test func theGuardKills() throws {
    let (plan, weights) = SamplePlan.everyOperation()
    let session = try Session(plan: plan.encoded(), weights: weights)
    #expect(!runsWithoutSystemCalls(session) { _ in swiftlet_test_ask_the_system() })
  }

  @Test func theCounterCounts() throws {
    let (plan, weights) = SamplePlan.everyOperation()
    let bytes = plan.encoded()
    #expect(try allocations { _ = try Session(plan: bytes, weights: weights) } > 3)
    var kept: [[Int]] = []
    #expect(
      allocations { for size in 1...10 { kept.append([Int](repeating: 1, count: size)) } } >= 10)
    #expect(
      allocations { UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64).deallocate() }
        == 1)
    #expect(kept.count == 10)
  }
}
