package import ModelGraph

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
  ///
  /// Both ends shrink in steps of 1 % of the observed range, first together, then one at a time.
  package init(leastSquaredError statistics: CalibrationStatistics) {
    let full = ActivationRange(minMax: statistics)
    var best = full
    var least = full.squaredError(on: statistics)
    func consider(_ candidate: ActivationRange) {
      let error = candidate.squaredError(on: statistics)
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

  private func squaredError(on statistics: CalibrationStatistics) -> Double {
    let parameters = quantization
    let scale = Double(parameters.scale)
    let zeroPoint = Double(parameters.zeroPoint)
    let minimum = Double(statistics.minimum)
    let binWidth =
      (Double(statistics.maximum) - minimum) / Double(CalibrationStatistics.binCount)
    var sum = 0.0
    for (bin, count) in statistics.histogram.enumerated() where count > 0 {
      let value = minimum + (Double(bin) + 0.5) * binWidth
      let level = min(max((value / scale + zeroPoint).rounded(), -128), 127)
      let error = value - (level - zeroPoint) * scale
      sum += Double(count) * error * error
    }
    return sum
  }
}
