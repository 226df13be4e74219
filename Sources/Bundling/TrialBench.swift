import Lowering
import ModelGraph
import Quantizer

/// A model made integers in one way.
struct Trial {
  let model: CalibratedModel
  let method: QuantizationMethod
  let graph: Graph
  /// Signal to noise on the half that chooses.
  let decibels: Double
  fileprivate let integers: IntegerModel
}

/// Makes integers of calibrated models and measures them with the integer kernels themselves against
/// the float model's outputs.
///
/// Half of the items choose, the other half confirms: what is no better there was chosen by luck.
struct TrialBench: Sendable {
  let items: [[TensorData]]
  let starts: RecordingStarts
  let references: [[TensorData]]
  let encodings: [InputEncoding]
  private let choosing: [Range<Int>]
  private let confirming: [Range<Int>]

  /// - Parameters:
  ///   - items: calibration data.
  ///   - starts: where recordings begin.
  ///   - references: the float model's outputs for the items.
  ///   - encodings: how inputs become integers.
  ///   - keepsStates: whether items are read in the order of their recordings.
  init(
    items: [[TensorData]], starts: RecordingStarts, references: [[TensorData]],
    encodings: [InputEncoding], keepsStates: Bool
  ) {
    self.items = items
    self.starts = starts
    self.references = references
    self.encodings = encodings
    let recordings =
      keepsStates ? starts.recordings(of: items.count) : items.indices.map { $0..<$0 + 1 }
    // Every other one: the two halves are alike whatever order the data has.
    func half(_ first: Int) -> [Range<Int>] {
      stride(from: first, to: recordings.count, by: 2).map { recordings[$0] }
    }
    choosing = half(0)
    confirming = recordings.count < 2 ? choosing : half(1)
  }

  /// Makes integers and measures them on the half that chooses, or on the first recordings of it.
  func trial(
    _ model: CalibratedModel, _ method: QuantizationMethod, recordings: Int = .max
  ) throws(PackError) -> Trial {
    let (graph, lowered) = try fromGraph { () throws(GraphError) in
      let graph = try Quantizer.quantize(model, method: method, inputs: encodings)
      return (graph, try Lowering.lower(graph))
    }
    let integers = try IntegerModel(lowered)
    return Trial(
      model: model, method: method, graph: graph,
      decibels: try decibels(integers, choosing.prefix(recordings)), integers: integers)
  }

  /// Signal to noise on the half that did not choose.
  func confirmed(_ trial: Trial) throws(PackError) -> Double {
    try decibels(trial.integers, confirming[...])
  }

  private func decibels(
    _ integers: IntegerModel, _ half: ArraySlice<Range<Int>>
  ) throws(PackError) -> Double {
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
