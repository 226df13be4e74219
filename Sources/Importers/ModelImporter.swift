public import ModelGraph

/// Reads a model file of any known format into a canonical graph.
public enum ModelImporter {
  /// Imports `bytes`; the format is recognised by content: `TFL3` at offset 4 is TFLite, the rest
  /// is taken for ONNX.
  ///
  /// The result's interface keeps the file's order, names and layout; inside, images are channels
  /// last, batch normalisation is folded and activations are fused. Every shape was derived anew.
  ///
  /// - Parameter constants: inputs that are bound to a value, by name: they are constants of the
  ///   graph and no longer part of its interface.
  /// - Parameter states: inputs that are what outputs of the run before were: states of the graph and
  ///   no longer part of its interface. A TFLite model's own variables are states in any case.
  /// - Parameter dataShapes: the shapes of the arrays that will be run, one per input that is neither
  ///   bound nor a state, in the file's order; dimensions that the file leaves open are taken from them.
  /// - Throws: `GraphError.malformed` for bytes that are no model, `.unsupported` naming operator
  ///   and node, `.invalid` for shapes that do not go together or constants that are no inputs.
  public static func load(
    bytes: [UInt8], name: String, constants: [String: TensorData] = [:],
    states: StateRequest = .none, dataShapes: [[Int]] = []
  ) throws(GraphError) -> Graph {
    var graph = try read(
      bytes: bytes, name: name, constants: constants, states: states, dataShapes: dataShapes)
    _ = try Canonicalizer.run(&graph)
    try GraphValidator.check(graph)
    return graph
  }

  /// Reads a model as ``load(bytes:name:constants:states:dataShapes:)`` does and tells what became of each
  /// of the file's nodes.
  ///
  /// - Throws: as `load`.
  public static func report(
    bytes: [UInt8], name: String, constants: [String: TensorData] = [:],
    states: StateRequest = .none
  ) throws(GraphError) -> (graph: Graph, report: ImportReport) {
    let imported = try read(
      bytes: bytes, name: name, constants: constants, states: states, dataShapes: [])
    var graph = imported
    let rewritings = try Canonicalizer.run(&graph)
    try GraphValidator.check(graph)
    let nodes =
      FlatBuffer.hasIdentifier("TFL3", in: bytes)
      ? try TFLiteImporter.nodes(bytes: bytes) : try ONNXImporter.nodes(bytes: bytes)
    return (
      graph,
      ImportReport(nodes, imported: imported, canonical: graph, rewritings: rewritings)
    )
  }

  /// The graph as its file has it, constants computed.
  private static func read(
    bytes: [UInt8], name: String, constants: [String: TensorData], states: StateRequest,
    dataShapes: [[Int]]
  ) throws(GraphError) -> Graph {
    guard !bytes.isEmpty else {
      throw GraphError.malformed("the model file is empty; give an ONNX or TFLite model")
    }
    return if FlatBuffer.hasIdentifier("TFL3", in: bytes) {
      try TFLiteImporter.graph(
        bytes: bytes, name: name, constants: constants, states: states, dataShapes: dataShapes)
    } else {
      try ONNXImporter.graph(
        bytes: bytes, name: name, constants: constants, states: states, dataShapes: dataShapes)
    }
  }

  /// The names of a model's inputs, in its file's order: those that ``load(bytes:name:constants:)``
  /// may bind.
  ///
  /// - Throws: `GraphError.malformed` for bytes that are no model.
  public static func inputNames(bytes: [UInt8]) throws(GraphError) -> [String] {
    guard FlatBuffer.hasIdentifier("TFL3", in: bytes) else {
      return try ONNXModel(bytes).graph.liveInputs.map(\.name)
    }
    let main = try TFLiteModel(bytes).main
    return main.inputs.map { main.tensors[$0].name }
  }

  /// The types of a model's inputs by name; dimensions that the file leaves open are 1.
  ///
  /// - Throws: `GraphError.malformed` for bytes that are no model.
  public static func inputTypes(bytes: [UInt8]) throws(GraphError) -> [String: ValueType] {
    let ports: [ModelPort]
    if FlatBuffer.hasIdentifier("TFL3", in: bytes) {
      let main = try TFLiteModel(bytes).main
      ports = main.inputs.map { main.tensors[$0].port }
    } else {
      ports = try ONNXModel(bytes).graph.liveInputs.map(\.port)
    }
    var types: [String: ValueType] = [:]
    for port in ports {
      guard let element = port.element else { continue }
      types[port.name] = ValueType(element, (port.dimensions ?? []).map { $0 ?? 1 })
    }
    return types
  }

  /// A tensor of raw little-endian elements.
  ///
  /// - Throws: `GraphError.malformed` when there are not as many as the type asks for.
  public static func tensor(
    littleEndian bytes: ArraySlice<UInt8>, _ type: ValueType
  ) throws(GraphError) -> TensorData {
    let elements = try LittleEndianArray.elements(bytes, type.element)
    guard elements.count == type.shape.reduce(1, *) else {
      throw GraphError.malformed(
        "\(bytes.count) bytes are no \(type.element.rawValue) \(type.shape)")
    }
    return TensorData(shape: type.shape, elements: elements)
  }
}
