public import SignalChain

/// What a bundle's rule decided of labelled or unlabelled items.
public struct DecisionCounts: Sendable, Equatable {
  /// Items seen.
  public private(set) var items = 0
  /// Items whose class reached its threshold.
  public private(set) var accepted = 0
  /// Those of them that were right, with labels.
  public private(set) var right = 0
  /// Items above a reconstruction's threshold, or of an alarming class.
  public private(set) var hits = 0
  /// Items labelled 1 or more, for a reconstruction: anomalies.
  public private(set) var anomalies = 0
  /// Hits among the anomalies.
  public private(set) var found = 0
  /// Items at which the debounced alarm stood.
  public private(set) var alarms = 0
  /// True for a reconstruction.
  public let isReconstruction: Bool
  /// True where labels were given.
  public let isLabelled: Bool

  /// Creates empty counts.
  public init(_ rule: DecisionRule, isLabelled: Bool) {
    self.isLabelled = isLabelled
    if case .reconstruction = rule.judgement {
      isReconstruction = true
    } else {
      isReconstruction = false
    }
  }

  mutating func add(_ decision: Decision, label: Int?) {
    items += 1
    if decision.topClass != nil { accepted += 1 }
    if let label, decision.topClass == label { right += 1 }
    if decision.isHit { hits += 1 }
    if decision.isAlarm { alarms += 1 }
    if isReconstruction, let label, label != 0 {
      anomalies += 1
      if decision.isHit { found += 1 }
    }
  }
}
