import DeviceRuntime
import PlanFormat
import TestSupport
import Testing
import Wire

/// The rules of opcodes 25 to 29, each broken at one place.
@Suite("hostile linear operations") struct HostileLinearTests {
  private let sample = HostileSample(SamplePlan.linear())

  private func expectRefusal(
    _ name: String, _ rule: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ edit: (inout PlanOperation) -> Void
  ) {
    sample.expectRefusal(name, rule, sourceLocation: sourceLocation) { $0.edit(name, edit) }
  }

  @Test func sampleIsAccepted() throws {
    #expect(sample.refusal() == "")
    #expect(sample.plan.requiredVersion == 3)
    #expect(try Plan(decoding: sample.plan.encoded()) == sample.plan)
  }

  private static func product(
    _ operation: inout PlanOperation, _ change: (inout MatrixProductParameters) -> Void
  ) {
    guard case .matrixProduct(var parameters) = operation else { return }
    change(&parameters)
    operation = .matrixProduct(parameters)
  }

  @Test func products() {
    func refused(_ rule: String, _ change: (inout MatrixProductParameters) -> Void) {
      expectRefusal("product", rule) { Self.product(&$0, change) }
    }
    refused("differ") { $0.transposesRight = false }
    refused("differ") { $0.transposesLeft = true }
    refused("zero point") { $0.leftZeroPoint += 1 }
    refused("zero point") { $0.rightZeroPoint += 1 }
    refused("zero point") { $0.outputZeroPoint = 128 }
    refused("scale") { $0.scale.multiplier = -1 }
    refused("scale") { $0.scale.shift = 31 }
    refused("clamp") { $0.minimum = -129 }
    #expect(sample.refusal { plan, _ in plan.tensors[5].shape = [8, 6, 8] }.contains("matrices"))
    #expect(
      sample.refusal { plan, _ in plan.tensors[5].shape = [8, 1, 6, 8] }.contains("broadcast"))
    #expect(
      sample.refusal { plan, _ in plan.instructions[4].inputs.removeLast() }.contains("operands"))
    var sketch = PlanSketch()
    let depth = 33026
    let long = sketch.tensor("long", [1, depth], zeroPoint: 0)
    let parameters = MatrixProductParameters(
      transposesLeft: false, transposesRight: true, leftZeroPoint: 0, rightZeroPoint: 0,
      scale: FixedPointScale(nearestTo: 0.1), outputZeroPoint: 0, minimum: 0, maximum: 0)
    sketch.emit("far", .matrixProduct(parameters), [long, long], [1, 1], zeroPoint: 0)
    let plan = sketch.plan(inputs: [long], outputs: [TensorIndex(1)])
    let error = #expect(throws: RuntimeError.self) {
      _ = try Session(plan: plan.encoded(), weights: sketch.weights)
    }
    #expect(error?.message.contains("too many products") == true)
  }

  @Test func folds() {
    func refused(_ rule: String, _ change: (inout ReductionParameters) -> Void) {
      expectRefusal("reduce", rule) { operation in
        guard case .reduction(var parameters) = operation else { return }
        change(&parameters)
        operation = .reduction(parameters)
      }
    }
    refused("do not exist") { $0.axes = AxisSet([4]) }
    refused("another size") { $0.axes = AxisSet([1]) }
    refused("another size") { $0.axes = AxisSet([]) }
    refused("zero point") { $0.inputZeroPoint += 1 }
    refused("zero point") { $0.outputZeroPoint = -129 }
    refused("scale") { $0.scale.shift = -32 }
    refused("clamp") { $0.maximum = 128 }
  }

  @Test func normalizations() {
    func refused(_ rule: String, _ change: (inout NormalizationParameters) -> Void) {
      expectRefusal("norm", rule) { operation in
        guard case .normalization(var parameters) = operation else { return }
        change(&parameters)
        operation = .normalization(parameters)
      }
    }
    refused("do not exist") { $0.axes = AxisSet([7]) }
    refused("do not exist") { $0.affineAxes = AxisSet([1, 3, 5]) }
    refused("wrong size") { $0.affineAxes = AxisSet([1]) }
    refused("wrong size") { $0.gain.byteCount -= 4 }
    refused("wrong size") { $0.bias.byteCount += 8 }
    refused("outside") { $0.bias.offset += 8 }
    refused("epsilon") { $0.epsilon = 1 << 60 + 1 }
    refused("shift") { $0.shift = 41 }
    refused("zero point") { $0.inputZeroPoint -= 1 }
    refused("clamp") { $0.minimum = 121 }
    #expect(sample.refusal { plan, _ in plan.tensors[3].shape = [1, 6, 8, 3] }.contains("shape"))
    let message = sample.refusal { plan, weights in
      guard case .normalization(let parameters) = plan.instructions[2].operation else { return }
      weights[parameters.bias.offset + 7] = 0x7F
    }
    #expect(message.contains("norm") && message.contains("overflow"), "got '\(message)'")
  }

  @Test(arguments: ["grouped", "transposed"]) func convolutions(_ name: String) {
    func refused(_ rule: String, _ change: (inout GroupedConvolutionParameters) -> Void) {
      expectRefusal(name, rule) { operation in
        switch operation {
        case .groupedConvolution(var parameters):
          change(&parameters)
          operation = .groupedConvolution(parameters)
        case .transposedConvolution(var parameters):
          change(&parameters)
          operation = .transposedConvolution(parameters)
        default: break
        }
      }
    }
    refused("do not divide") { $0.groups = 0 }
    refused("do not divide") { $0.groups = 5 }
    refused("wrong size") { $0.groups = 1 }
    refused("wrong size") { $0.convolution.weights.byteCount -= 1 }
    refused("wrong size") { $0.convolution.bias.byteCount += 4 }
    refused("outside") { $0.convolution.bias.offset += 8 }
    refused("zero point") { $0.convolution.inputZeroPoint += 1 }
    refused("empty window") { $0.convolution.window.strideWidth = 0 }
    refused("empty window") { $0.convolution.window.dilationHeight = 0 }
    refused("clamp") { $0.convolution.requantization.maximum = 128 }
    let message = sample.refusal { plan, weights in
      let operation = plan.instructions[name == "grouped" ? 0 : 1].operation
      guard case .groupedConvolution(let parameters) = operation else {
        guard case .transposedConvolution(let parameters) = operation else { return }
        weights[parameters.convolution.bias.offset + 3] = 0x7F
        weights[parameters.convolution.bias.offset + 2] = 0xFF
        return
      }
      weights[parameters.convolution.bias.offset + 3] = 0x7F
      weights[parameters.convolution.bias.offset + 2] = 0xFF
    }
    #expect(message.contains(name) && message.contains("overflow"), "got '\(message)'")
  }

  /// Whatever is damaged, the plan is refused or runs.
  @Test func damageIsRefusedOrRuns() throws {
    let (plan, weights) = SamplePlan.linear()
    let bytes = plan.encoded()
    func survives(_ bytes: [UInt8], _ weights: [UInt8]) throws -> Bool {
      do throws(RuntimeError) {
        let session = try Session(plan: bytes, weights: weights)
        let buffer = session.input(0)
        for index in 0..<buffer.count { buffer[index] = UInt8(truncatingIfNeeded: index &* 37) }
        session.run()
        return true
      } catch {
        guard case .plan = error else { throw error }
        return false
      }
    }
    #expect(try survives(bytes, weights))
    var refused = 0
    for damaged in Damage.flips(bytes) where try !survives(damaged, weights) { refused += 1 }
    #expect(refused > bytes.count, "\(refused) of \(bytes.count * 2)")
    for damaged in Damage.truncations(bytes) { #expect(try !survives(damaged, weights)) }
    for damaged in Damage.flips(weights) { _ = try survives(bytes, damaged) }
  }
}
