import ModelGraph
import Quantizer

extension Packer {
  /// Follows the request's base, unless that costs more than it may: with its dead zone, else without.
  ///
  /// - Parameters:
  ///   - found: the best integers without a base.
  ///   - graph: the model, before it was equalised.
  /// - Returns: also a remark where the base is not followed as asked.
  func following(
    _ found: (trial: Trial, summary: String), _ graph: Graph, _ bench: TrialBench
  ) throws(PackError) -> (found: (trial: Trial, summary: String), note: String?) {
    guard let release = request.base else { return (found, nil) }
    let least = try min(bench.confirmed(found.trial), release.decibels) - release.decibelsLost
    for deadZone in release.deadZone == nil ? [nil] : [release.deadZone, nil] {
      guard let base = release.base(deadZone: deadZone) else { break }
      progress("following the base")
      let trial = try trial(base, graph, bench)
      guard try bench.confirmed(trial) >= least else { continue }
      let isAsAsked = deadZone == release.deadZone
      return (
        (trial, release.report),
        isAsAsked ? nil : "without the dead zone: it costs more than \(release.decibelsLost) dB"
      )
    }
    return (
      found, "the base is not followed: that costs more than \(release.decibelsLost) dB"
    )
  }

  private func trial(
    _ base: QuantizationBase, _ graph: Graph, _ bench: TrialBench
  ) throws(PackError) -> Trial {
    let model = try fromGraph { () throws(GraphError) in
      let calibrated = try CalibratedModel(
        graph, items: bench.items, starts: bench.starts, following: base)
      let wide = calibrated.wideningCandidates(inputs: calibrated.graph.inputs).filter {
        $0.values.contains { base.wideValues.contains(calibrated.graph[$0].name) }
      }
      var model = wide.isEmpty ? calibrated : calibrated.widening(wide)
      if base.method != QuantizationMethod(range: base.method.range) {
        try model.observeInputs(items: bench.items, starts: bench.starts)
      }
      return model
    }
    return try bench.trial(model, base.method)
  }
}
