/// A number that says how well a model does on items with known targets.
public enum Metric: String, Sendable, CaseIterable {
  /// Share of items whose largest score is the true class's.
  case accuracy
  /// Mean over classes of the share of their items that are right, so that rare ones count as much.
  case balancedAccuracy
  /// Mean over classes of 2 · true positives / (2 · true positives + false ones + missed ones).
  case macroF1
  /// Share of items whose true class is among the five largest scores.
  case top5
  /// Chance that an item of class 1, an anomaly, has a higher score than one of class 0: the area
  /// under the ROC curve.
  case auc
  /// Mean absolute error.
  case mae
  /// Root of the mean squared error.
  case rmse
  /// 1 − squared error / squared deviation from the mean of the targets.
  case r2

  /// True where more is better.
  public var isHigherBetter: Bool { self != .mae && self != .rmse }

  /// True for shares of 1, which people read in percent.
  public var isShare: Bool { isHigherBetter && self != .r2 }

  /// What people call it.
  public var title: String {
    switch self {
    case .accuracy: "accuracy"
    case .balancedAccuracy: "balanced accuracy"
    case .macroF1: "macro F1"
    case .top5: "top-5 accuracy"
    case .auc: "AUC"
    case .mae: "mean absolute error"
    case .rmse: "root mean square error"
    case .r2: "R²"
    }
  }

  /// The metrics that answers to a task have, the usual one first.
  public static func of(_ task: Answers.Task) -> [Metric] {
    switch task {
    case .classes(let count):
      [.accuracy, .balancedAccuracy, .macroF1] + (count == 2 ? [.auc] : count > 5 ? [.top5] : [])
    case .numbers: [.mae, .rmse, .r2]
    case .scores: [.auc, .mae, .rmse]
    case .anomalies: [.auc]
    }
  }

  /// True where an item is right or wrong by itself, and the metric is the share that is right.
  var isProportion: Bool { self == .accuracy || self == .top5 }

  /// Whether an item is right, for a proportion.
  func isRight(_ answer: Answer) -> Bool {
    self == .top5 ? answer.place < 5 : answer.chosen == answer.label
  }

  /// The metric over some items, which may repeat.
  ///
  /// - Returns: nil where the items do not define it: none, of one class for AUC, of one target for R².
  package func value(_ answers: [Answer], _ picks: [Int]) -> Double? {
    guard !picks.isEmpty else { return nil }
    let count = Double(picks.count)
    switch self {
    case .accuracy, .top5:
      return Double(picks.count { isRight(answers[$0]) }) / count
    case .balancedAccuracy, .macroF1: return overClasses(answers, picks)
    case .auc: return areaUnderCurve(answers, picks)
    case .mae: return picks.reduce(0) { $0 + answers[$1].error.magnitude } / count
    case .rmse:
      return (squaredError(answers, picks) / count).squareRoot()
    case .r2:
      let mean = picks.reduce(0) { $0 + answers[$1].target } / count
      let spread = picks.reduce(0.0) {
        let deviation = answers[$1].target - mean
        return $0 + deviation * deviation
      }
      return spread > 0 ? 1 - squaredError(answers, picks) / spread : nil
    }
  }

  private func squaredError(_ answers: [Answer], _ picks: [Int]) -> Double {
    picks.reduce(0) { $0 + answers[$1].error * answers[$1].error }
  }

  /// Over the classes that are true or chosen somewhere; recall only over those that are true.
  private func overClasses(_ answers: [Answer], _ picks: [Int]) -> Double? {
    var count = 0
    for pick in picks { count = max(count, answers[pick].label + 1, answers[pick].chosen + 1) }
    var right = [Int](repeating: 0, count: count)
    var labelled = right
    var chosen = right
    for pick in picks {
      let answer = answers[pick]
      labelled[answer.label] += 1
      chosen[answer.chosen] += 1
      if answer.label == answer.chosen { right[answer.label] += 1 }
    }
    var (sum, classes) = (0.0, 0)
    for index in 0..<count {
      let of =
        self == .macroF1
        ? Double(labelled[index] + chosen[index]) / 2 : Double(labelled[index])
      guard of > 0 else { continue }
      sum += Double(right[index]) / of
      classes += 1
    }
    return sum / Double(classes)
  }

  /// The Mann–Whitney statistic: pairs of an item of class 1 and one of class 0 that are in order, half
  /// for equals, counted in one pass over the ranks.
  private func areaUnderCurve(_ answers: [Answer], _ picks: [Int]) -> Double? {
    let width = 2 * answers.count
    var negatives = [Int](repeating: 0, count: width)
    var positives = negatives
    for pick in picks {
      let answer = answers[pick]
      if answer.label == 0 { negatives[answer.rank] += 1 } else { positives[answer.rank] += 1 }
    }
    var (below, doubled, all) = (0, 0, 0)
    for rank in 0..<width {
      doubled += positives[rank] * (2 * below + negatives[rank])
      below += negatives[rank]
      all += positives[rank]
    }
    guard below > 0, all > 0 else { return nil }
    return Double(doubled) / (2 * Double(below) * Double(all))
  }
}
