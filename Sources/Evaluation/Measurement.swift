/// A metric over some items, and how sure it is.
public struct Measurement: Sendable {
  private enum Certainty {
    case proportion(Proportion)
    case bootstrap(BootstrapDistribution)
    case unknown
  }

  /// The metric.
  public let metric: Metric
  /// Items measured.
  public let items: Int
  /// Its value.
  public let value: Double
  private let certainty: Certainty

  /// Measures: by Wilson's bounds where items are right or wrong each by itself, else by a bootstrap,
  /// which fewer than five independent units do not allow.
  ///
  /// - Returns: nil where the items do not define the metric.
  package init?(_ metric: Metric, _ answers: Answers, _ selection: Selection) {
    self.metric = metric
    items = selection.items.count
    if metric.isProportion, selection.groups == nil, items > 0 {
      let right = selection.items.count { metric.isRight(answers.items[$0]) }
      let proportion = Proportion(right: right, items: items)
      value = proportion.value
      certainty = .proportion(proportion)
    } else {
      guard let value = metric.value(answers.items, selection.items) else { return nil }
      self.value = value
      certainty =
        BootstrapDistribution(
          selection.resampling, statistic: { metric.value(answers.items, $0) }
        ).map { .bootstrap($0) } ?? .unknown
    }
  }

  /// The value that the truth is below with probability `level`; nil where nothing is known of it.
  package func bound(_ level: Double) -> Double? {
    switch certainty {
    case .proportion(let proportion): proportion.bound(level)
    case .bootstrap(let distribution): distribution.bound(level)
    case .unknown: nil
    }
  }

  /// True where chance hardly explains that it misses a limit: a model at the limit would be as bad with
  /// probability `level`. Exactly so for independent items that are right or wrong.
  func clearlyMisses(_ limit: Double, level: Double) -> Bool {
    switch certainty {
    case .proportion(let proportion):
      proportion.value < limit && proportion.chance(of: limit) < level
    case .bootstrap(let distribution):
      metric.isHigherBetter
        ? distribution.bound(1 - level) < limit : distribution.bound(level) > limit
    case .unknown: false
    }
  }

  /// Its 95 % interval; nil where nothing is known of it.
  public var interval: ClosedRange<Double>? {
    guard let low = bound(0.025), let high = bound(0.975) else { return nil }
    return low...max(low, high)
  }
}
