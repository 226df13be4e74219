/// What a model answered to one item, beside what is true.
public struct Answer: Sendable, Equatable {
  /// The class that is true; for anomalies 0 for the normal and 1 for the rest; else 0.
  public var label = 0
  /// The class of the largest score, the first of equals.
  public var chosen = 0
  /// How many classes stand before the true one by their scores; 0 for the top.
  public var place = 0
  /// The number answered minus the true one.
  public var error = 0.0
  /// The true number.
  public var target = 0.0
  /// Twice the mean rank of the score among those of all items: the score as far as AUC needs it, and
  /// alike for models whose scores have other units.
  public var rank = 0
}

/// A model's answers to items with known targets.
public struct Answers: Sendable, Equatable {
  /// What the model is for.
  public enum Task: Sendable, Equatable {
    /// One of so many classes.
    case classes(Int)
    /// A number.
    case numbers
    /// A number where the true ones are 0 and 1.
    case scores
    /// How unlike the normal an item is.
    case anomalies
  }
  /// What the model is for.
  public let task: Task
  /// One per item.
  public private(set) var items: [Answer] = []

  /// Answers of a classifier.
  ///
  /// - Parameter scores: for each item one per class, as many of all.
  public init(scores: [[Float]], labels: [Int]) {
    task = .classes(max(scores.first?.count ?? 0, (labels.max() ?? 0) + 1))
    for (scores, label) in zip(scores, labels) {
      var answer = Answer(label: label, chosen: TopOne.argmax(scores))
      answer.place =
        scores.indices.contains(label)
        ? scores.indices.count {
          scores[$0] > scores[label] || scores[$0] == scores[label] && $0 < label
        } : scores.count
      items.append(answer)
    }
    guard task == .classes(2) else { return }
    // Of two classes, the difference orders items as a softmax of them would.
    rank(scores.map { Double($0.last ?? 0) - Double($0.first ?? 0) })
  }

  /// Answers of a model of numbers.
  public init(values: [Float], targets: [Float]) {
    task = targets.allSatisfy { $0 == 0 || $0 == 1 } && Set(targets).count == 2 ? .scores : .numbers
    for (value, target) in zip(values, targets) {
      items.append(
        Answer(
          label: task == .scores ? Int(target) : 0, error: Double(value) - Double(target),
          target: Double(target)))
    }
    if task == .scores { rank(values.map { Double($0) }) }
  }

  /// Answers of a detector of anomalies.
  ///
  /// - Parameter labels: 0 for the normal.
  public init(anomalyScores scores: [Double], labels: [Int]) {
    task = .anomalies
    items = labels.map { Answer(label: $0 == 0 ? 0 : 1) }
    rank(scores)
  }

  private mutating func rank(_ scores: [Double]) {
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var first = 0
    while first < order.count {
      var last = first
      while last + 1 < order.count, scores[order[last + 1]] == scores[order[first]] { last += 1 }
      for place in first...last { items[order[place]].rank = first + last }
      first = last + 1
    }
  }
}
