public import Bundling

/// Two models on the same items, metric by metric and slice by slice.
public struct ModelComparison: Sendable {
  /// A metric over some items.
  public struct Row: Sendable {
    /// What was compared.
    public let pair: PairedComparison
    /// How often equal models would differ as much; over slices corrected for their number.
    public let p: Double
    /// False for a slice of too few items to say anything.
    public let isJudged: Bool

    /// True where the challenger is worse beyond chance.
    public var isWorse: Bool { isJudged && p < ModelComparison.level && pair.loss > 0 }
    /// True where it is better beyond chance.
    public var isBetter: Bool { isJudged && p < ModelComparison.level && pair.loss < 0 }
  }

  /// Chance of a false alarm: of all items of a metric, and of its slices together.
  public static let level = 0.05

  /// All items first, then slices, of each metric in turn.
  public let rows: [Row]

  /// Compares. Slices of fewer independent items than `sliceItems` are shown and not judged; p of the
  /// others is Holm's over the slices of the metric.
  ///
  /// - Throws: `PackError` where the two reports are not of the same items, or have no such metric.
  public init(
    champion: EvaluationReport, challenger: EvaluationReport, metrics: [Metric], sliceItems: Int
  ) throws(PackError) {
    guard champion.items == challenger.items else {
      throw PackError(
        .failed,
        "the data is \(champion.items) items for the champion and \(challenger.items) for the "
          + "challenger")
    }
    guard let first = champion.answers, let second = challenger.answers else {
      throw PackError(
        .usage, "there are no labels to compare by", hint: "add --labels, or a column `label`")
    }
    var rows: [Row] = []
    for metric in metrics {
      guard challenger.metrics.contains(metric), champion.metrics.contains(metric) else {
        throw PackError(
          .usage, "these models' answers have no \(metric.rawValue)",
          hint: "they have \(challenger.metrics.map(\.rawValue).joined(separator: ", "))")
      }
      let pairs = challenger.selections.compactMap {
        PairedComparison(metric, champion: first, challenger: second, $0)
      }
      let judged = pairs.filter { $0.selection.slice != nil && $0.selection.units >= sliceItems }
      var adjusted = MultipleTests.holm(judged.map(\.p))[...]
      for pair in pairs {
        let isSlice = pair.selection.slice != nil
        let isJudged = !isSlice || pair.selection.units >= sliceItems
        rows.append(
          Row(
            pair: pair, p: isSlice && isJudged ? adjusted.removeFirst() : pair.p,
            isJudged: isJudged))
      }
    }
    self.rows = rows
  }
}
