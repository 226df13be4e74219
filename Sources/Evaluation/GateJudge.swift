public import BundleFormat
public import Bundling

/// Everything measured of a bundle that gates may limit.
public struct GateEvidence: Sendable {
  /// On test data; with the float model where a gate needs it.
  public var report: EvaluationReport?
  /// The champion's on the same items.
  public var champion: EvaluationReport?
  /// On this host; beside the champion where there is one.
  public var latency: LatencyMeasurement?
  /// Figures certified per target.
  public var certificates: [TargetCertificate] = []
  /// Bytes of the bundle.
  public var bundleBytes = 0
  /// Bytes of the champion's.
  public var championBytes: Int?

  /// Creates evidence of nothing.
  public init() {}
}

/// Holds gates against what was measured.
///
/// All items are judged by the measured value itself. A slice is judged where it has enough independent
/// items, and fails only where chance does not explain it: by a one-sided test at a level that leaves
/// one chance in twenty, over all slices of the gate together (Bonferroni), that a model just at the
/// limit fails. Against a champion the burden is the
/// other way: the one-sided 95 % bound of the loss must be within the margin, everywhere it is judged
/// (each slice at that level: all of them have to pass; Berger 1982).
public struct GateJudge {
  /// Chance of a false alarm.
  private static let level = 0.05
  /// What two sums of the same numbers may differ by.
  private static let rounding = 1e-12

  private let evidence: GateEvidence

  /// Creates a judge.
  public init(_ evidence: GateEvidence) { self.evidence = evidence }

  /// Judges a gate.
  ///
  /// - Throws: `PackError` where what it limits was not measured, or the model has no such metric.
  public func verdict(_ gate: Gate) throws(PackError) -> GateVerdict {
    switch gate.quantity {
    case .metric(let metric): return try verdict(gate, metric)
    case .noise:
      guard let noise = evidence.report?.noise else { throw missing(gate) }
      return single(
        gate, noise.decibels, items: evidence.report?.items ?? 0)
    case .latency:
      guard let latency = evidence.latency else { throw missing(gate) }
      if case .margin(let margin) = gate.limit {
        guard let ratio = latency.ratio, let interval = latency.ratioInterval else {
          throw missing(gate)
        }
        return single(
          gate, ratio - 1, value: latency.median, reference: latency.otherMedian,
          interval: (interval.lowerBound - 1)...(interval.upperBound - 1),
          items: latency.times.count, holds: interval.upperBound - 1 <= margin)
      }
      return single(gate, latency.median, items: latency.times.count)
    case .bundle:
      let bytes = Double(evidence.bundleBytes)
      if case .margin = gate.limit {
        guard let champion = evidence.championBytes else { throw missing(gate) }
        return single(
          gate, bytes / Double(champion) - 1, value: bytes, reference: Double(champion))
      }
      return single(gate, bytes)
    case .arena: return try certified(gate) { $0.arenaBytes }
    case .image: return try certified(gate) { $0.imageBytes }
    case .memory: return try certified(gate) { $0.peakBytes }
    }
  }

  private func missing(_ gate: Gate) -> PackError {
    PackError(
      .failed, "gate \(gate.quantity.name): there is nothing to judge \(gate.limit.name) by")
  }

  private func single(
    _ gate: Gate, _ measured: Double, value: Double? = nil, reference: Double? = nil,
    interval: ClosedRange<Double>? = nil, items: Int = 0, holds: Bool? = nil
  ) -> GateVerdict {
    let finding = GateVerdict.Finding(
      items: items, measured: measured, value: value ?? measured, reference: reference,
      interval: interval, holds: holds ?? keeps(gate.limit, measured))
    return GateVerdict(gate: gate, findings: [finding], smallSlices: 0)
  }

  private func keeps(_ limit: Gate.Limit, _ measured: Double) -> Bool {
    if case .minimum(let minimum) = limit { return measured >= minimum - Self.rounding }
    return measured <= limit.value + Self.rounding
  }

  private func certified(
    _ gate: Gate, _ bytes: (TargetCertificate) -> UInt64
  ) throws(PackError) -> GateVerdict {
    let certificates = evidence.certificates.filter {
      gate.quantity.target == nil || $0.target == gate.quantity.target
    }
    guard !certificates.isEmpty else {
      throw PackError(
        .failed,
        "gate \(gate.quantity.name): nothing is certified for \(gate.quantity.target ?? "a target")",
        hint: "add it to targets")
    }
    let findings = certificates.map { certificate in
      let size = Double(bytes(certificate))
      return GateVerdict.Finding(
        target: certificate.target, measured: size, value: size, holds: keeps(gate.limit, size))
    }
    return GateVerdict(
      gate: gate, findings: findings.sorted { $0.measured > $1.measured }, smallSlices: 0)
  }

  // MARK: Metrics

  private func verdict(_ gate: Gate, _ metric: Metric) throws(PackError) -> GateVerdict {
    guard let report = evidence.report, report.answers != nil else { throw missing(gate) }
    guard report.metrics.contains(metric) else {
      throw PackError(
        .failed, "gate \(metric.rawValue): this model's answers have none",
        hint: "they have \(report.metrics.map(\.rawValue).joined(separator: ", "))")
    }
    var small = 0
    var judged: [Selection] = []
    if let least = gate.sliceItems {
      for selection in report.selections.dropFirst() {
        if selection.units >= max(least, leastItems(gate, metric, selection)) {
          judged.append(selection)
        } else {
          small += 1
        }
      }
    }
    guard let whole = try finding(gate, metric, report, report.selections[0], among: nil) else {
      throw PackError(
        .failed, "gate \(metric.rawValue): the test items do not define it",
        hint: "they are all of one kind")
    }
    var findings = [whole]
    for selection in judged {
      if let found = try finding(gate, metric, report, selection, among: judged.count) {
        findings.append(found)
      } else {
        small += 1
      }
    }
    return GateVerdict(gate: gate, findings: findings, smallSlices: small)
  }

  /// Items that a margin needs so that a model with the champion's very answers would pass.
  private func leastItems(_ gate: Gate, _ metric: Metric, _ selection: Selection) -> Int {
    guard case .margin(let margin) = gate.limit, metric.isProportion, selection.groups == nil else {
      return 0
    }
    let same = PairedProportions(won: 0, lost: 0, items: selection.items.count)
    return same.bound(1 - Self.level) <= margin ? 0 : .max
  }

  /// - Parameter count: slices judged together; nil for all items.
  private func finding(
    _ gate: Gate, _ metric: Metric, _ report: EvaluationReport, _ selection: Selection,
    among count: Int?
  ) throws(PackError) -> GateVerdict.Finding? {
    let level = Self.level / Double(count ?? 1)
    switch gate.limit {
    case .minimum, .maximum:
      guard let measured = report.measure(metric, selection) else { return nil }
      var holds = keeps(gate.limit, measured.value)
      if count != nil {
        holds = !measured.clearlyMisses(gate.limit.value, level: level)
      }
      return GateVerdict.Finding(
        slice: selection.slice, items: measured.items, measured: measured.value,
        value: measured.value, interval: measured.interval, holds: holds)
    case .drop, .margin:
      var reference = report.floatAnswers
      if case .margin = gate.limit { reference = evidence.champion?.answers }
      guard let reference, let answers = report.answers else { throw missing(gate) }
      guard
        let pair = PairedComparison(
          metric, champion: reference, challenger: answers, selection)
      else { return nil }
      var high = pair.lossBound(0.975)
      var holds = keeps(gate.limit, pair.loss)
      if case .margin = gate.limit {
        // What is not known is not shown.
        high = pair.lossBound(1 - Self.level)
        holds = high.map { keeps(gate.limit, $0) } ?? false
      } else if count != nil {
        holds = pair.lossBound(level).map { keeps(gate.limit, $0) } ?? true
      }
      var interval: ClosedRange<Double>?
      if let low = pair.lossBound(0.025), let high { interval = low...max(low, high) }
      return GateVerdict.Finding(
        slice: selection.slice, items: selection.items.count, measured: pair.loss,
        value: pair.challenger, reference: pair.champion, interval: interval,
        holds: holds)
    }
  }
}
