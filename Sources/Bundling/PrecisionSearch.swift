import ModelGraph
import Quantizer

/// Gives 16 bits to the activations that repay them: sensor inputs whose 8 bits lose more than the
/// layers that read them would cost, and, until a target holds, whatever gains most per cost.
struct PrecisionSearch {
  /// Recordings that rank candidates: each is tried alone.
  private static let rankingRecordings = 16
  /// What an input must gain, in dB, and how much more where it makes all multiplications 16-bit.
  private static let leastGain = (fixed: 1.0, ofWhole: 10.0)
  /// What a further value must gain to be kept, in dB.
  private static let leastStep = 0.05

  let bench: TrialBench
  /// Inputs whose data has more than 8 bits.
  let inputs: [ValueID]
  /// Whether what the last layers compute keeps 8 bits.
  let outputsAreNarrow: Bool
  /// Told what was tried, of how many.
  let progress: (_ tried: Int, _ of: Int) -> Void

  /// Widens inputs where it pays.
  ///
  /// - Returns: the trial, and the names of what was widened.
  func withInputs(_ trial: Trial) throws(PackError) -> (trial: Trial, names: [String]) {
    var (best, names) = (trial, [String]())
    let whole = Double(max(trial.model.multiplyAccumulates, 1))
    for candidate in trial.model.wideningCandidates(inputs: inputs) where candidate.isInput {
      let wider = try bench.trial(best.model.widening([candidate]), best.method)
      let share = min(Double(candidate.cost) / whole, 1)
      let needed = Self.leastGain.fixed + Self.leastGain.ofWhole * share
      guard wider.decibels - best.decibels >= needed,
        try bench.confirmed(wider) - bench.confirmed(best) >= needed
      else { continue }
      best = wider
      names.append(candidate.name)
    }
    return (best, names)
  }

  /// Widens what gains most per cost until both halves of the data hold the target.
  ///
  /// - Returns: the trial, and the names of what was widened.
  /// - Throws: `PackError` of kind `threshold` where all of it together does not reach the target.
  func reaching(
    _ target: Double, from trial: Trial
  ) throws(PackError) -> (trial: Trial, names: [String]) {
    var (best, names) = (trial, [String]())
    if try holds(target, best) { return (best, names) }
    let candidates = trial.model.wideningCandidates(inputs: inputs).filter {
      !($0.isFinal && outputsAreNarrow)
    }
    let before = try bench.trial(
      trial.model, trial.method, recordings: Self.rankingRecordings
    ).decibels
    var ranked: [(candidate: WideningCandidate, worth: Double)] = []
    for candidate in candidates {
      progress(ranked.count + 1, candidates.count)
      let alone = try bench.trial(
        trial.model.widening([candidate]), trial.method, recordings: Self.rankingRecordings)
      ranked.append((candidate, (alone.decibels - before) / Double(candidate.cost)))
    }
    ranked.sort { $0.worth > $1.worth }
    var taken: [WideningCandidate] = []
    for (candidate, _) in ranked {
      let wider = try bench.trial(trial.model.widening(taken + [candidate]), trial.method)
      guard wider.decibels - best.decibels >= Self.leastStep else { continue }
      best = wider
      taken.append(candidate)
      names.append(candidate.name)
      if try holds(target, best) { return (best, names) }
    }
    throw PackError(
      .threshold,
      "the integers' outputs are \(best.decibels) dB from the float model's, the target is \(target): "
        + "\(names.count) of \(candidates.count) values in 16 bits are all that help",
      hint: "pack without the target: `inspect --layers` shows which layer's error is largest")
  }

  private func holds(_ target: Double, _ trial: Trial) throws(PackError) -> Bool {
    guard trial.decibels >= target else { return false }
    return try bench.confirmed(trial) >= target
  }
}
