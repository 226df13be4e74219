public import Arrays
public import BundleFormat
public import Bundling
public import DeviceRuntime
import FloatReference
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

  /// Evaluates.
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
    let encodings = plan.inputs.map { port -> InputEncoding in
      if let normalization = port.normalization { return .normalized(normalization) }
      if !port.ranks.isEmpty { return .ranks }
      return port.userElement == "uint8" ? .rawBytes(scale: port.scale) : .calibrated
    }
    let items = try ModelItems.split(
      arrays, for: model ?? interface, encodings: encodings,
      stream: StreamSource(audio: plan.audio, rule: plan.stream))
    if let labels, labels.count != items.count {
      throw PackError(.failed, "there are \(items.count) items and \(labels.count) labels")
    }
    if let groups, groups.count != items.count {
      throw PackError(.failed, "there are \(items.count) items and \(groups.count) groups")
    }
    let starts = RecordingStarts(groups: groups ?? [])
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
    if classes != nil { report.accuracy = TopOne() }
    if stream != nil {
      report.noise = NoiseMeter()
      if classes != nil {
        report.agreement = TopOne()
        report.floatAccuracy = TopOne()
      }
    }
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
      }
      guard stream != nil else { continue }
      var truth: [TensorData] = []
      do throws(GraphError) {
        truth = try stream?.run(inputs: item) ?? []
      } catch {
        throw PackError(error)
      }
      for (expected, got) in zip(truth, outputs) { report.noise?.add(expected.floats ?? [], got) }
      let scores = truth[scored].floats ?? []
      report.agreement?.add(scores: outputs[scored], label: TopOne.argmax(scores))
      if let labels = classes { report.floatAccuracy?.add(scores: scores, label: labels[index]) }
    }
    return report
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
