public import Bundling

/// Two models on the same items, metric by metric and slice by slice.
public struct ModelComparison: Sendable {
  /// A metric over some items.
  public struct Row: Sendable {
    /// What was compared.
    public let pair: PairedComparison
    /// How often equal models would differ as much; over slices corrected for their number.
    public let p: Double
    /// False where there are too few items to say anything.
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

  /// Compares, by slice at least by the first metric. Slices of fewer independent items than
  /// `sliceItems` are shown and not judged; p of the others is Holm's over the slices of the metric.
  ///
  /// - Throws: `PackError` where the two reports are not of the same items, or have no such metric.
  public init(
    champion: EvaluationReport, challenger: EvaluationReport, metrics: [Metric],
    allSlices: Bool = true, sliceItems: Int
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
      let selections = challenger.selections.prefix(
        allSlices || metric == metrics.first ? challenger.selections.count : 1)
      let pairs = selections.compactMap {
        PairedComparison(metric, champion: first, challenger: second, $0)
      }
      func isJudged(_ pair: PairedComparison) -> Bool {
        pair.interval != nil && (pair.selection.slice == nil || pair.selection.units >= sliceItems)
      }
      let slices = pairs.filter { $0.selection.slice != nil && isJudged($0) }
      var adjusted = MultipleTests.holm(slices.map(\.p))[...]
      for pair in pairs {
        let isCorrected = pair.selection.slice != nil && isJudged(pair)
        rows.append(
          Row(
            pair: pair, p: isCorrected ? adjusted.removeFirst() : pair.p, isJudged: isJudged(pair)))
      }
    }
    self.rows = rows
  }
}
