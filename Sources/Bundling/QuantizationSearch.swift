import Lowering
import ModelGraph
import Quantizer

/// Tries ways of making a model integers with the integer kernels themselves, and keeps the one whose
/// outputs are nearest the float model's.
///
/// Ranges first, with and without equalisation; then the best of those with other roundings and
/// corrected biases. Half of the items choose, the other half confirms: what is no better there than
/// the plainest way was chosen by luck.
struct QuantizationSearch {
  /// A way that was tried.
  struct Candidate {
    /// What was done, for reports.
    let summary: String
    let floatGraph: Graph
    let graph: Graph
    /// On the half that chooses.
    let decibels: Double
    fileprivate let integers: IntegerModel
    fileprivate let model: Int
    fileprivate let method: QuantizationMethod
  }

  /// Ways of choosing ranges that are refined.
  private static let finalists = 2

  /// The model as it came and equalised: equalisation rescues skewed channels and costs a little
  /// where there are none.
  var models: [(name: String, model: CalibratedModel)]
  let items: [[TensorData]]
  let starts: RecordingStarts
  let references: [[TensorData]]
  let encodings: [InputEncoding]

  /// The best way, and its decibels on the half that did not choose.
  mutating func best() throws(PackError) -> (candidate: Candidate, decibels: Double) {
    var candidates: [Candidate] = []
    for model in models.indices {
      for range in RangeMethod.allCases {
        candidates.append(try measure(model, QuantizationMethod(range: range)))
      }
    }
    let plainest = candidates[0]
    for finalist in Self.ranked(candidates).prefix(Self.finalists) {
      try observeInputs(finalist.model)
      for rounding in WeightRounding.allCases {
        for correctsBias in [false, true] where rounding != .nearest || correctsBias {
          let method = QuantizationMethod(
            range: finalist.method.range, rounding: rounding, correctsBias: correctsBias)
          candidates.append(try measure(finalist.model, method))
        }
      }
    }
    let standard = try decibels(plainest.integers, confirming)
    for candidate in Self.ranked(candidates) {
      let confirmed = try decibels(candidate.integers, confirming)
      if confirmed >= standard { return (candidate, confirmed) }
    }
    return (plainest, standard)
  }

  /// The way a base went, followed, and its decibels on the half that did not choose.
  mutating func following(
    _ base: QuantizationBase, _ model: CalibratedModel
  ) throws(PackError) -> (candidate: Candidate, decibels: Double) {
    models.append((base.isEqualized ? QuantizedRelease.equalizedMark : "", model))
    if base.method != QuantizationMethod(range: base.method.range) {
      try observeInputs(models.count - 1)
    }
    let candidate = try measure(models.count - 1, base.method)
    return (candidate, try decibels(candidate.integers, confirming))
  }

  /// Best first; the earlier of equals.
  private static func ranked(_ candidates: [Candidate]) -> [Candidate] {
    candidates.enumerated().sorted {
      ($1.element.decibels, $0.offset) < ($0.element.decibels, $1.offset)
    }.map(\.element)
  }

  /// What starts anew: recordings of a model that keeps states, else items.
  private var recordings: [Range<Int>] {
    let keepsStates = !models[0].model.graph.states.isEmpty
    return keepsStates ? starts.recordings(of: items.count) : items.indices.map { $0..<$0 + 1 }
  }

  /// Every other recording; the two halves are alike whatever order the data has.
  private var choosing: [Range<Int>] { half(0) }
  private var confirming: [Range<Int>] { recordings.count < 2 ? choosing : half(1) }

  private func half(_ first: Int) -> [Range<Int>] {
    stride(from: first, to: recordings.count, by: 2).map { recordings[$0] }
  }

  private mutating func observeInputs(_ model: Int) throws(PackError) {
    guard !models[model].model.hasObservedInputs else { return }
    var observed = models[model].model
    let (items, starts) = (items, starts)
    observed = try fromGraph { () throws(GraphError) in
      try observed.observeInputs(items: items, starts: starts)
      return observed
    }
    models[model].model = observed
  }

  private func measure(_ model: Int, _ method: QuantizationMethod) throws(PackError) -> Candidate {
    let calibrated = models[model].model
    let (graph, lowered) = try fromGraph { () throws(GraphError) in
      let graph = try Quantizer.quantize(calibrated, method: method, inputs: encodings)
      return (graph, try Lowering.lower(graph))
    }
    let integers = try IntegerModel(lowered)
    return Candidate(
      summary: method.summary + models[model].name, floatGraph: calibrated.graph, graph: graph,
      decibels: try decibels(integers, choosing), integers: integers, model: model, method: method)
  }

  private func decibels(_ integers: IntegerModel, _ half: [Range<Int>]) throws(PackError) -> Double
  {
    var meter = NoiseMeter()
    for recording in half {
      integers.reset()
      for index in recording {
        for (expected, got) in zip(references[index], try integers.run(items[index])) {
          meter.add(expected.floats ?? [], got)
        }
      }
    }
    return meter.decibels
  }
}
