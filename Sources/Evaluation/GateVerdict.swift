public import BundleFormat

/// What became of a gate.
public struct GateVerdict: Sendable {
  /// One thing that was held against the limit.
  public struct Finding: Sendable {
    /// The slice; nil for all items, and for what is no metric.
    public var slice: TestReport.Slice?
    /// The target; nil but for certified sizes.
    public var target: String?
    /// Items, runs; 0 where nothing is counted.
    public var items = 0
    /// What the limit limits: a value, a drop, a loss against the champion.
    public var measured: Double
    /// What was measured of the bundle, in the quantity's unit.
    public var value: Double
    /// The same of the float model or the champion.
    public var reference: Double?
    /// 95 % interval of `measured`; for a margin, up to the one-sided bound that is judged.
    public var interval: ClosedRange<Double>?
    /// Whether it keeps the limit.
    public var holds: Bool
  }

  /// The gate.
  public let gate: Gate
  /// Everything judged: the whole first, then slices or targets.
  public let findings: [Finding]
  /// Slices with too few items to be judged.
  public let smallSlices: Int

  /// Whether every finding keeps the limit.
  public var holds: Bool { findings.allSatisfy(\.holds) }

  /// The finding that a person should see: the worst of those that fail, else the first.
  public var decisive: Finding? { findings.first { !$0.holds && $0.slice == nil } ?? worst }

  /// The slice that is worst; of those that fail, if some do.
  public var worstSlice: Finding? {
    let slices = findings.filter { $0.slice != nil }
    let failed = slices.filter { !$0.holds }
    let isMinimum = if case .minimum = gate.limit { true } else { false }
    return (failed.isEmpty ? slices : failed).max {
      isMinimum ? $0.measured > $1.measured : $0.measured < $1.measured
    }
  }

  private var worst: Finding? { findings.first { !$0.holds } ?? findings.first }
}
