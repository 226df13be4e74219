import DeviceRuntime
import Kernels
import PlanFormat
import TestSupport
import Testing
import Wire

/// The tiers beyond the scalar one: equal to it on layers as large and as plain as real models have,
/// and really the ones that run.
@Suite("tiers") struct TierTests {
  /// A layer of a real model: mostly ReLU, scales well below 1.
  private struct Draft {
    var random: SplitMix64
    var sketch = PlanSketch()
    let zeroPoint: Int32 = -128

    mutating func scales(_ channels: Int, rounding: Requantization.Rounding = .twice)
      -> Requantization
    {
      let isRectified = random.int(0...2) > 0
      let multipliers = (0..<channels).map { _ in Int32(random.int(1 << 30...Int(Int32.max))) }
      let shifts = (0..<channels).map { _ in Int8(-random.int(6...9)) }
      return Requantization(
        multipliers: sketch.constant(multipliers), shifts: sketch.constant(shifts),
        rounding: rounding, outputZeroPoint: isRectified ? -128 : Int32(random.int(-20...20)),
        minimum: -128, maximum: random.int(0...3) > 0 ? 127 : 90)
    }
  }

  /// An image names a kernel by its code alone.
  @Test func codesAreUnique() {
    let kernels = KernelTable.fastestFirst
    #expect(Set(kernels.map(\.code)).count == kernels.count)
  }

  @Test func convolutions() throws {
    for seed in 0..<60 as Range<UInt64> {
      var draft = Draft(random: SplitMix64(seed: 0x5713 + seed))
      let depth = draft.random.one(of: [1, 3, 4, 8, 16, 24, 32, 64, 72])
      let filters = draft.random.one(of: [8, 12, 16, 24, 32, 40, 64, 72, 96, 128, 136])
      let kernel = draft.random.one(of: [1, 1, 3, 3, 5])
      let stride = draft.random.one(of: [1, 1, 2])
      let (height, width) = (draft.random.int(kernel...20), draft.random.int(kernel...20))
      let padding = draft.random.int(0...(kernel - 1) / 2)
      let window = Window(
        height: kernel, width: kernel, strideHeight: stride, strideWidth: stride,
        paddingTop: padding, paddingLeft: padding)
      let output = [height, width].map { ($0 + 2 * padding - kernel) / stride + 1 }
      let values = draft.random.activations(height * width * depth)
      let weights = draft.random.weights(filters * kernel * kernel * depth)
      let source = draft.sketch.tensor(
        "x", [1, height, width, depth], zeroPoint: draft.zeroPoint)
      let parameters = ConvolutionParameters(
        window: window, inputZeroPoint: draft.zeroPoint, weights: draft.sketch.constant(weights),
        bias: draft.sketch.constant(draft.random.biases(filters)),
        requantization: draft.scales(filters))
      draft.sketch.emit(
        "conv", .convolution2D(parameters), [source], [1, output[0], output[1], filters],
        zeroPoint: parameters.requantization.outputZeroPoint)
      _ = try draft.sketch.run([values])
    }
  }

  @Test func depthwiseConvolutions() throws {
    for seed in 0..<60 as Range<UInt64> {
      var draft = Draft(random: SplitMix64(seed: 0xd713 + seed))
      let channels = draft.random.one(of: [4, 8, 16, 24, 32, 48, 64, 72, 96, 128, 144])
      let (kernelHeight, kernelWidth) = (
        draft.random.one(of: [1, 3, 3, 3, 5, 7]), draft.random.one(of: [1, 3, 3, 3, 5])
      )
      let stride = draft.random.one(of: [1, 1, 2])
      let (height, width) = (draft.random.int(7...20), draft.random.int(5...20))
      let (top, left) = ((kernelHeight - 1) / 2, (kernelWidth - 1) / 2)
      let window = Window(
        height: kernelHeight, width: kernelWidth, strideHeight: stride, strideWidth: stride,
        paddingTop: top, paddingLeft: left)
      let rows = (height + 2 * top - kernelHeight) / stride + 1
      let columns = (width + 2 * left - kernelWidth) / stride + 1
      let values = draft.random.activations(height * width * channels)
      let weights = draft.random.weights(kernelHeight * kernelWidth * channels)
      let source = draft.sketch.tensor(
        "x", [1, height, width, channels], zeroPoint: draft.zeroPoint)
      let parameters = ConvolutionParameters(
        window: window, inputZeroPoint: draft.zeroPoint, weights: draft.sketch.constant(weights),
        bias: draft.sketch.constant(draft.random.biases(channels)),
        requantization: draft.scales(channels))
      draft.sketch.emit(
        "depthwise", .depthwiseConvolution2D(parameters), [source], [1, rows, columns, channels],
        zeroPoint: parameters.requantization.outputZeroPoint)
      _ = try draft.sketch.run([values])
    }
  }

  @Test func fullyConnected() throws {
    for seed in 0..<40 as Range<UInt64> {
      var draft = Draft(random: SplitMix64(seed: 0xf713 + seed))
      let items = draft.random.one(of: [1, 1, 1, 5])
      let features = draft.random.one(of: [8, 64, 128, 640])
      let outputs = draft.random.one(of: [2, 8, 10, 64, 128, 200, 640])
      let values = draft.random.activations(items * features)
      let weights = draft.random.weights(outputs * features)
      let source = draft.sketch.tensor("x", [items, features], zeroPoint: draft.zeroPoint)
      let parameters = FullyConnectedParameters(
        inputZeroPoint: draft.zeroPoint, weights: draft.sketch.constant(weights),
        bias: draft.sketch.constant(draft.random.biases(outputs)),
        requantization: draft.scales(outputs, rounding: .once))
      draft.sketch.emit(
        "dense", .fullyConnected(parameters), [source], [items, outputs],
        zeroPoint: parameters.requantization.outputZeroPoint)
      _ = try draft.sketch.run([values])
    }
  }

  /// Sums with scales as models have them: the fast kernel must take nearly all.
  @Test func sums() throws {
    var fast = 0
    for seed in 0..<40 as Range<UInt64> {
      var random = SplitMix64(seed: 0xadd0 + seed)
      let count = random.one(of: [1, 63, 64, 65, 1000])
      let scales = (0..<3).map { _ in Double(random.int(100...1000)) / 7919 }
      let largest = 2 * max(scales[0], scales[1])
      let zeroPoint = random.one(of: [-128, random.zeroPoint()])
      let parameters = AdditionParameters(
        leftShift: 20, leftZeroPoint: random.zeroPoint(), rightZeroPoint: random.zeroPoint(),
        left: FixedPointScale(nearestTo: scales[0] / largest),
        right: FixedPointScale(nearestTo: scales[1] / largest),
        output: FixedPointScale(nearestTo: largest / (Double(1 << 20) * scales[2])),
        outputZeroPoint: zeroPoint, minimum: -128, maximum: 127)
      var sketch = PlanSketch()
      let left = sketch.tensor("a", [1, count], zeroPoint: parameters.leftZeroPoint)
      let right = sketch.tensor("b", [1, count], zeroPoint: parameters.rightZeroPoint)
      sketch.emit("add", .addition(parameters), [left, right], [1, count], zeroPoint: zeroPoint)
      _ = try sketch.run([random.activations(count), random.activations(count)])
      let plan = sketch.plan(inputs: [left, right], outputs: [sketch.instructions[0].output])
      let session = try Session(plan: plan.encoded(), weights: sketch.weights)
      if !session.kernels[0].hasSuffix("scalar") { fast += 1 }
    }
    if KernelTier.best != .scalar { #expect(fast > 30) }
  }

  /// No real layer falls back to the scalar kernels unnoticed.
  @Test func expectedKernelsRun() throws {
    let (plan, weights) = SamplePlan.everyOperation()
    for tier in KernelTier.available where tier != .scalar {
      let session = try Session(plan: plan.encoded(), weights: weights, tier: tier)
      for (instruction, kernel) in zip(plan.instructions, session.kernels) {
        switch instruction.operation {
        case .softmax, .transpose: #expect(kernel.hasSuffix("scalar"))
        // A table by bytes is as fast as any look-up by vectors narrower than 512 bits on x86.
        case .lookup where [.sse41, .avx2, .avxvnni].contains(tier):
          #expect(kernel.hasSuffix("scalar"))
        default: #expect(!kernel.hasSuffix("scalar"), "\(instruction.name) runs \(kernel)")
        }
      }
    }
  }
}
