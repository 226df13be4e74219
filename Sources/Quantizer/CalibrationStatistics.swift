import ModelGraph

/// What calibration saw of one value: its range, then a histogram over it.
///
/// Merging two is exact and order-free (minimum, maximum, integer counts), so the result does not
/// depend on how calibration items were shared among threads.
package struct CalibrationStatistics: Sendable, Equatable {
  /// Bins of the histogram: eight per 8-bit step at full range.
  package static let binCount = 2048

  package var minimum: Float = .infinity
  package var maximum: Float = -.infinity
  /// Counts over [minimum, maximum]; exact zeros are left out, since every grid represents them.
  package var histogram: [Int] = []
  /// Values seen, zeros included.
  package var count = 0

  package init() {}

  package mutating func observeRange(_ values: [Float]) {
    count += values.count
    for value in values {
      minimum = min(minimum, value)
      maximum = max(maximum, value)
    }
  }

  package mutating func observeHistogram(_ values: [Float]) {
    if histogram.isEmpty { histogram = [Int](repeating: 0, count: Self.binCount) }
    let width = Double(maximum) - Double(minimum)
    guard width > 0 else { return }
    let scale = Double(Self.binCount) / width
    for value in values where value != 0 {
      let bin = Int((Double(value) - Double(minimum)) * scale)
      histogram[min(max(bin, 0), Self.binCount - 1)] += 1
    }
  }

  package mutating func merge(_ other: CalibrationStatistics) {
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    count += other.count
    if histogram.isEmpty {
      histogram = other.histogram
    } else if !other.histogram.isEmpty {
      for bin in histogram.indices { histogram[bin] += other.histogram[bin] }
    }
  }
}
