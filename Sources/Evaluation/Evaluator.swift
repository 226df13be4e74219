public import Arrays
public import BundleFormat
public import Bundling
public import DeviceRuntime
import FloatReference
import HostArrays
public import ModelGraph
import Quantizer
import SignalChain

/// How a bundle does on data it was not made from.
public struct EvaluationReport: Sendable {
  /// Items run.
  public var items: Int
  /// Top-1 accuracy of the bundle, with labels.
  public var accuracy: TopOne?
  /// Top-1 accuracy of the float model, with labels and a model.
  public var floatAccuracy: TopOne?
  /// Items whose largest output is the float model's too; of classifiers, known by their labels.
  public var agreement: TopOne?
  /// Output signal to quantisation noise against the float model.
  public var noise: NoiseMeter?
  /// What was decided, by a bundle with a rule.
  public var decisions: DecisionCounts?
  /// How far the bundle's numbers are from the targets.
  public var deviation: Deviation?
  /// How far the float model's are.
  public var floatDeviation: Deviation?
  /// Results by the values of columns.
  public var slices: [SliceReport] = []
}

/// Runs a bundle, and the float model it came from, over the same items.
public struct Evaluator {
  private let session: Session
  private let plan: PlanEntry

  /// Creates an evaluator.
  ///
  /// - Parameters:
  ///   - session: on the bundle's main plan.
  ///   - plan: its interface.
  public init(session: Session, plan: PlanEntry) {
    self.session = session
    self.plan = plan
  }

  /// Evaluates arrays.
  ///
  /// - Parameters:
  ///   - arrays: one per input.
  ///   - labels: class indices, one per item.
  ///   - model: the float model; its shapes must be the bundle's.
  ///   - groups: a number per item; where it changes, what the model keeps starts anew.
  /// - Throws: `PackError` when arrays, labels or model do not fit the bundle.
  public func evaluate(
    _ arrays: [NumericArray], labels: [Int]?, model: Graph?, groups: [Int64]? = nil
  ) throws(PackError) -> EvaluationReport {
    var dataset = Dataset(arrays: arrays)
    dataset.targets = labels.map { .classes($0) }
    if let groups { dataset.groups = TextColumn(groups) }
    return try evaluate(dataset, model: model)
  }

  /// Evaluates data with what is known of each item.
  ///
  /// - Parameters:
  ///   - dataset: what the bundle takes.
  ///   - model: the float model; its shapes must be the bundle's.
  /// - Throws: `PackError` when data or model do not fit the bundle.
  public func evaluate(
    _ dataset: Dataset, model: Graph?
  ) throws(PackError) -> EvaluationReport {
    let (items, modelItems) = try self.items(of: dataset, model: model)
    var labels: [Int]?
    var values: [Float]?
    switch dataset.targets {
    case .classes(let classes)?: labels = classes
    case .values(let numbers)?: values = numbers
    case nil: break
    }
    if let count = labels?.count ?? values?.count, count != items.count {
      throw PackError(.failed, "there are \(items.count) items and \(count) labels")
    }
    if let count = dataset.groups?.codes.count, count != items.count {
      throw PackError(.failed, "there are \(items.count) items and \(count) groups")
    }
    let starts = RecordingStarts(dataset.groups, items: items.count)
    var stream = model.map { FloatStream(FloatExecutor($0), starts: starts) }
    let integers = IntegerModel(session: session, entry: plan)
    var report = EvaluationReport(items: items.count)
    var decider: Decider?
    if let rule = plan.decision {
      decider = Decider(rule, session: session)
      report.decisions = DecisionCounts(rule, isLabelled: labels != nil)
    }
    // The labels of a reconstruction tell anomalies from the rest: they are no classes.
    let classes = report.decisions?.isReconstruction == true ? nil : labels
    begin(&report, classes: classes != nil, values: values != nil, hasFloat: stream != nil)
    var slices = SliceTable(
      classes == nil && values == nil
        ? [] : dataset.slices.map { ($0.name, $0.values.values, $0.values.codes) },
      isRegression: values != nil, hasFloat: stream != nil)
    // A classifier's scores, or all there is.
    let scored = plan.outputs.firstIndex { $0.userElement != "int64" } ?? 0
    for (index, item) in items.enumerated() {
      if starts.contains(index) { session.reset() }
      try integers.load(item)
      if let input = decider?.rule.input {
        decider?.keep(UnsafeRawBufferPointer(session.input(input)))
      }
      session.run()
      let outputs = integers.outputs
      if let rule = plan.decision, let decision = decider?.decide(session.output(rule.output)) {
        report.decisions?.add(decision, label: labels?[index])
      }
      if let labels = classes {
        report.accuracy?.add(scores: outputs[scored], label: labels[index])
        slices.update(index) { $0.accuracy.add(scores: outputs[scored], label: labels[index]) }
      }
      if let values {
        report.deviation?.add(outputs[scored][0], target: values[index])
        slices.update(index) { $0.deviation?.add(outputs[scored][0], target: values[index]) }
      }
      guard stream != nil else { continue }
      let truth = try fromGraph { () throws(GraphError) in
        try stream?.run(inputs: modelItems[index]) ?? []
      }
      for (expected, got) in zip(truth, outputs) { report.noise?.add(expected.floats ?? [], got) }
      let scores = truth[scored].floats ?? []
      report.agreement?.add(scores: outputs[scored], label: TopOne.argmax(scores))
      if let values { report.floatDeviation?.add(scores[0], target: values[index]) }
      if let labels = classes {
        report.floatAccuracy?.add(scores: scores, label: labels[index])
        slices.update(index) { $0.floatAccuracy?.add(scores: scores, label: labels[index]) }
      }
    }
    report.slices = slices.seen
    return report
  }

  /// The items as the bundle takes them and as the float model does.
  private func items(
    of dataset: Dataset, model: Graph?
  ) throws(PackError) -> (items: [[TensorData]], modelItems: [[TensorData]]) {
    let encodings = plan.inputs.map { port -> InputEncoding in
      if let normalization = port.normalization { return .normalized(normalization) }
      if !port.ranks.isEmpty { return .ranks }
      return port.userElement == "uint8" ? .rawBytes(scale: port.scale) : .calibrated
    }
    let items = try ModelItems.split(
      dataset.arrays, for: model ?? interface, encodings: encodings,
      stream: StreamSource(audio: plan.audio, rule: plan.stream))
    guard model != nil, plan.inputs.contains(where: \.modelTakesRaw) else { return (items, items) }
    let raw = zip(plan.inputs, encodings).map { $0.modelTakesRaw ? .calibrated : $1 }
    let modelItems = try ModelItems.split(
      dataset.arrays, for: model ?? interface, encodings: raw,
      stream: StreamSource(audio: plan.audio, rule: plan.stream))
    return (items, modelItems)
  }

  /// Opens the counts that there is something to count for.
  private func begin(
    _ report: inout EvaluationReport, classes: Bool, values: Bool, hasFloat: Bool
  ) {
    if classes { report.accuracy = TopOne() }
    if values { report.deviation = Deviation() }
    guard hasFloat else { return }
    report.noise = NoiseMeter()
    if classes {
      report.agreement = TopOne()
      report.floatAccuracy = TopOne()
    }
    if values { report.floatDeviation = Deviation() }
  }

  /// The bundle's inputs as a graph's: enough to split arrays by.
  private var interface: Graph {
    var graph = Graph(name: plan.name)
    for port in plan.inputs {
      graph.inputs.append(
        graph.add(
          Value(
            name: port.name, type: ValueType(.int8, port.shape.map { Int($0) }),
            quantization: Quantization(scale: port.scale, zeroPoint: port.zeroPoint))))
    }
    return graph
  }
}
