package import ModelGraph
import Operators

/// An interval of reals mapped onto the 256 integers of int8.
package struct ActivationRange: Equatable {
  package var lower: Double
  package var upper: Double

  /// The whole observed range, widened to hold 0.
  package init(minMax statistics: CalibrationStatistics) {
    lower = min(Double(statistics.minimum), 0)
    upper = max(Double(statistics.maximum), 0)
  }

  package init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  /// The range with the least squared error, clipping included, on the calibration histogram.
  package init(leastSquaredError statistics: CalibrationStatistics) {
    self.init(statistics) { $0.squaredError(on: statistics) }
  }

  /// The range whose integers are distributed most like the values: least relative entropy of the
  /// histogram from what the integers, spread back over their bins, make of it. Values beyond the range
  /// count at its ends, where they end up (Migacz 2017, "8-bit Inference with TensorRT").
  package init(leastEntropy statistics: CalibrationStatistics) {
    self.init(statistics) { $0.relativeEntropy(on: statistics) }
  }

  /// All but `tail` of the values at either end.
  package init(percentile tail: Double, of statistics: CalibrationStatistics) {
    self.init(minMax: statistics)
    let (first, width) = Self.bins(of: statistics)
    let allowed = Int(Double(statistics.count) * tail)
    var (below, above) = (0, 0)
    for (bin, count) in statistics.histogram.enumerated() {
      below += count
      guard below <= allowed else { break }
      lower = min(first + Double(bin + 1) * width, 0)
    }
    for (bin, count) in statistics.histogram.enumerated().reversed() {
      above += count
      guard above <= allowed else { break }
      upper = max(first + Double(bin) * width, 0)
    }
  }

  /// The range of least cost. Both ends shrink in steps of 1 % of the observed range, first together,
  /// then one at a time.
  private init(_ statistics: CalibrationStatistics, cost: (ActivationRange) -> Double) {
    let full = ActivationRange(minMax: statistics)
    var best = full
    var least = cost(full)
    func consider(_ candidate: ActivationRange) {
      let error = cost(candidate)
      if error < least {
        least = error
        best = candidate
      }
    }
    for step in 1..<70 {
      let keep = 1 - Double(step) * 0.01
      consider(ActivationRange(lower: full.lower * keep, upper: full.upper * keep))
    }
    if full.lower < 0 && full.upper > 0 {
      for step in 0..<70 {
        let keep = 1 - Double(step) * 0.01
        consider(ActivationRange(lower: best.lower, upper: full.upper * keep))
      }
      for step in 0..<70 {
        let keep = 1 - Double(step) * 0.01
        consider(ActivationRange(lower: full.lower * keep, upper: best.upper))
      }
    }
    self = best
  }

  /// Scale and zero point: real 0 is an integer, both ends are inside.
  package var quantization: Quantization {
    let width = upper - lower
    guard width > 0, width.isFinite else { return Quantization(scale: 1, zeroPoint: 0) }
    let scale = Float(width / 255)
    let zeroPoint = (-128 - lower / Double(scale)).rounded()
    return Quantization(scale: scale, zeroPoint: Int32(min(max(zeroPoint, -128), 127)))
  }

  /// A scale for 16 bits with zero point 0. Everything seen takes half of them: states go on growing
  /// where recordings are longer than those of calibration.
  package var wideQuantization: Quantization {
    let largest = max(-lower, upper)
    guard largest > 0, largest.isFinite else { return Quantization(scale: 1, zeroPoint: 0) }
    return Quantization(scale: Float(2 * largest / 32767), zeroPoint: 0)
  }

  /// Where the histogram starts, and how wide a bin is.
  private static func bins(of statistics: CalibrationStatistics) -> (first: Double, width: Double) {
    let first = Double(statistics.minimum)
    return (
      first, (Double(statistics.maximum) - first) / Double(CalibrationStatistics.binCount)
    )
  }

  /// Calls `visit` with the middle, the level and the count of every bin that holds values.
  private func forEachBin(
    of statistics: CalibrationStatistics, _ visit: (Double, Double, Int) -> Void
  ) {
    let (first, width) = Self.bins(of: statistics)
    let parameters = quantization
    let (scale, zeroPoint) = (Double(parameters.scale), Double(parameters.zeroPoint))
    for (bin, count) in statistics.histogram.enumerated() where count > 0 {
      let value = first + (Double(bin) + 0.5) * width
      visit(value, min(max((value / scale + zeroPoint).rounded(), -128), 127), count)
    }
  }

  private func squaredError(on statistics: CalibrationStatistics) -> Double {
    let parameters = quantization
    let (scale, zeroPoint) = (Double(parameters.scale), Double(parameters.zeroPoint))
    var sum = 0.0
    forEachBin(of: statistics) { value, level, count in
      let error = value - (level - zeroPoint) * scale
      sum += Double(count) * error * error
    }
    return sum
  }

  /// Σ p · ln(p / q) over bins: p is the histogram with what is clipped added at the ends of the range,
  /// q the values inside each level spread evenly over those of its bins that hold any.
  private func relativeEntropy(on statistics: CalibrationStatistics) -> Double {
    var inside = [Int](repeating: 0, count: 256)
    var bins = [Int](repeating: 0, count: 256)
    var (below, above, kept) = (0, 0, 0)
    var (first, last): (Double?, Double?)
    forEachBin(of: statistics) { value, level, count in
      if value < lower {
        below += count
      } else if value > upper {
        above += count
      } else {
        inside[Int(level) + 128] += count
        bins[Int(level) + 128] += 1
        kept += count
        first = first ?? value
        last = value
      }
    }
    guard kept > 0 else { return .infinity }
    let total = Double(kept + below + above)
    var sum = 0.0
    forEachBin(of: statistics) { value, level, count in
      guard (lower...upper).contains(value) else { return }
      let index = Int(level) + 128
      let clipped = (value == first ? below : 0) + (value == last ? above : 0)
      let p = Double(count + clipped) / total
      let q = Double(inside[index]) / Double(bins[index]) / Double(kept)
      sum += p * RealFunctions.log(p / q)
    }
    return sum
  }
}
