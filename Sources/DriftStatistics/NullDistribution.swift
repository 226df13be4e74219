/// Distributions under no change, made at packing by drawing windows from the reference rows.
///
/// A statistic's tail is kept at fixed levels: 3/4, 1/2, 3/8, 1/4, 3/16 … (2⁻ᵏ and 3·2⁻ᵏ⁻²,
/// exact in binary) as far as the draws resolve, so p is read by interpolation between two
/// levels, with + − × ÷ only. The chord between neighbouring levels lies above an exponential tail
/// by 2 % at most: the error is on the safe side.
public struct NullDistribution: Sendable, Equatable {
  /// Items per drawn window.
  public var windowItems: UInt32
  /// Windows drawn; 0: there is no null distribution, and no verdict.
  public var draws: UInt32
  /// Per tap: the inflated X² exceeded with the probabilities of ``levels(draws:)``. A tap whose
  /// reference has a single cell has an empty list: only its guards are tested.
  public var tapQuantiles: [[Double]]
  /// The same for the largest score over taps (see ``score(_:in:)``): the family's verdict.
  public var familyQuantiles: [Double]

  /// The most draws.
  public static let drawLimit = 1 << 20

  /// Creates a null distribution.
  public init(
    windowItems: UInt32, draws: UInt32, tapQuantiles: [[Double]], familyQuantiles: [Double]
  ) {
    self.windowItems = windowItems
    self.draws = draws
    self.tapQuantiles = tapQuantiles
    self.familyQuantiles = familyQuantiles
  }

  /// The exceedance probabilities kept for `draws` windows, descending, none below
  /// 1/(draws + 1).
  public static func levels(draws: UInt32) -> [Double] {
    var levels: [Double] = []
    let floor = 1 / (Double(draws) + 1)
    var power = 1.0
    while power * 0.75 >= floor {
      levels.append(power * 0.75)
      if power * 0.5 >= floor { levels.append(power * 0.5) }
      power *= 0.5
    }
    return levels
  }

  /// The smallest p this null resolves.
  public var floor: Double { Self.levels(draws: draws).last ?? 1 }

  /// The quantiles of `statistics` at ``levels(draws:)``: at level l the ⌊l·(B + 1)⌋-th largest.
  public static func quantiles(_ statistics: [Double]) -> [Double] {
    let sorted = statistics.sorted { $0 > $1 }
    let draws = UInt32(clamping: sorted.count)
    return levels(draws: draws).map { level in
      let rank = Int(level * (Double(draws) + 1))
      return sorted[min(max(rank, 1), sorted.count) - 1]
    }
  }

  /// p of `statistic`: 1 at zero, each level at its quantile, straight lines between; beyond the
  /// last quantile the last level, with `isBound` set: "p < …".
  public func probability(
    _ statistic: Double, in quantiles: [Double]
  ) -> (value: Double, isBound: Bool) {
    let levels = Self.levels(draws: draws)
    guard let last = quantiles.last, quantiles.count == levels.count else { return (1, false) }
    if statistic > last { return (levels[levels.count - 1], true) }
    var lowerQuantile = 0.0
    var upperLevel = 1.0
    for index in quantiles.indices {
      if statistic < quantiles[index] {
        let width = quantiles[index] - lowerQuantile
        guard width > 0, statistic > lowerQuantile else { return (upperLevel, false) }
        let part = (statistic - lowerQuantile) / width
        return (upperLevel - (upperLevel - levels[index]) * part, false)
      }
      // Ties (discrete statistics): the largest of the levels is the safe one.
      if index == 0 || quantiles[index] > quantiles[index - 1] { upperLevel = levels[index] }
      lowerQuantile = quantiles[index]
    }
    return (upperLevel, false)
  }

  /// How far out `statistic` is, as a position along the levels (two per halving of p; so a
  /// rank of −2·log₂ p). Beyond the last quantile it grows on by the slope of the last halvings:
  /// taps that all lie outside their own null stay comparable.
  public static func score(_ statistic: Double, in quantiles: [Double]) -> Double {
    guard let last = quantiles.last else { return 0 }
    if statistic >= last {
      let back = min(6, quantiles.count - 1)
      let run = last - quantiles[quantiles.count - 1 - back]
      let step = run > 0 && back > 0 ? run / Double(back) : (last > 0 ? last : 1)
      return Double(quantiles.count) + (statistic - last) / step
    }
    var lower = 0.0
    for index in quantiles.indices {
      if statistic < quantiles[index] {
        let width = quantiles[index] - lower
        return Double(index) + (width > 0 ? max(statistic - lower, 0) / width : 0)
      }
      lower = quantiles[index]
    }
    return Double(quantiles.count)
  }
}
