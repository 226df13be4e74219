import ModelGraph
import Quantizer
import TestSupport
import Testing

/// Ranges of activations and integers of weights.
@Suite("ranges") struct RangeTests {
  private func statistics(_ values: [Float]) -> CalibrationStatistics {
    var statistics = CalibrationStatistics()
    statistics.observeRange(values)
    statistics.observeHistogram(values)
    return statistics
  }

  /// Values of a random shape: even, heavy-tailed, one-sided, a few outliers.
  private func values(_ random: inout SeededValues) -> [Float] {
    let (kind, scale) = (random.int(0...4), Float(random.int(1...1000)) / 37)
    return (0..<random.int(2...3000)).map { index in
      let unit = Float.random(in: -1...1, using: &random)
      switch kind {
      case 0: return unit * scale
      case 1: return unit * unit * unit * unit * unit * scale
      case 2: return abs(unit) * scale + 3
      case 3: return -abs(unit) * scale
      default: return index % 1000 == 0 ? unit * scale * 50 : unit * scale
      }
    }
  }

  @Test func zeroIsAlwaysAnInteger() {
    for seed in 0..<200 as Range<UInt64> {
      var random = SeededValues(seed: seed)
      let statistics = statistics(values(&random))
      for range in [
        ActivationRange(minMax: statistics), ActivationRange(leastSquaredError: statistics),
      ] {
        #expect(range.lower <= 0 && range.upper >= 0, "seed \(seed)")
        let grid = range.quantization
        #expect((-128...127).contains(grid.zeroPoint) && grid.scale > 0, "seed \(seed)")
      }
      // Nothing calibration saw is clipped by more than the rounding of the zero point.
      let grid = ActivationRange(minMax: statistics).quantization
      let (scale, zero) = (Double(grid.scale), Double(grid.zeroPoint))
      #expect((127 - zero) * scale >= Double(statistics.maximum) - scale * 0.51, "seed \(seed)")
      #expect((-128 - zero) * scale <= Double(statistics.minimum) + scale * 0.51, "seed \(seed)")
    }
  }

  /// The squared error over the values themselves, not over their histogram.
  private func error(_ values: [Float], _ range: ActivationRange) -> Double {
    let grid = range.quantization
    let (scale, zero) = (Double(grid.scale), Double(grid.zeroPoint))
    return values.reduce(0) { sum, value in
      let level = min(max((Double(value) / scale + zero).rounded(), -128), 127)
      let difference = Double(value) - (level - zero) * scale
      return sum + difference * difference
    }
  }

  @Test func searchNeverDoesWorse() {
    for seed in 0..<120 as Range<UInt64> {
      var random = SeededValues(seed: 1000 + seed)
      let values = values(&random)
      let statistics = statistics(values)
      let plain = error(values, ActivationRange(minMax: statistics))
      let searched = error(values, ActivationRange(leastSquaredError: statistics))
      // A bin stands for its middle: an eighth of a step, which a small error may not resolve.
      #expect(searched <= plain * 1.1 + 1e-12, "seed \(1000 + seed): \(plain) → \(searched)")
    }
  }

  /// One outlier among many values is worth clipping.
  @Test func searchClipsOutliers() {
    var random = SeededValues(seed: 4)
    let values = [2] + (0..<200_000).map { _ in Float.random(in: -1...1, using: &random) }
    let statistics = statistics(values)
    let range = ActivationRange(leastSquaredError: statistics)
    #expect(range.upper < 1.9 && range.upper >= 1)
    #expect(error(values, range) < 0.9 * error(values, ActivationRange(minMax: statistics)))
  }

  @Test func degenerateRanges() {
    for values in [[0, 0, 0], [5], [-3, -3]] as [[Float]] {
      for range in [
        ActivationRange(minMax: statistics(values)),
        ActivationRange(leastSquaredError: statistics(values)),
      ] {
        let grid = range.quantization
        #expect(grid.scale > 0 && grid.scale.isFinite && (-128...127).contains(grid.zeroPoint))
      }
    }
  }

  @Test func statisticsMergeInAnyOrder() {
    var random = SeededValues(seed: 8)
    let parts = (0..<4).map { _ in values(&random) }
    func collect(_ order: [Int]) -> CalibrationStatistics {
      var range = CalibrationStatistics()
      for index in order { range.observeRange(parts[index]) }
      var merged = range
      for index in order {
        var part = range
        part.observeHistogram(parts[index])
        merged.merge(part)
      }
      return merged
    }
    #expect(collect([0, 1, 2, 3]) == collect([3, 1, 0, 2]))
    let counted = collect([0, 1, 2, 3]).histogram.reduce(0, +)
    #expect(counted == parts.joined().filter { $0 != 0 }.count)
  }

  private func quantize(
    _ weights: [Float], bias: [Float], inputScale: Float = 0.1
  ) -> WeightQuantization {
    let row = weights.count / bias.count
    return WeightQuantization(
      weights: weights, bias: bias, channelOf: { $0 / row }, inputScale: inputScale,
      outputScale: 0.2)
  }

  @Test func weightsAreWithinHalfAStep() {
    var random = SeededValues(seed: 77)
    for round in 0..<50 {
      let floats = random.floats([6, 20]).floats ?? []
      let bias = random.floats([6]).floats ?? []
      let result = quantize(floats, bias: bias)
      for (index, value) in floats.enumerated() {
        let scale = result.scales[index / 20]
        #expect(abs(value - Float(result.weights[index]) * scale) <= scale * 0.5001, "\(round)")
      }
      for channel in 0..<6 {
        #expect(result.weights[channel * 20..<(channel + 1) * 20].contains { abs($0) == 127 })
        let step = Double(result.scales[channel]) * 0.1
        #expect(abs(Double(bias[channel]) - Double(result.bias[channel]) * step) <= step * 0.51)
      }
    }
  }

  /// |bias| stays below half of int32, and still means the same number.
  @Test func largeBiasesWidenTheScale() {
    let result = quantize([1e-9, 1, 1e-9, -1e-9], bias: [1e6, -1e6], inputScale: 1e-3)
    for channel in 0..<2 {
      #expect(result.bias[channel].magnitude <= 1 << 30)
      let value = Double(result.bias[channel]) * Double(result.scales[channel]) * 1e-3
      #expect(abs(value - (channel == 0 ? 1e6 : -1e6)) < 2)
    }
  }

  @Test func zeroChannels() {
    let result = quantize([0, 0, 1, -2, 0, 0], bias: [0, 1, 0.25])
    #expect(result.weights == [0, 0, 64, -127, 0, 0])
    #expect(result.scales.allSatisfy { $0 > 0 && $0.isFinite })
    let value = Double(result.bias[2]) * Double(result.scales[2]) * 0.1
    #expect(abs(value - 0.25) < 1e-3)
    #expect(result.bias[0] == 0)
  }
}
