import Lowering
import ModelGraph
import Quantizer

/// Tries each way of choosing ranges with the integer kernels themselves, and keeps the one whose
/// outputs are nearest the float model's.
struct QuantizationSearch {
  /// A way that was tried.
  struct Candidate {
    /// How ranges were chosen, and whether channels were equalised.
    let method: String
    let floatGraph: Graph
    let graph: Graph
    let decibels: Double
  }

  /// The model as it came and equalised: equalisation rescues skewed channels and costs a little
  /// where there are none.
  let models: [(name: String, model: CalibratedModel)]
  let items: [[TensorData]]
  let starts: RecordingStarts
  let references: [[TensorData]]
  let encodings: [InputEncoding]

  /// The best candidate; the first of equals.
  func best(among methods: [RangeMethod]) throws(PackError) -> Candidate {
    var best: Candidate?
    for (name, model) in models {
      for method in methods {
        let candidate = try measure(model, name, method)
        if candidate.decibels > best?.decibels ?? -.infinity { best = candidate }
      }
    }
    guard let best else { throw PackError(.failed, "no way of choosing ranges was given") }
    return best
  }

  private func measure(
    _ model: CalibratedModel, _ name: String, _ method: RangeMethod
  ) throws(PackError) -> Candidate {
    let (graph, lowered) = try fromGraph { () throws(GraphError) in
      let graph = try Quantizer.quantize(model, method: method, inputs: encodings)
      return (graph, try Lowering.lower(graph))
    }
    let integers = try IntegerModel(lowered)
    var meter = NoiseMeter()
    for (reference, outputs) in zip(references, try integers.run(items, starts: starts)) {
      for (expected, got) in zip(reference, outputs) { meter.add(expected.floats ?? [], got) }
    }
    return Candidate(
      method: method.rawValue + name, floatGraph: model.graph, graph: graph,
      decibels: meter.decibels)
  }
}
