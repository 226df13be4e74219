public import Arrays
public import BundleFormat
public import Bundling
public import DeviceRuntime
import FloatReference
import HostArrays
public import ModelGraph
import Quantizer
import SignalChain

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
    let labels = dataset.targets?.classes
    if let count = dataset.targets?.count, count != items.count {
      throw PackError(.failed, "there are \(items.count) items and \(count) labels")
    }
    if let count = dataset.groups?.codes.count, count != items.count {
      throw PackError(.failed, "there are \(items.count) items and \(count) groups")
    }
    let starts = RecordingStarts(dataset.groups, items: items.count)
    var stream = model.map { FloatStream(FloatExecutor($0), starts: starts) }
    let integers = IntegerModel(session: session, entry: plan)
    var report = EvaluationReport(
      items: items.count,
      selections: Selection.all(
        of: items.count, slices: dataset.targets == nil ? [] : dataset.slices,
        groups: dataset.groups))
    var decider: Decider?
    if let rule = plan.decision {
      decider = Decider(rule, session: session)
      report.decisions = DecisionCounts(rule, isLabelled: labels != nil)
    }
    var collected = CollectedScores(plan, dataset.targets)
    var floatCollected = collected
    if model != nil { report.noise = NoiseMeter() }
    if model != nil, collected.areClasses { report.agreement = TopOne() }
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
      collected.add(item, outputs)
      guard stream != nil else { continue }
      let truth = try fromGraph { () throws(GraphError) in
        try stream?.run(inputs: modelItems[index]) ?? []
      }.map { $0.floats ?? [] }
      for (expected, got) in zip(truth, outputs) { report.noise?.add(expected, got) }
      let scored = collected.scored
      report.agreement?.add(scores: outputs[scored], label: TopOne.argmax(truth[scored]))
      floatCollected.add(modelItems[index], truth)
    }
    report.answers = collected.answers
    if model != nil { report.floatAnswers = floatCollected.answers }
    return report
  }

  /// The items as the bundle takes them and as the float model does.
  func items(
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
