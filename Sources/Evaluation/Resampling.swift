/// Draws items as the data might have come out otherwise. Items of one group are not independent of
/// each other (windows of one recording, rows of one person): groups are drawn whole.
///
/// Every use begins from the same seed: the same data gives the same numbers.
package struct Resampling {
  /// Draws of an interval and of a test.
  package static let draws = 4_999
  /// Fewer units than this say nothing of others.
  package static let unitsMin = 5

  /// Items of each unit that is drawn.
  package let units: [[Int]]

  /// All items of the units, in order.
  package let picks: [Int]
  /// True where every unit is one item.
  private let isSingle: Bool

  /// Units of some items: their groups, or each item by itself.
  package init(items: [Int], groups: [Int]?) {
    isSingle = groups == nil
    guard let groups else {
      units = items.map { [$0] }
      picks = items
      return
    }
    var positions: [Int: Int] = [:]
    var units: [[Int]] = []
    for item in items {
      if let position = positions[groups[item]] {
        units[position].append(item)
      } else {
        positions[groups[item]] = units.count
        units.append([item])
      }
    }
    self.units = units
    picks = units.flatMap { $0 }
  }

  /// As many units as there are, drawn with replacement.
  package func draw(_ random: inout SeededRandom) -> [Int] {
    guard !isSingle else { return picks.map { _ in picks[random.below(picks.count)] } }
    return units.flatMap { _ in units[random.below(units.count)] }
  }

  /// All items but those of some units.
  func leavingOut(_ left: Range<Int>) -> [Int] {
    units[..<left.lowerBound].flatMap { $0 } + units[left.upperBound...].flatMap { $0 }
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014), from a fixed seed.
package struct SeededRandom {
  private var state: UInt64 = 0x5eed

  package init() {}

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  /// A number from 0 to `count` − 1; one is likelier than another by less than count / 2^64.
  package mutating func below(_ count: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }
}

/// What a statistic would be over other draws of the data, with bounds that are corrected for bias and
/// skewness: BCa (Efron 1987; Efron and Tibshirani 1993, chapter 14).
package struct BootstrapDistribution: Sendable, Equatable {
  /// Jackknife groups at most: beyond as many units, several are left out together.
  private static let jackknifeGroups = 500

  let estimate: Double
  private let sorted: [Double]
  private let bias: Double
  private let acceleration: Double

  /// Draws a distribution.
  ///
  /// - Returns: nil where the statistic is not defined, or hardly ever over other draws, or there are
  ///   too few units to draw from.
  package init?(_ resampling: Resampling, statistic: ([Int]) -> Double?) {
    guard resampling.units.count >= Resampling.unitsMin,
      let estimate = statistic(resampling.picks)
    else { return nil }
    self.estimate = estimate
    var random = SeededRandom()
    var values: [Double] = []
    for _ in 0..<Resampling.draws {
      if let value = statistic(resampling.draw(&random)) { values.append(value) }
    }
    guard values.count > Resampling.draws / 2 else { return nil }
    sorted = values.sorted()
    let below = values.count { $0 < estimate } + values.count { $0 <= estimate }
    // An estimate beyond all draws would have an infinite quantile.
    let share = min(max(Double(below), 1), Double(2 * values.count - 1)) / Double(2 * values.count)
    bias = NormalDistribution.quantile(share)
    acceleration = Self.acceleration(resampling, statistic)
  }

  /// Σ d³ / (6 · (Σ d²)^1.5), d being how much lower than its mean the statistic is without a unit.
  private static func acceleration(
    _ resampling: Resampling, _ statistic: ([Int]) -> Double?
  ) -> Double {
    let count = resampling.units.count
    let groups = min(count, jackknifeGroups)
    let values = (0..<groups).compactMap { group in
      statistic(resampling.leavingOut(group * count / groups..<(group + 1) * count / groups))
    }
    let mean = values.reduce(0, +) / Double(max(values.count, 1))
    var (squares, cubes) = (0.0, 0.0)
    for value in values {
      let difference = mean - value
      squares += difference * difference
      cubes += difference * difference * difference
    }
    return squares > 0 ? cubes / (6 * squares * squares.squareRoot()) : 0
  }

  /// The value that the truth is below with probability `level`.
  package func bound(_ level: Double) -> Double {
    let shifted = bias + NormalDistribution.quantile(level)
    let corrected = NormalDistribution.cumulative(bias + shifted / (1 - acceleration * shifted))
    let position = corrected * Double(sorted.count - 1)
    let index = min(Int(position), sorted.count - 1)
    let next = min(index + 1, sorted.count - 1)
    return sorted[index] + (position - Double(index)) * (sorted[next] - sorted[index])
  }
}
