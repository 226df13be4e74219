import DeviceRuntime
import Importers
import Lowering
import ModelGraph
import PlanFormat
import Quantizer
import TestSupport
import Testing
import Wire

/// The binary form of a plan: what is written is read, and no bytes harm the reader or a session.
@Suite("plan coding") struct PlanCodingTests {
  @Test func roundTrip() throws {
    for seed in 0..<300 as Range<UInt64> {
      let (plan, weights) = SamplePlan.random(seed: seed)
      #expect(try Plan(decoding: plan.encoded()) == plan, "seed \(seed)")
      _ = try Session(plan: plan.encoded(), weights: weights)
    }
    let (plan, _) = SamplePlan.everyOperation()
    #expect(try Plan(decoding: plan.encoded()) == plan)
  }

  @Test func roundTripOfALoweredModel() throws {
    var model = ONNXSample()
    model.input("x", ["1", "2", "6", "6"])
    model.constant("w", [4, 2, 3, 3], floats: (0..<72).map { Float($0 % 11) / 10 - 0.5 })
    model.constant("d", [3, 4], floats: (0..<12).map { Float($0 % 5) / 4 - 0.4 })
    model.node("Conv", ["x", "w"], ["a"], ["kernel_shape": .ints([3, 3])])
    model.node("Relu", ["a"], ["b"])
    model.node("GlobalAveragePool", ["b"], ["c"])
    model.node("Flatten", ["c"], ["f"])
    model.node("Gemm", ["f", "d"], ["g"], ["transB": .int(1)])
    model.node("Softmax", ["g"], ["y"])
    model.output("y")
    let graph = try ModelImporter.load(bytes: model.bytes, name: "small")
    var random = SplitMix64(seed: 5)
    let items = (0..<8).map { _ in
      [
        TensorData(
          shape: [1, 2, 6, 6], floats: (0..<72).map { _ in Float(random.unit()) * 2 - 1 })
      ]
    }
    let calibrated = try CalibratedModel(graph, items: items)
    let lowered = try Lowering.lower(
      Quantizer.quantize(calibrated, method: .minMax, inputs: [.calibrated]))
    #expect(lowered.plan.instructions.count >= 4)
    #expect(try Plan(decoding: lowered.plan.encoded()) == lowered.plan)
    let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    session.run()
    #expect(session.output(0).count == 3)
  }

  @Test func figuresAndNames() throws {
    var (plan, _) = SamplePlan.everyOperation()
    plan.multiplyAccumulates = 40_000_000_000
    plan.instructions[0].name = String(repeating: "ü", count: 200)
    plan.tensors[0].name = "a" + String(repeating: "🛰", count: 100)
    let decoded = try Plan(decoding: plan.encoded())
    #expect(decoded.multiplyAccumulates == 40_000_000_000)
    #expect(decoded.instructions[0].name == String(repeating: "ü", count: 128))
    #expect(decoded.tensors[0].name == "a" + String(repeating: "🛰", count: 63))
    plan.multiplyAccumulates = (1 << 53) + 1
    #expect(throws: PlanError.self) { try Plan(decoding: plan.encoded()) }
  }

  /// True when the damaged bytes are a plan; then it is run with inputs of zeros.
  private func survives(_ bytes: [UInt8], _ weights: [UInt8]) throws -> Bool {
    do throws(RuntimeError) {
      let session = try Session(plan: bytes, weights: weights)
      for input in session.plan.inputs.indices {
        let buffer = session.input(input)
        for index in 0..<buffer.count { buffer[index] = 0 }
      }
      session.run()
      for output in session.plan.outputs.indices { _ = session.output(output).reduce(0, &+) }
      for tap in session.plan.taps.indices { _ = session.tap(tap).reduce(0, &+) }
      return true
    } catch {
      guard case .plan = error else { throw error }
      return false
    }
  }

  @Test func everyFlippedByteIsRefusedOrRuns() throws {
    let (plan, weights) = SamplePlan.everyOperation()
    let bytes = plan.encoded()
    #expect(try survives(bytes, weights))
    var refused = 0
    for damaged in Damage.flips(bytes) where try !survives(damaged, weights) { refused += 1 }
    // Names, scales and clamps may change and leave a plan; most bytes may not.
    #expect(refused > bytes.count, "\(refused) of \(bytes.count * 2)")
  }

  @Test func everyTruncationIsRefused() throws {
    let (plan, weights) = SamplePlan.everyOperation()
    let bytes = plan.encoded()
    for damaged in Damage.truncations(bytes) {
      #expect(try !survives(damaged, weights), "\(damaged.count) bytes")
    }
    #expect(try !survives(bytes + [0], weights))
  }

  @Test func everyFlippedWeightIsRefusedOrRuns() throws {
    let (plan, weights) = SamplePlan.everyOperation()
    let bytes = plan.encoded()
    var refused = 0
    for damaged in Damage.flips(weights) where try !survives(bytes, damaged) { refused += 1 }
    #expect(refused > 0)
    #expect(try !survives(bytes, Array(weights.dropLast())))
    #expect(try !survives(bytes, weights + [0]))
    #expect(try !survives(bytes, []))
  }

  @Test func randomDamageIsRefusedOrRuns() throws {
    var random = SplitMix64(seed: 0xdada)
    for seed in 0..<40 as Range<UInt64> {
      let (plan, weights) = SamplePlan.random(seed: seed)
      for damaged in Damage.random(plan.encoded(), count: 50, &random) {
        _ = try survives(damaged, weights)
      }
    }
  }

  @Test func headerIsNamed() {
    let (plan, _) = SamplePlan.everyOperation()
    var bytes = plan.encoded()
    bytes[4] = 9
    #expect(throws: PlanError.version(9)) { try Plan(decoding: bytes) }
    bytes[0] = 0
    #expect(throws: PlanError.notAPlan) { try Plan(decoding: bytes) }
    #expect(throws: PlanError.notAPlan) { try Plan(decoding: []) }
  }
}
