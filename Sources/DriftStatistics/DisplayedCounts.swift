/// Where the items of a tap lie, in displayed units, told from bins alone: each item counts as
/// the middle of its bin; the outer bins reach to the reference's lowest and highest value.
public struct DisplayedCounts: Sendable, Equatable {
  /// Mean.
  public let mean: Double
  /// Median.
  public let median: Double
  /// Standard deviation.
  public let deviation: Double

  /// Summarises `counts` of `tap`; zeros for no items.
  public init(_ counts: TapCounts, of tap: Tap) {
    let centres = Self.centres(of: tap)
    var items = 0.0
    var total = 0.0
    for bin in 0..<min(centres.count, counts.bins.count) {
      let count = Double(counts.bins[bin])
      items += count
      total += count * centres[bin]
    }
    let mean = items > 0 ? total / items : 0
    var squares = 0.0
    var seen = 0.0
    var median = mean
    var found = false
    for bin in 0..<min(centres.count, counts.bins.count) {
      let count = Double(counts.bins[bin])
      let distance = centres[bin] - mean
      let square = distance * distance
      squares += count * square
      seen += count
      if !found, items > 0, seen * 2 >= items {
        median = centres[bin]
        found = true
      }
    }
    self.mean = mean
    self.median = median
    deviation = items > 0 ? (squares / items).squareRoot() : 0
  }

  /// The middle of every bin, displayed.
  public static func centres(of tap: Tap) -> [Double] {
    var centres: [Double] = []
    for bin in 0..<tap.binCount {
      let first = bin == 0 ? Double(tap.lowest) : Double(tap.edges[bin - 1])
      let last = bin == tap.edges.count ? Double(tap.highest) : Double(tap.edges[bin]) - 1
      let middle = (first + last) / 2
      let scaled = tap.displayScale * middle
      centres.append(tap.displayOffset + scaled)
    }
    return centres
  }
}

/// The population stability index, because people ask for it. No alarm depends on it.
public enum PopulationStability {
  /// Σ (q − p)·ln(q/p) over bins, q and p the live and reference shares, half an item added to
  /// every bin.
  public static func index(live: [UInt32], reference: [UInt32]) -> Double {
    let bins = min(live.count, reference.count)
    var liveItems = 0.5 * Double(bins)
    var referenceItems = liveItems
    for bin in 0..<bins {
      liveItems += Double(live[bin])
      referenceItems += Double(reference[bin])
    }
    var index = 0.0
    for bin in 0..<bins {
      let q = (Double(live[bin]) + 0.5) / liveItems
      let p = (Double(reference[bin]) + 0.5) / referenceItems
      let term = (q - p) * naturalLogarithm(q / p)
      index += term
    }
    return index
  }

  /// ln x for normal x > 0, to about 1e-15: x = m·2^e with m in 0.75..<1.5, then
  /// ln m = 2·artanh((m − 1)/(m + 1)) by its series. Not libm: the same bits everywhere.
  static func naturalLogarithm(_ value: Double) -> Double {
    guard value.isNormal, value > 0 else { return 0 }
    var exponent = Double(value.exponent)
    var mantissa = value.significand
    if mantissa >= 1.5 {
      mantissa /= 2
      exponent += 1
    }
    let ratio = (mantissa - 1) / (mantissa + 1)
    let square = ratio * ratio
    var term = ratio
    var sum = 0.0
    var odd = 1.0
    for _ in 0..<14 {
      sum += term / odd
      term *= square
      odd += 2
    }
    let scaled = exponent * 0.6931471805599453
    return scaled + 2 * sum
  }
}
