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
  /// Told what was tried, of how many.
  let progress: (_ tried: Int, _ of: Int) -> Void

  /// The best way, its name for reports, and its decibels on the half that did not choose.
  mutating func best() throws(PackError) -> (trial: Trial, summary: String) {
    var trials: [(trial: Trial, model: Int)] = []
    let refinements = WeightRounding.allCases.count * 2 - 1
    let all = models.count * RangeMethod.allCases.count + Self.finalists * refinements
    for model in models.indices {
      for range in RangeMethod.allCases {
        progress(trials.count + 1, all)
        let method = QuantizationMethod(range: range)
        trials.append((try bench.trial(models[model].model, method), model))
      }
    }
    let plainest = trials[0]
    for (finalist, model) in Self.ranked(trials).prefix(Self.finalists) {
      try observeInputs(model)
      for rounding in WeightRounding.allCases {
        for correctsBias in [false, true] where rounding != .nearest || correctsBias {
          progress(trials.count + 1, all)
          let method = QuantizationMethod(
            range: finalist.method.range, rounding: rounding, correctsBias: correctsBias)
          trials.append((try bench.trial(models[model].model, method), model))
        }
      }
    }
    // What is no better than the plainest way on the other half was chosen by luck.
    let standard = try bench.confirmed(plainest.trial)
    for (trial, model) in Self.ranked(trials) where try bench.confirmed(trial) >= standard {
      return (trial, trial.method.summary + models[model].name)
    }
    return (plainest.trial, plainest.trial.method.summary + models[plainest.model].name)
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
