import FloatReference
import ModelGraph
import Quantizer

/// Tries ways of making a model integers, and keeps the one whose outputs are nearest the float
/// model's.
///
/// Ranges first, with and without equalisation; then the best of those with other roundings and
/// corrected biases.
struct QuantizationSearch {
  /// Ways of choosing ranges that are refined.
  private static let finalists = 2

  let bench: TrialBench
  /// The model as it came and equalised: equalisation rescues skewed channels and costs a little
  /// where there are none.
  var models: [(name: String, model: CalibratedModel)]
  /// Told of each stage.
  let progress: (String) -> Void

  /// The best way, and its name for reports.
  mutating func best() throws(PackError) -> (trial: Trial, summary: String) {
    var ways: [(model: Int, method: QuantizationMethod)] = []
    for model in models.indices {
      ways += RangeMethod.allCases.map { (model, QuantizationMethod(range: $0)) }
    }
    progress("trying \(ways.count) choices of ranges")
    var trials = try trials(of: ways)
    let plainest = trials[0]
    ways = []
    for (finalist, model) in Self.ranked(trials).prefix(Self.finalists) {
      for rounding in WeightRounding.allCases {
        for correctsBias in [false, true] where rounding != .nearest || correctsBias {
          ways.append(
            (
              model,
              QuantizationMethod(
                range: finalist.method.range, rounding: rounding, correctsBias: correctsBias)
            ))
        }
      }
    }
    progress("measuring what layers read")
    for model in Set(ways.map(\.model)).sorted() { try observeInputs(model) }
    progress("trying \(ways.count) roundings of weights")
    trials += try self.trials(of: ways)
    // What is no better than the plainest way on the other half was chosen by luck.
    let standard = try bench.confirmed(plainest.trial)
    for (trial, model) in Self.ranked(trials) where try bench.confirmed(trial) >= standard {
      return (trial, trial.method.summary + models[model].name)
    }
    return (plainest.trial, plainest.trial.method.summary + models[plainest.model].name)
  }

  /// Each way tried, on all cores.
  private func trials(
    of ways: [(model: Int, method: QuantizationMethod)]
  ) throws(PackError) -> [(trial: Trial, model: Int)] {
    let (bench, models) = (bench, models)
    return try concurrentMap(ways.count) { position throws(PackError) in
      let (model, method) = ways[position]
      return (try bench.trial(models[model].model, method), model)
    }
  }

  /// Best first; the earlier of equals.
  private static func ranked(
    _ trials: [(trial: Trial, model: Int)]
  ) -> [(trial: Trial, model: Int)] {
    trials.enumerated().sorted {
      ($1.element.trial.decibels, $0.offset) < ($0.element.trial.decibels, $1.offset)
    }.map(\.element)
  }

  private mutating func observeInputs(_ model: Int) throws(PackError) {
    guard !models[model].model.hasObservedInputs else { return }
    var observed = models[model].model
    let (items, starts) = (bench.items, bench.starts)
    observed = try fromGraph { () throws(GraphError) in
      try observed.observeInputs(items: items, starts: starts)
      return observed
    }
    models[model].model = observed
  }
}
