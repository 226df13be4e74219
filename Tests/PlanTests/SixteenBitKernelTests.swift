import DeviceRuntime
import PlanFormat
import Testing
import Wire

/// The 16x8 layers against their definitions, in integers wide enough for anything.
@Suite("16x8 kernels") struct SixteenBitKernelTests {
  static let channelCounts = [1, 2, 3, 5, 8, 9, 16, 17]

  @Test func convolution() throws {
    for seed in 0..<200 as Range<UInt64> {
      var random = SplitMix64(seed: 0x16c_0000 + seed)
      let depth = random.one(of: Self.channelCounts + [300])
      let filters = random.one(of: Self.channelCounts)
      let shape = WindowCase(&random)
      let (window, input) = (shape.window, shape.input)
      let values = random.wideActivations(input.height * input.width * depth)
      let weights = random.fullWeights(filters * window.height * window.width * depth)
      let bias = random.wideBiases(filters)
      let scaling = Scaling16x8(entries: random.one(of: [1, filters]), &random)
      var sketch = PlanSketch()
      let source = sketch.tensor(
        "x", [1, input.height, input.width, depth], element: .int16, zeroPoint: 0)
      let parameters = Convolution16x8Parameters(
        window: window, weights: sketch.constant(weights), bias: sketch.constant(words: bias),
        requantization: scaling.store(in: &sketch))
      sketch.emit(
        "conv", .convolution16x8(parameters), [source],
        [1, shape.output.height, shape.output.width, filters], element: .int16, zeroPoint: 0)
      var expected: [Int16] = []
      for row in 0..<shape.output.height {
        for column in 0..<shape.output.width {
          for filter in 0..<filters {
            var sum = Int128(bias[filter])
            Definition.taps(
              window, row: row, column: column, height: input.height, width: input.width
            ) { ky, kx, position in
              let tap = (filter * window.height + ky) * window.width + kx
              for c in 0..<depth {
                sum += Int128(weights[tap * depth + c]) * Int128(values[position * depth + c])
              }
            }
            expected.append(scaling.apply(sum, filter))
          }
        }
      }
      #expect(
        try sketch.run([values], as: Int16.self) == expected,
        "seed \(0x16c_0000 + seed): \(depth) → \(filters), \(shape)")
    }
  }

  @Test func depthwiseConvolution() throws {
    for seed in 0..<240 as Range<UInt64> {
      var random = SplitMix64(seed: 0x16d_0000 + seed)
      let depth = random.one(of: Self.channelCounts)
      let multiplier = random.one(of: [1, 1, 2, 3])
      let channels = depth * multiplier
      let shape = WindowCase(&random)
      let (window, input) = (shape.window, shape.input)
      let values = random.wideActivations(input.height * input.width * depth)
      let weights = random.fullWeights(window.height * window.width * channels)
      let bias = random.wideBiases(channels)
      let scaling = Scaling16x8(entries: random.one(of: [1, channels]), &random)
      var sketch = PlanSketch()
      let source = sketch.tensor(
        "x", [1, input.height, input.width, depth], element: .int16, zeroPoint: 0)
      let parameters = Convolution16x8Parameters(
        window: window, weights: sketch.constant(weights), bias: sketch.constant(words: bias),
        requantization: scaling.store(in: &sketch))
      sketch.emit(
        "depthwise", .depthwiseConvolution16x8(parameters), [source],
        [1, shape.output.height, shape.output.width, channels], element: .int16, zeroPoint: 0)
      var expected: [Int16] = []
      for row in 0..<shape.output.height {
        for column in 0..<shape.output.width {
          for channel in 0..<channels {
            var sum = Int128(bias[channel])
            Definition.taps(
              window, row: row, column: column, height: input.height, width: input.width
            ) { ky, kx, position in
              let tap = (ky * window.width + kx) * channels + channel
              sum += Int128(weights[tap]) * Int128(values[position * depth + channel / multiplier])
            }
            expected.append(scaling.apply(sum, channel))
          }
        }
      }
      #expect(
        try sketch.run([values], as: Int16.self) == expected,
        "seed \(0x16d_0000 + seed): \(depth) × \(multiplier), \(shape)")
    }
  }

  @Test func fullyConnected() throws {
    for seed in 0..<200 as Range<UInt64> {
      var random = SplitMix64(seed: 0x16f_0000 + seed)
      let items = random.int(1...4)
      // The longest: sums beyond 32 bits.
      let features = random.one(of: [1, 3, 16, 17, 255, 256, 257, 513, 2000])
      let outputs = random.one(of: Self.channelCounts)
      let values = random.wideActivations(items * features)
      let weights = random.fullWeights(outputs * features)
      let bias = random.wideBiases(outputs)
      let scaling = Scaling16x8(entries: random.one(of: [1, outputs]), &random)
      var sketch = PlanSketch()
      let source = sketch.tensor("x", [items, features], element: .int16, zeroPoint: 0)
      let parameters = FullyConnected16x8Parameters(
        weights: sketch.constant(weights), bias: sketch.constant(words: bias),
        requantization: scaling.store(in: &sketch))
      sketch.emit(
        "dense", .fullyConnected16x8(parameters), [source], [items, outputs], element: .int16,
        zeroPoint: 0)
      var expected: [Int16] = []
      for item in 0..<items {
        for output in 0..<outputs {
          let sum = (0..<features).reduce(Int128(bias[output])) {
            $0 + Int128(weights[output * features + $1]) * Int128(values[item * features + $1])
          }
          expected.append(scaling.apply(sum, output))
        }
      }
      #expect(
        try sketch.run([values], as: Int16.self) == expected,
        "seed \(0x16f_0000 + seed): \(items) × \(features) → \(outputs)")
    }
  }

  @Test func addition() throws {
    for seed in 0..<300 as Range<UInt64> {
      var random = SplitMix64(seed: 0x16a_0000 + seed)
      let count = random.int(1...400)
      let (left, right) = (random.wideActivations(count), random.wideActivations(count))
      let clamp = Scaling16x8(entries: 1, &random).clamp
      let headroom = Int32(random.one(of: [15, 15, 15, 0, random.int(0...15)]))
      func scale(_ range: ClosedRange<Int>) -> FixedPointScale {
        FixedPointScale(multiplier: random.multiplier(), shift: Int32(random.int(range)))
      }
      let parameters = AdditionParameters(
        leftShift: headroom, leftZeroPoint: 0, rightZeroPoint: 0, left: scale(-6...0),
        right: scale(-6...0), output: scale(-20...(-2)), outputZeroPoint: 0,
        minimum: clamp.lowerBound, maximum: clamp.upperBound)
      var sketch = PlanSketch()
      let a = sketch.tensor("a", [count], element: .int16, zeroPoint: 0)
      let b = sketch.tensor("b", [count], element: .int16, zeroPoint: 0)
      sketch.emit("add", .addition16(parameters), [a, b], [count], element: .int16, zeroPoint: 0)
      let expected = (0..<count).map { index -> Int16 in
        func term(_ x: Int16, _ scale: FixedPointScale) -> Int64 {
          Definition.twice(Int64(x) << Int64(headroom), scale.multiplier, scale.shift)
        }
        let sum = term(left[index], parameters.left) + term(right[index], parameters.right)
        let scaled = Definition.twice(sum, parameters.output.multiplier, parameters.output.shift)
        return Int16(min(max(scaled, Int64(clamp.lowerBound)), Int64(clamp.upperBound)))
      }
      #expect(
        try sketch.run([left, right], as: Int16.self) == expected, "seed \(0x16a_0000 + seed)")
    }
  }

  /// The largest accumulator a plan may have, at every shift, and one step more.
  @Test(arguments: [.reduced, .whole] as [Requantization16x8.Rounding])
  func extremeAccumulators(rounding: Requantization16x8.Rounding) throws {
    let limit: Int64 = 1 << 47
    let product: Int64 = 128 << 15
    for shift in -31...7 {
      for (bias, fits) in [(limit - product - 1, true), (limit - product, false), (-limit, false)] {
        var sketch = PlanSketch()
        let x = sketch.tensor("x", [1, 1], element: .int16, zeroPoint: 0)
        let scale = FixedPointScale(multiplier: .max, shift: Int32(shift))
        let parameters = FullyConnected16x8Parameters(
          weights: sketch.constant([-128] as [Int8]), bias: sketch.constant(words: [bias]),
          requantization: sketch.requantization16x8([scale], rounding))
        sketch.emit(
          "dense", .fullyConnected16x8(parameters), [x], [1, 1], element: .int16, zeroPoint: 0)
        if fits {
          let level = Scaling16x8.level(Int128(limit - 1), scale, rounding)
          let got = try sketch.run([[-32768 as Int16]], as: Int16.self)
          #expect(got == [Int16(min(level, 32767))], "shift \(shift)")
        } else {
          let error = #expect(throws: RuntimeError.self) {
            try sketch.run([[-32768 as Int16]], as: Int16.self)
          }
          #expect(error?.message.contains("dense") == true)
        }
      }
    }
  }
}
