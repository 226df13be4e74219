/// Two models on the same items: how their metric differs, and whether that is more than chance.
public struct PairedComparison: Sendable {
  private enum Certainty {
    case proportions(PairedProportions)
    case bootstrap(BootstrapDistribution)
    case same
    case unknown
  }

  /// The metric.
  public let metric: Metric
  /// The items.
  public let selection: Selection
  /// Its value for the one in service.
  public let champion: Double
  /// Its value for the one that would follow.
  public let challenger: Double
  /// How often equal models would differ as much, by chance; not corrected for other tests.
  public let p: Double
  private let certainty: Certainty

  /// Challenger − champion.
  public var difference: Double { challenger - champion }
  /// How much worse the challenger is; below 0 where it is better.
  public var loss: Double { metric.isHigherBetter ? -difference : difference }

  /// Compares: McNemar's exact test and Bonett and Price's bounds where items are right or wrong each
  /// by itself, else an exchange test and a bootstrap of the pairs; of fewer than five independent units
  /// nothing is known but the difference.
  ///
  /// - Returns: nil where the items do not define the metric.
  package init?(_ metric: Metric, champion: Answers, challenger: Answers, _ selection: Selection) {
    let (first, second) = (champion.items, challenger.items)
    guard let value = metric.value(first, selection.items),
      let other = metric.value(second, selection.items)
    else { return nil }
    self.metric = metric
    self.selection = selection
    self.champion = value
    self.challenger = other
    if metric.isProportion, selection.groups == nil {
      let right = selection.items.map { (metric.isRight(first[$0]), metric.isRight(second[$0])) }
      let counts = PairedProportions(
        won: right.count { !$0 && $1 }, lost: right.count { $0 && !$1 }, items: right.count)
      p = counts.p
      certainty = .proportions(counts)
    } else {
      guard selection.items.contains(where: { first[$0] != second[$0] }) else {
        // The same answers: no draw would tell them apart.
        p = 1
        certainty = selection.units < Resampling.unitsMin ? .unknown : .same
        return
      }
      let resampling = selection.resampling
      let distribution = BootstrapDistribution(
        resampling,
        statistic: { picks in
          metric.value(first, picks).flatMap { value in
            metric.value(second, picks).map { $0 - value }
          }
        })
      guard let distribution else {
        p = 1
        certainty = .unknown
        return
      }
      p = Self.exchangeTest(metric, first, second, resampling, observed: other - value)
      certainty = .bootstrap(distribution)
    }
  }

  /// The value that the true difference is below with probability `level`; nil where nothing is known
  /// of it.
  private func bound(_ level: Double) -> Double? {
    switch certainty {
    case .proportions(let counts): counts.bound(level)
    case .bootstrap(let distribution): distribution.bound(level)
    case .same: 0
    case .unknown: nil
    }
  }

  /// 95 % interval of the difference; nil where nothing is known of it.
  public var interval: ClosedRange<Double>? {
    guard let low = bound(0.025), let high = bound(0.975) else { return nil }
    return low...max(low, high)
  }

  /// The loss that the true one is below with probability `level`; nil where nothing is known of it.
  public func lossBound(_ level: Double) -> Double? {
    metric.isHigherBetter ? bound(1 - level).map { -$0 } : bound(level)
  }

  /// How often exchanging the two models' answers, unit by unit by the toss of a coin, makes a
  /// difference as large as the observed one: what McNemar's test counts in closed form, for any metric
  /// (Noreen 1989; Yeh 2000; on ranks for AUC: Bandos, Rockette and Gur 2005).
  private static func exchangeTest(
    _ metric: Metric, _ champion: [Answer], _ challenger: [Answer], _ resampling: Resampling,
    observed: Double
  ) -> Double {
    // Units on which both answer alike stay as they are.
    let different = resampling.units.filter { unit in
      unit.contains { champion[$0] != challenger[$0] }
    }
    let picks = resampling.picks
    let limit = observed.magnitude * (1 - 1e-12)
    var (first, second) = (champion, challenger)
    var random = SeededRandom()
    var reached = 0
    for _ in 0..<Resampling.draws {
      for unit in different where random.next() >> 63 == 1 {
        for item in unit { (first[item], second[item]) = (second[item], first[item]) }
      }
      guard let value = metric.value(first, picks), let other = metric.value(second, picks) else {
        continue
      }
      if (other - value).magnitude >= limit { reached += 1 }
    }
    return Double(reached + 1) / Double(Resampling.draws + 1)
  }
}

/// Corrections for several tests at once.
public enum MultipleTests {
  /// Holm's (1979) adjusted p: the i-th smallest of m times m − i + 1, rising, at most 1. Below 0.05,
  /// the chance that any of them is a false alarm is below 0.05 too.
  public static func holm(_ p: [Double]) -> [Double] {
    var adjusted = p
    var largest = 0.0
    for (place, index) in p.indices.sorted(by: { (p[$0], $0) < (p[$1], $1) }).enumerated() {
      largest = max(largest, min(p[index] * Double(p.count - place), 1))
      adjusted[index] = largest
    }
    return adjusted
  }
}
