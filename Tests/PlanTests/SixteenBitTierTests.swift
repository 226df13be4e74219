import DeviceRuntime
import Kernels
import PlanFormat
import Testing
import Wire

/// The vector kernels of int16: equal to the scalar ones on layers as large and as plain as real models
/// have, really the ones that run there, and left alone where their widths do not suffice.
@Suite("16x8 tiers") struct SixteenBitTierTests {
  static let tiers = KernelTier.available.filter {
    [.sse41, .avx2, .avxvnni, .avx512vnni, .amx].contains($0)
  }

  /// Whether every tier but the scalar one runs the sketch's layer on a kernel of its own.
  private func isFast(_ sketch: PlanSketch) throws -> Bool {
    try Self.tiers.allSatisfy { try !sketch.kernel(on: $0).hasSuffix("scalar") }
  }

  /// Scales as models have them: well below 1, no two alike.
  private func scales(
    _ channels: Int, _ rounding: Requantization16x8.Rounding, _ sketch: inout PlanSketch,
    _ random: inout SplitMix64
  ) -> Requantization16x8 {
    let scales = (0..<channels).map { _ in
      FixedPointScale(
        multiplier: Int32(random.int(1 << 30...Int(Int32.max))) | 1,
        shift: Int32(-random.int(7...12)))
    }
    return sketch.requantization16x8(
      scales, rounding, clamp: random.one(of: [-32768...32767, 0...32767, 0...20000]))
  }

  @Test func convolutions() throws {
    for seed in 0..<60 as Range<UInt64> {
      var random = SplitMix64(seed: 0x16_5713 + seed)
      let isDepthwise = seed % 2 == 1
      let depth = random.one(of: [1, 3, 4, 8, 12, 16, 24, 32, 48])
      let filters = isDepthwise ? depth : random.one(of: [2, 8, 12, 16, 24, 32, 40, 64, 72, 136])
      let kernel = random.one(of: [1, 1, 3, 3, 5])
      let stride = random.one(of: [1, 1, 2])
      let (height, width) = (random.int(kernel...20), random.int(kernel...20))
      let padding = random.int(0...(kernel - 1) / 2)
      let window = Window(
        height: kernel, width: kernel, strideHeight: stride, strideWidth: stride,
        paddingTop: padding, paddingLeft: padding)
      let output = [height, width].map { ($0 + 2 * padding - kernel) / stride + 1 }
      let taps = kernel * kernel * (isDepthwise ? 1 : depth)
      // Sums of a layer of many taps fit when its weights are not all at the extreme.
      let weights = random.spreadWeights(filters * taps).map { taps > 500 ? $0 / 3 : $0 }
      let values = random.wideActivations(height * width * depth)
      var sketch = PlanSketch()
      let source = sketch.tensor("x", [1, height, width, depth], element: .int16, zeroPoint: 0)
      let bias = (0..<filters).map { _ in Int64(random.int(-1 << 24...1 << 24)) }
      let parameters = Convolution16x8Parameters(
        window: window, weights: sketch.constant(weights), bias: sketch.constant(words: bias),
        requantization: scales(filters, .reduced, &sketch, &random))
      sketch.emit(
        "layer", isDepthwise ? .depthwiseConvolution16x8(parameters) : .convolution16x8(parameters),
        [source], [1, output[0], output[1], filters], element: .int16, zeroPoint: 0)
      _ = try sketch.run([values], as: Int16.self)
      #expect(try isFast(sketch), "seed \(0x16_5713 + seed)")
    }
  }

  @Test func fullyConnected() throws {
    for seed in 0..<40 as Range<UInt64> {
      var random = SplitMix64(seed: 0x16_f713 + seed)
      let items = random.one(of: [1, 1, 1, 5])
      let features = random.one(of: [8, 64, 127, 128, 500])
      let outputs = random.one(of: [2, 8, 10, 64, 128, 200, 640])
      var sketch = PlanSketch()
      let source = sketch.tensor("x", [items, features], element: .int16, zeroPoint: 0)
      let bias = (0..<outputs).map { _ in Int64(random.int(-1 << 24...1 << 24)) }
      let parameters = FullyConnected16x8Parameters(
        weights: sketch.constant(random.spreadWeights(outputs * features)),
        bias: sketch.constant(words: bias),
        requantization: scales(random.one(of: [1, outputs]), .whole, &sketch, &random))
      sketch.emit(
        "dense", .fullyConnected16x8(parameters), [source], [items, outputs], element: .int16,
        zeroPoint: 0)
      _ = try sketch.run([random.wideActivations(items * features)], as: Int16.self)
      #expect(try isFast(sketch), "seed \(0x16_f713 + seed)")
    }
  }

  /// Values beside and at halves of both signs, at the limits of what is taken.
  @Test(arguments: [.reduced, .whole] as [Requantization16x8.Rounding])
  func halves(rounding: Requantization16x8.Rounding) throws {
    let inputs = (-600...600).map { Int16($0) } + [-32768, -32767, -16385, -16384, 16384, 32767]
    for (multiplier, shift, bias) in [
      (1 << 30, -1, 0), (1 << 30, -3, 4), (1 << 30, -7, -64), (3 << 29, -5, 1), (1 << 30, -31, 0),
      (1 << 30, -7, 1 << 29), (0, -7, 1000), (Int(Int32.max), -1, -5),
    ] {
      let sketch = line(
        inputs.count, FixedPointScale(multiplier: Int32(multiplier), shift: Int32(shift)), rounding,
        bias: Int64(bias))
      let scale = FixedPointScale(multiplier: Int32(multiplier), shift: Int32(shift))
      let expected = inputs.map { input in
        let level = Scaling16x8.level(Int128(input) + Int128(bias), scale, rounding)
        return Int16(min(max(level, -32768), 32767))
      }
      #expect(try sketch.run([inputs], as: Int16.self) == expected, "\(scale), bias \(bias)")
      #expect(try isFast(sketch), "\(scale), bias \(bias)")
    }
  }

  /// What the vector kernels cannot hold stays with the scalar ones.
  @Test func refusals() throws {
    let half = FixedPointScale(multiplier: 1 << 30, shift: -7)
    // Its 18 zeros leave halves to values of 19 bits, and room for one more to those of 18.
    let short = FixedPointScale(multiplier: 1 << 30 | 1 << 18, shift: -7)
    let left = FixedPointScale(multiplier: 1 << 30, shift: 0)
    let cases: [(FixedPointScale, Requantization16x8.Rounding, Int64)] = [
      (half, .whole, 1 << 40), (short, .whole, 1 << 28), (left, .whole, 0), (left, .reduced, 0),
      (half, .reduced, 1 << 46),
    ]
    for (scale, rounding, bias) in cases {
      let sketch = line(2, scale, rounding, bias: bias)
      _ = try sketch.run([[-32768, 32767] as [Int16]], as: Int16.self)
      for tier in Self.tiers {
        #expect(try sketch.kernel(on: tier).hasSuffix("scalar"), "\(scale), bias \(bias)")
      }
    }
    // Sums beyond 32 bits.
    for (features, isServed) in [(515, true), (517, false)] {
      var sketch = PlanSketch()
      let source = sketch.tensor("x", [1, features], element: .int16, zeroPoint: 0)
      let weights = [Int8](repeating: -127, count: features)
      let parameters = FullyConnected16x8Parameters(
        weights: sketch.constant(weights), bias: sketch.constant(words: [0 as Int64]),
        requantization: sketch.requantization16x8(
          [FixedPointScale(multiplier: .max, shift: -16)], .whole))
      sketch.emit(
        "dense", .fullyConnected16x8(parameters), [source], [1, 1], element: .int16, zeroPoint: 0)
      let values = [Int16](repeating: -32768, count: features)
      _ = try sketch.run([values], as: Int16.self)
      #expect(try isFast(sketch) == isServed || Self.tiers.isEmpty, "\(features) features")
    }
  }

  /// Sums with scales as models have them.
  @Test func sums() throws {
    for seed in 0..<60 as Range<UInt64> {
      var random = SplitMix64(seed: 0x16_add0 + seed)
      let count = random.one(of: [1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 1000])
      let scales = (0..<3).map { _ in Double(random.int(100...1000)) / 7919 }
      let largest = 2 * max(scales[0], scales[1])
      let parameters = AdditionParameters(
        leftShift: 15, leftZeroPoint: 0, rightZeroPoint: 0,
        left: FixedPointScale(nearestTo: scales[0] / largest),
        right: FixedPointScale(nearestTo: scales[1] / largest),
        output: FixedPointScale(nearestTo: largest / (Double(1 << 15) * scales[2])),
        outputZeroPoint: 0, minimum: random.one(of: [-32768, 0]), maximum: 32767)
      var sketch = PlanSketch()
      let left = sketch.tensor("a", [1, count], element: .int16, zeroPoint: 0)
      let right = sketch.tensor("b", [1, count], element: .int16, zeroPoint: 0)
      sketch.emit(
        "add", .addition16(parameters), [left, right], [1, count], element: .int16, zeroPoint: 0)
      let values = [random.wideActivations(count), random.wideActivations(count)]
      _ = try sketch.run(values, as: Int16.self)
      #expect(try isFast(sketch), "seed \(0x16_add0 + seed)")
    }
  }

  /// A layer of one channel that only scales its input.
  private func line(
    _ items: Int, _ scale: FixedPointScale, _ rounding: Requantization16x8.Rounding, bias: Int64
  ) -> PlanSketch {
    var sketch = PlanSketch()
    let source = sketch.tensor("x", [items, 1], element: .int16, zeroPoint: 0)
    let parameters = FullyConnected16x8Parameters(
      weights: sketch.constant([1] as [Int8]), bias: sketch.constant(words: [bias]),
      requantization: sketch.requantization16x8([scale], rounding))
    sketch.emit(
      "line", .fullyConnected16x8(parameters), [source], [items, 1], element: .int16, zeroPoint: 0)
    return sketch
  }
}

extension PlanSketch {
  /// The name of the kernel that runs the only instruction.
  func kernel(on tier: KernelTier) throws -> String {
    let plan = plan(inputs: instructions[0].inputs, outputs: [instructions[0].output])
    return try Session(plan: plan.encoded(), weights: weights, tier: tier).kernels[0]
  }
}
