import BundleFormat
import Bundling
import ModelGraph
import SignalChain

/// What a model gave item by item, until all of it can be compared with the targets.
struct CollectedScores {
  /// The output that answers: a classifier's scores, or all there is.
  let scored: Int
  /// True where targets are classes, not anomalies.
  let areClasses: Bool
  private let targets: Dataset.Targets?
  /// Output and input of a reconstruction.
  private var repeated: (output: Int, input: Int)?
  private var scores: [[Float]] = []
  private var errors: [Double] = []

  init(_ plan: PlanEntry, _ targets: Dataset.Targets?) {
    self.targets = targets
    scored = plan.outputs.firstIndex { $0.userElement != "int64" } ?? 0
    if let rule = plan.decision, let input = rule.input { repeated = (rule.output, input) }
    // The labels of a reconstruction tell anomalies from the rest: they are no classes.
    areClasses = repeated == nil && targets?.classes != nil
  }

  mutating func add(_ item: [TensorData], _ outputs: [[Float]]) {
    guard targets != nil else { return }
    guard let repeated else { return scores.append(outputs[scored]) }
    let error = zip(item[repeated.input].floats ?? [], outputs[repeated.output]).reduce(0.0) {
      let difference = Double($1.0) - Double($1.1)
      return $0 + difference * difference
    }
    errors.append(error)
  }

  /// Everything beside its target; nil where there are none.
  var answers: Answers? {
    switch targets {
    case .classes(let labels)? where repeated != nil:
      Answers(anomalyScores: errors, labels: labels)
    case .classes(let labels)?: Answers(scores: scores, labels: labels)
    case .values(let numbers)?:
      repeated == nil ? Answers(values: scores.map { $0.first ?? 0 }, targets: numbers) : nil
    case nil: nil
    }
  }
}
