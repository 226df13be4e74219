import ModelGraph
import Quantizer

extension Packer {
  /// The model in integers near those of a base; nil where the base was made in a way this program
  /// does not know.
  func follow(
    _ release: QuantizedRelease, _ graph: Graph, _ items: [[TensorData]],
    _ starts: RecordingStarts, _ search: inout QuantizationSearch
  ) throws(PackError) -> (candidate: QuantizationSearch.Candidate, decibels: Double)? {
    guard let base = release.base else { return nil }
    progress("following the base")
    let model = try fromGraph { () throws(GraphError) in
      try CalibratedModel(graph, items: items, starts: starts, following: base)
    }
    return try search.following(base, model)
  }
}
