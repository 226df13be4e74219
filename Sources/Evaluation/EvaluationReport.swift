public import Bundling

/// How a bundle does on data it was not made from.
public struct EvaluationReport: Sendable {
  /// Items run.
  public var items: Int
  /// What the bundle answered, where targets are known.
  public var answers: Answers?
  /// What the float model answered, with a model.
  public var floatAnswers: Answers?
  /// Items whose largest output is the float model's too; of classifiers, known by their labels.
  public var agreement: TopOne?
  /// Output signal to quantisation noise against the float model.
  public var noise: NoiseMeter?
  /// What was decided, by a bundle with a rule.
  public var decisions: DecisionCounts?
  /// All items, and those of each slice.
  public var selections: [Selection]

  package init(
    items: Int, answers: Answers? = nil, floatAnswers: Answers? = nil, selections: [Selection]
  ) {
    self.items = items
    self.answers = answers
    self.floatAnswers = floatAnswers
    self.selections = selections
  }

  /// Metrics that the answers have, the usual one first.
  public var metrics: [Metric] { answers.map { Metric.of($0.task) } ?? [] }

  /// A metric of the bundle over some items; nil where they do not define it.
  public func measure(_ metric: Metric, _ selection: Selection) -> Measurement? {
    answers.flatMap { Measurement(metric, $0, selection) }
  }

  /// A metric of the bundle over all items.
  public func measure(_ metric: Metric) -> Measurement? { measure(metric, selections[0]) }

  /// A metric of the float model over some items.
  public func floatValue(_ metric: Metric, _ selection: Selection) -> Double? {
    floatAnswers.flatMap { metric.value($0.items, selection.items) }
  }

  /// The bundle beside the float model.
  public func againstFloat(_ metric: Metric, _ selection: Selection) -> PairedComparison? {
    guard let answers, let floatAnswers else { return nil }
    return PairedComparison(metric, champion: floatAnswers, challenger: answers, selection)
  }
}
