import PlanFormat
import Testing
import Wire

/// Both convolutions and the dense layer against their definitions.
@Suite("weighted kernels") struct ConvolutionKernelTests {
  static let channelCounts = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 24]

  @Test func convolution() throws {
    for seed in 0..<240 as Range<UInt64> {
      var random = SplitMix64(seed: 0xc0_0000 + seed)
      let (depth, filters) = (
        random.one(of: Self.channelCounts), random.one(of: Self.channelCounts)
      )
      let shape = WindowCase(&random)
      let (window, input) = (shape.window, shape.input)
      let values = random.activations(input.height * input.width * depth)
      let weights = random.weights(filters * window.height * window.width * depth)
      let bias = random.biases(filters)
      let zeroPoint = random.zeroPoint()
      let scaling = Scaling(
        entries: random.one(of: [1, filters]), rounding: random.one(of: [.twice, .once]), &random)
      var sketch = PlanSketch()
      let source = sketch.tensor("x", [1, input.height, input.width, depth], zeroPoint: zeroPoint)
      let parameters = ConvolutionParameters(
        window: window, inputZeroPoint: zeroPoint, weights: sketch.constant(weights),
        bias: sketch.constant(bias), requantization: scaling.store(in: &sketch))
      sketch.emit(
        "conv", .convolution2D(parameters), [source],
        [1, shape.output.height, shape.output.width, filters], zeroPoint: scaling.zeroPoint)
      var expected: [Int8] = []
      for row in 0..<shape.output.height {
        for column in 0..<shape.output.width {
          for filter in 0..<filters {
            var sum = Int64(bias[filter])
            Definition.taps(
              window, row: row, column: column, height: input.height, width: input.width
            ) { ky, kx, position in
              let tap = (filter * window.height + ky) * window.width + kx
              for c in 0..<depth {
                sum +=
                  Int64(weights[tap * depth + c])
                  * (Int64(values[position * depth + c]) - Int64(zeroPoint))
              }
            }
            expected.append(scaling.apply(sum, filter))
          }
        }
      }
      #expect(try sketch.run([values]) == expected, "seed \(0xc0_0000 + seed): \(shape)")
    }
  }

  @Test func depthwiseConvolution() throws {
    for seed in 0..<300 as Range<UInt64> {
      var random = SplitMix64(seed: 0xd0_0000 + seed)
      let depth = random.one(of: Self.channelCounts)
      let multiplier = random.one(of: [1, 1, 2, 3])
      let channels = depth * multiplier
      let shape = WindowCase(&random)
      let (window, input) = (shape.window, shape.input)
      let values = random.activations(input.height * input.width * depth)
      let weights = random.weights(window.height * window.width * channels)
      let bias = random.biases(channels)
      let zeroPoint = random.zeroPoint()
      let scaling = Scaling(
        entries: random.one(of: [1, channels]), rounding: random.one(of: [.twice, .once]), &random)
      var sketch = PlanSketch()
      let source = sketch.tensor("x", [1, input.height, input.width, depth], zeroPoint: zeroPoint)
      let parameters = ConvolutionParameters(
        window: window, inputZeroPoint: zeroPoint, weights: sketch.constant(weights),
        bias: sketch.constant(bias), requantization: scaling.store(in: &sketch))
      sketch.emit(
        "depthwise", .depthwiseConvolution2D(parameters), [source],
        [1, shape.output.height, shape.output.width, channels], zeroPoint: scaling.zeroPoint)
      var expected: [Int8] = []
      for row in 0..<shape.output.height {
        for column in 0..<shape.output.width {
          for c in 0..<depth {
            for copy in 0..<multiplier {
              let channel = c * multiplier + copy
              var sum = Int64(bias[channel])
              Definition.taps(
                window, row: row, column: column, height: input.height, width: input.width
              ) { ky, kx, position in
                sum +=
                  Int64(weights[(ky * window.width + kx) * channels + channel])
                  * (Int64(values[position * depth + c]) - Int64(zeroPoint))
              }
              expected.append(scaling.apply(sum, channel))
            }
          }
        }
      }
      #expect(
        try sketch.run([values]) == expected,
        "seed \(0xd0_0000 + seed): \(depth) × \(multiplier), \(shape)")
    }
  }

  @Test func fullyConnected() throws {
    for seed in 0..<240 as Range<UInt64> {
      var random = SplitMix64(seed: 0xfc_0000 + seed)
      let items = random.int(1...4)
      let features = random.one(of: [1, 3, 8, 15, 16, 17, 64, 100, 257])
      let outputs = random.one(of: Self.channelCounts)
      let values = random.activations(items * features)
      let weights = random.weights(outputs * features)
      let bias = random.biases(outputs)
      let zeroPoint = random.zeroPoint()
      let scaling = Scaling(
        entries: random.one(of: [1, outputs]), rounding: random.one(of: [.once, .twice]), &random)
      var sketch = PlanSketch()
      let source = sketch.tensor("x", [items, features], zeroPoint: zeroPoint)
      let parameters = FullyConnectedParameters(
        inputZeroPoint: zeroPoint, weights: sketch.constant(weights), bias: sketch.constant(bias),
        requantization: scaling.store(in: &sketch))
      sketch.emit(
        "dense", .fullyConnected(parameters), [source], [items, outputs],
        zeroPoint: scaling.zeroPoint)
      var expected: [Int8] = []
      for item in 0..<items {
        for output in 0..<outputs {
          var sum = Int64(bias[output])
          for feature in 0..<features {
            sum +=
              Int64(weights[output * features + feature])
              * (Int64(values[item * features + feature]) - Int64(zeroPoint))
          }
          expected.append(scaling.apply(sum, output))
        }
      }
      #expect(
        try sketch.run([values]) == expected,
        "seed \(0xfc_0000 + seed): \(items) × \(features) → \(outputs)")
    }
  }
}
