import DeviceRuntime
import PlanFormat
import TestSupport
import Testing
import Wire

/// Versions of the plan format: what is old stays as it was, what is new says so.
@Suite("plan versions") struct PlanVersionTests {
  @Test func plansAreWrittenInTheOldestVersionTheyNeed() throws {
    let (old, _) = SamplePlan.everyOperation()
    #expect(old.requiredVersion == 1 && old.encoded()[4] == 1)
    let (new, _) = SamplePlan.version2()
    #expect(new.requiredVersion == 2 && new.encoded()[4] == 2)
    #expect(try Plan(decoding: new.encoded()) == new)
    let (kept, _) = SamplePlan.states()
    #expect(kept.requiredVersion == 4 && kept.encoded()[4] == 4)
    #expect(try Plan(decoding: kept.encoded()) == kept)
    var wide = old
    wide.tensors[0].element = .int64
    #expect(wide.requiredVersion == 2)
  }

  @Test func newerVersionsReadOlderContent() throws {
    let (plan, _) = SamplePlan.everyOperation()
    var bytes = plan.encoded()
    bytes[4] = 2
    #expect(try Plan(decoding: bytes) == plan)
    for version in [0, 5, 255] as [UInt8] {
      bytes[4] = version
      #expect(throws: PlanError.version(UInt16(version))) { try Plan(decoding: bytes) }
    }
  }

  /// Bytes that claim version 1 hold none of version 2's opcodes, nor its element.
  @Test func olderVersionsDoNotHoldNewerContent() throws {
    for (instruction, opcode) in [11, 12, 14, 13, 15].enumerated() {
      var (plan, _) = SamplePlan.version2()
      plan.instructions = [plan.instructions[instruction]]
      plan.tensors[6].element = .int32
      var bytes = plan.encoded()
      bytes[4] = 1
      let error = #expect(throws: PlanError.self) { try Plan(decoding: bytes) }
      guard case .malformed(.limitExceeded(_, let value, let limit))? = error else {
        Issue.record("\(instruction): \(String(describing: error))")
        continue
      }
      #expect(value == UInt64(opcode) && limit == 10)
    }
    var (plan, _) = SamplePlan.everyOperation()
    plan.tensors[0].element = .int64
    var bytes = plan.encoded()
    bytes[4] = 1
    let error = #expect(throws: PlanError.self) { try Plan(decoding: bytes) }
    guard case .malformed(.limitExceeded(_, 4, 3))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// True when the damaged bytes are a plan; then it is run.
  private func survives(_ bytes: [UInt8], _ weights: [UInt8]) throws -> Bool {
    do throws(RuntimeError) {
      let session = try Session(plan: bytes, weights: weights)
      for input in session.plan.inputs.indices {
        let buffer = session.input(input)
        for index in 0..<buffer.count { buffer[index] = UInt8(truncatingIfNeeded: index &* 37) }
      }
      session.run()
      return true
    } catch {
      guard case .plan = error else { throw error }
      return false
    }
  }

  @Test func damageIsRefusedOrRuns() throws {
    let (plan, weights) = SamplePlan.version2()
    let bytes = plan.encoded()
    #expect(try survives(bytes, weights))
    var refused = 0
    for damaged in Damage.flips(bytes) where try !survives(damaged, weights) { refused += 1 }
    #expect(refused > bytes.count, "\(refused) of \(bytes.count * 2)")
    for damaged in Damage.truncations(bytes) { #expect(try !survives(damaged, weights)) }
    refused = 0
    for damaged in Damage.flips(weights) where try !survives(bytes, damaged) { refused += 1 }
    #expect(refused > 0)
    var random = SplitMix64(seed: 0xdad2)
    for damaged in Damage.random(bytes, count: 2000, &random) { _ = try survives(damaged, weights) }
    for damaged in Damage.random(weights, count: 2000, &random) { _ = try survives(bytes, damaged) }
  }
}
