import Lowering
import ModelGraph
import Quantizer

/// Signal and quantisation noise summed over values in order.
struct NoiseMeter {
  private(set) var signal = 0.0
  private(set) var noise = 0.0

  mutating func add(_ reference: [Float], _ actual: [Float]) {
    for (expected, got) in zip(reference, actual) {
      let difference = Double(expected) - Double(got)
      signal += Double(expected) * Double(expected)
      noise += difference * difference
    }
  }

  /// 10·log10(signal / noise), rounded to hundredths so that a report does not depend on the last
  /// bit of a library's logarithm. 120 when there is no noise, −120 when there is no signal.
  var decibels: Double {
    guard noise > 0 else { return 120 }
    guard signal > 0 else { return -120 }
    return (Decibels.of(signal / noise) * 100).rounded() / 100
  }
}

/// Tries each way of choosing ranges with the integer kernels themselves, and keeps the one whose
/// outputs are nearest the float model's.
struct QuantizationSearch {
  /// A way that was tried.
  struct Candidate {
    let method: RangeMethod
    let graph: Graph
    let decibels: Double
  }

  let model: CalibratedModel
  let items: [[TensorData]]
  let references: [[TensorData]]
  let encodings: [InputEncoding]

  /// The best candidate; the first of equals.
  func best(among methods: [RangeMethod]) throws(PackError) -> Candidate {
    var best: Candidate?
    for method in methods {
      let candidate = try measure(method)
      if candidate.decibels > best?.decibels ?? -.infinity { best = candidate }
    }
    guard let best else { throw PackError(.failed, "no way of choosing ranges was given") }
    return best
  }

  private func measure(_ method: RangeMethod) throws(PackError) -> Candidate {
    let (graph, lowered) = try fromGraph { () throws(GraphError) in
      let graph = try Quantizer.quantize(model, method: method, inputs: encodings)
      return (graph, try Lowering.lower(graph))
    }
    let integers = try IntegerModel(lowered, encodings: encodings)
    var meter = NoiseMeter()
    for (item, reference) in zip(items, references) {
      for (expected, got) in zip(reference, try integers.run(item)) {
        meter.add(expected.floats ?? [], got)
      }
    }
    return Candidate(method: method, graph: graph, decibels: meter.decibels)
  }
}
