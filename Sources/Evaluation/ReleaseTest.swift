public import BundleFormat
public import Bundling
public import DeviceRuntime
import HostArrays
import ModelGraph

/// A release in service, loaded to be compared with.
public struct ReleasedModel {
  /// On its main plan.
  public let session: Session
  /// Its interface.
  public let plan: PlanEntry
  /// Bytes of its bundle.
  public let bytes: Int

  /// Creates one of a verified bundle.
  public init(session: Session, plan: PlanEntry, bytes: Int) {
    self.session = session
    self.plan = plan
    self.bytes = bytes
  }

  /// Says why two models cannot be compared item by item.
  ///
  /// - Throws: `PackError` where they answer other questions.
  public func checkComparable(with other: PlanEntry) throws(PackError) {
    let (mine, theirs) = (DataInterface(plan), DataInterface(other))
    let isNamedAlike =
      mine.classes.isEmpty || theirs.classes.isEmpty || mine.classes == theirs.classes
    guard isNamedAlike, mine.isRegression == theirs.isRegression,
      Self.scores(plan) == Self.scores(other)
    else {
      throw PackError(
        .failed, "the two models have other classes: their answers cannot be compared",
        hint: "the order of labels counts too; inspect shows both")
    }
  }

  /// Elements of the output that is scored.
  private static func scores(_ plan: PlanEntry) -> UInt64 {
    (plan.outputs.first { $0.userElement != "int64" } ?? plan.outputs[0]).shape.reduce(1, *)
  }
}

/// Measures a draft on test data, which nothing of it was made from.
public struct ReleaseTest {
  /// Slices whose figures a bundle keeps.
  private static let sliceFigures = 32
  /// Share of test items that may be among the calibration items before the test is refused.
  private static let sharedMax = 0.05

  /// The draft; measuring adds the items to what its card says.
  public private(set) var draft: BundleDraft
  private let gates: [Gate]

  /// Creates a test.
  public init(_ draft: BundleDraft, gates: [Gate]) {
    self.draft = draft
    self.gates = gates
  }

  private var plan: PlanEntry { draft.manifest.plans[0] }
  private var evaluator: Evaluator { Evaluator(session: draft.session, plan: plan) }

  /// Measures what the gates limit, all but the size of the bundle.
  ///
  /// - Parameters:
  ///   - dataset: as the draft takes it; nil where there is no test data.
  ///   - champion: the release in service.
  ///   - championData: the same items as the champion takes them.
  /// - Returns: also remarks for people.
  /// - Throws: `PackError` where the data does not fit, or is not independent.
  public mutating func measure(
    _ dataset: Dataset?, champion: ReleasedModel? = nil, championData: Dataset? = nil
  ) throws(PackError) -> (evidence: GateEvidence, notes: [String]) {
    var evidence = GateEvidence()
    var notes: [String] = []
    evidence.certificates = draft.manifest.certificates
    if let dataset {
      let items = try evaluator.items(of: dataset, model: draft.model).modelItems
      notes += try checkIndependence(dataset, items)
      draft.add(
        testItems: items, starts: RecordingStarts(dataset.groups, items: items.count),
        targets: dataset.targets)
      guard dataset.targets != nil || !gates.contains(where: { $0.metric != nil }) else {
        throw PackError(
          .failed, "the test data has no labels",
          hint: "add test.labels, or a column `label` to the table")
      }
      let needsFloat = gates.contains { $0.needsFloatModel }
      evidence.report = try evaluator.evaluate(dataset, model: needsFloat ? draft.model : nil)
    }
    if let champion, gates.contains(where: \.needsChampion) {
      evidence.championBytes = champion.bytes
      if let championData {
        try champion.checkComparable(with: plan)
        evidence.champion = try Evaluator(session: champion.session, plan: champion.plan)
          .evaluate(championData, model: nil)
        guard evidence.champion?.items == evidence.report?.items else {
          throw PackError(
            .failed,
            "the test data is \(evidence.report?.items ?? 0) items for this model and "
              + "\(evidence.champion?.items ?? 0) for the champion")
        }
      }
    }
    if gates.contains(where: { $0.quantity == .latency }) {
      evidence.latency = LatencyMeasurement(draft.session, beside: champion?.session)
    }
    return (evidence, notes)
  }

  /// What the bundle will say of the test: figures of all items, of the worst slices, and the gates.
  public func report(_ evidence: GateEvidence) -> TestReport {
    var figures: [TestReport.Figure] = []
    if let report = evidence.report {
      figures = report.metrics.compactMap { figure($0, report, report.selections[0]) }
      if let noise = report.noise {
        figures.append(
          TestReport.Figure(
            metric: Gate.Quantity.noise.name, items: UInt64(report.items), value: noise.decibels))
      }
      if let metric = report.metrics.first {
        let slices = report.selections.dropFirst().compactMap { figure(metric, report, $0) }
        let ordered = slices.enumerated().sorted {
          let (first, second) = ($0.element.value, $1.element.value)
          guard first != second else { return $0.offset < $1.offset }
          return metric.isHigherBetter ? first < second : first > second
        }
        figures += ordered.prefix(Self.sliceFigures).map(\.element)
      }
    }
    return TestReport(
      items: UInt64(evidence.report?.items ?? 0), figures: figures,
      gates: gates.map { gate in
        TestReport.Gate(
          quantity: gate.quantity.name, kind: gate.limit.name, limit: gate.limit.value,
          target: gate.quantity.target ?? "", sliceItems: gate.sliceItems.map { UInt64($0) })
      })
  }

  private func figure(
    _ metric: Metric, _ report: EvaluationReport, _ selection: Selection
  ) -> TestReport.Figure? {
    guard let measured = report.measure(metric, selection) else { return nil }
    return TestReport.Figure(
      metric: metric.rawValue, slice: selection.slice, items: UInt64(measured.items),
      value: measured.value, interval: measured.interval,
      floatValue: report.floatValue(metric, selection))
  }

  /// A test on what ranges were set by says nothing. Items may be alike by nature, as rows of a few
  /// switches are: they are refused only where they repeat more than the calibration data does within
  /// itself.
  ///
  /// - Returns: a remark where a few items are shared.
  private func checkIndependence(
    _ dataset: Dataset, _ items: [[TensorData]]
  ) throws(PackError) -> [String] {
    if let known = draft.calibrationGroups, let groups = dataset.groups,
      plan.stream == nil || plan.roles.group != nil
    {
      let seen = Set(known.codes.map { known.values[$0] })
      if let both = groups.codes.map({ groups.values[$0] }).first(where: { seen.contains($0) }) {
        throw PackError(
          .failed, "group '\(both)' is in the calibration and in the test data",
          hint: "keep a group's rows together, or say that the column is no group: columns.ignore")
      }
    }
    let calibration = draft.calibrationItems
    guard calibration.count > 0 else { return [] }
    let shared = items.count { calibration.contains($0) }
    guard shared > 0 else { return [] }
    let message = "\(shared) of \(items.count) test items are calibration items too"
    let usual = max(Self.sharedMax, Double(calibration.repeated) / Double(calibration.count))
    guard Double(shared) <= usual * Double(items.count) || draft.aside != nil else {
      throw PackError(
        .failed, "\(message): the test is not independent",
        hint: "test with other data, or set a share of the calibration data aside: test.share")
    }
    return [message]
  }
}
