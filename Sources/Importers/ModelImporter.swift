public import ModelGraph

/// Reads a model file of any known format into a canonical graph.
public enum ModelImporter {
  /// Imports `bytes`; the format is recognised by content: `TFL3` at offset 4 is TFLite, the rest
  /// is taken for ONNX.
  ///
  /// The result's interface keeps the file's order, names and layout; inside, images are channels
  /// last, batch normalisation is folded and activations are fused. Every shape was derived anew.
  ///
  /// - Throws: `GraphError.malformed` for bytes that are no model, `.unsupported` naming operator
  ///   and node, `.invalid` for shapes that do not go together.
  public static func load(bytes: [UInt8], name: String) throws(GraphError) -> Graph {
    guard !bytes.isEmpty else {
      throw GraphError.malformed("the model file is empty; give an ONNX or TFLite model")
    }
    var graph =
      if FlatBuffer.hasIdentifier("TFL3", in: bytes) {
        try TFLiteImporter.graph(bytes: bytes, name: name)
      } else {
        try ONNXImporter.graph(bytes: bytes, name: name)
      }
    try Canonicalizer.run(&graph)
    try GraphValidator.check(graph)
    return graph
  }
}
