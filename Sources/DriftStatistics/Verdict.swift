/// What the counts say: for every tap, and for all of them at the contract's false-alarm rate.
public struct Verdict: Sendable, Equatable {
  /// The answer.
  public enum State: UInt8, Sendable {
    /// No change at the stated rate of false alarms.
    case quiet = 0
    /// The stream is no longer like the reference.
    case drifted = 1
    /// Fewer items than ``minimumItems``: neither of the two.
    case notEnoughData = 2

    /// `quiet`, `drifted` or `not enough data`.
    public var text: String {
      switch self {
      case .quiet: return "quiet"
      case .drifted: return "drifted"
      case .notEnoughData: return "not enough data"
      }
    }
  }

  /// What the stated rate of false alarms is a rate over.
  public enum Promise: UInt8, Sendable {
    /// For this very bundle: N ≥ 100 n.
    case perBundle = 0
    /// On average over references of this size; one bundle's own rate may differ by a third or
    /// more (one tap, n/N = 0.1, calculated: 0.67 to 1.39 of it in 8 of 10 bundles).
    case averageOverReferences = 1
    /// The null distribution has too few draws for the alarm rate: only guards can alarm.
    case belowResolution = 2

    /// One line for a person.
    public var text: String {
      switch self {
      case .perBundle: return "the false-alarm rate holds for this bundle"
      case .averageOverReferences:
        return "the false-alarm rate holds on average over references of this size; a reference "
          + "of at least 100 times the items judged would make it hold for this bundle"
      case .belowResolution:
        return "the reference has too few draws for this alarm rate; pack with more draws"
      }
    }
  }

  /// The answer.
  public var state: State
  /// Corrected for all taps, guards and windows; drifted when at most ``alarmRate``.
  public var probability: Double
  /// True when the p-value is below `probability`: the null's resolution ends there.
  public var probabilityIsBound: Bool
  /// The contract's rate of false alarms.
  public var alarmRate: Double
  /// What that rate is a rate over.
  public var promise: Promise
  /// Items judged.
  public var items: UInt32
  /// Fewest items that are judged: five per cell of the finest tap.
  public var minimumItems: UInt32
  /// Windows given.
  public var windows: Int
  /// The first window, from 0, whose own test alarmed; nil when none did.
  public var since: Int?
  /// In the order of the contract's taps.
  public var taps: [TapVerdict]
  /// One plain sentence.
  public var sentence: String

  /// Merges the windows and judges them, each alone too. With m > 1 windows half of the budget
  /// goes to the merged counts and half, over m, to the windows: p = 2·min(p merged, m·min pᵢ).
  ///
  /// The merged counts, n' = Σ n items, are held against the null drawn at n: X² over its
  /// inflation 1 + n'/N hardly depends on n' (n/K ≥ 10).
  /// - Parameter windows: in order of time. None gives `notEnoughData`.
  public static func evaluate(
    contract: TelemetryContract, reference: ReferenceStatistics, windows: [WindowCounts]
  ) throws(TapError) -> Verdict {
    var merged = WindowCounts(
      items: 0,
      taps: contract.taps.map {
        TapCounts(bins: [UInt32](repeating: 0, count: $0.binCount), below: 0, above: 0)
      })
    guard reference.taps.count == contract.taps.count else { throw TapError.countsMismatch }
    for index in contract.taps.indices
    where reference.taps[index].bins.count != contract.taps[index].binCount {
      throw TapError.countsMismatch
    }
    for window in windows { try merged.merge(window) }
    let cells = reference.taps.map { Cells(reference: $0.bins) }
    var widest = 1
    for cell in cells { widest = max(widest, cell.reference.count) }
    let minimum = UInt32(5 * widest)
    let whole = Assessment(
      contract: contract, reference: reference, cells: cells, window: merged)
    let parts = windows.map { window in
      window.items < minimum
        ? nil
        : Assessment(contract: contract, reference: reference, cells: cells, window: window)
    }
    let builder = VerdictBuilder(
      contract: contract, reference: reference, cells: cells, merged: merged, whole: whole,
      parts: parts, minimum: minimum)
    return builder.verdict()
  }
}

/// What the counts say of one tap.
public struct TapVerdict: Sendable, Equatable {
  /// The tap's name.
  public var name: String
  /// The tap's unit.
  public var unit: String
  /// Position in the contract.
  public var index: Int
  /// X² of the merged counts, divided by its inflation.
  public var chiSquare: Double
  /// p of that X² for this tap alone.
  public var probability: Double
  /// True when the p-value is below `probability`.
  public var probabilityIsBound: Bool
  /// p of everything known of this tap, corrected for all taps, guards and windows.
  public var adjustedProbability: Double
  /// True when the p-value is below `adjustedProbability`.
  public var adjustedIsBound: Bool
  /// `adjustedProbability` is at most the alarm rate.
  public var alarmed: Bool
  /// The smallest exact tail of this tap's guards, uncorrected.
  public var guardProbability: Double
  /// Live items below the reference's lowest value.
  public var below: UInt32
  /// Live items above the reference's highest value.
  public var above: UInt32
  /// Live items in bins that the reference never saw.
  public var unseen: UInt32
  /// Difference of the means in standard deviations of the reference; 0 for categories.
  public var shift: Double
  /// Reference in displayed units.
  public var reference: DisplayedCounts
  /// Live items in displayed units.
  public var live: DisplayedCounts
  /// Population stability index, shown beside; no alarm depends on it.
  public var stabilityIndex: Double
  /// One plain sentence, e.g. `image · mean fell from 4.9 to 2.1 (intensity), p < 0.0002`.
  public var sentence: String
}
