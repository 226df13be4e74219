import ModelGraph

/// ONNX to a graph that is not yet canonical: one pass over the nodes, each through its line in
/// the operator table.
enum ONNXImporter {
  /// Operator-set versions that are read.
  static let opsets = 11...21

  /// Reads a file.
  static func graph(bytes: [UInt8], name: String) throws(GraphError) -> Graph {
    let model = try ONNXModel(bytes)
    let isClassical = model.graph.nodes.contains { $0.domain == ONNXClassicalTable.domain }
    // Exporters of classical models leave out an operator set that they do not use.
    guard let opset = model.opset ?? (isClassical ? opsets.upperBound : nil) else {
      throw GraphError.malformed("ONNX: the model names no version of the ai.onnx operator set")
    }
    guard opsets.contains(opset) || isClassical && ONNXClassicalTable.opsets.contains(opset) else {
      throw GraphError.unsupported(
        operation: "opset \(opset)", node: "model",
        reason: "operator sets \(opsets.lowerBound) to \(opsets.upperBound) are read; convert the "
          + "model to one of them when exporting")
    }
    var builder = ONNXBuilder(name: name, opset: opset)
    try addInterface(model.graph, to: &builder)
    for node in model.graph.nodes { try convert(node, &builder) }
    try builder.finish(outputs: model.graph.outputs)
    return builder.graph
  }

  private static func addInterface(
    _ graph: ONNXGraph, to builder: inout ONNXBuilder
  ) throws(GraphError) {
    let initialized = Set(graph.initializers.map(\.name))
    var bytes = 0
    for input in graph.inputs where !initialized.contains(input.name) {
      guard let element = ONNXTensor.elementType(input.elementType), input.elementType != 10,
        input.elementType != 11
      else {
        throw GraphError.unsupported(
          operation: "input", node: input.name,
          reason: "ONNX data type \(input.elementType) is no input type; export with float32")
      }
      try builder.addInput(input.name, ValueType(element, try input.boundShape()))
    }
    for initializer in graph.initializers {
      let data = try initializer.data()
      bytes += data.count * 8
      guard bytes <= 2 * ImportLimits.constantBytes else {
        throw GraphError.malformed(
          "ONNX: the weights are beyond \(ImportLimits.constantBytes) bytes")
      }
      try builder.bind(initializer.name, builder.constant(initializer.name, data))
    }
    guard !builder.graph.inputs.isEmpty else {
      throw GraphError.malformed("ONNX: the graph has no input")
    }
  }

  private static func convert(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    if node.domain == ONNXClassicalTable.domain {
      return try ONNXClassicalTable.convert(node, &builder)
    }
    if try ONNXFeatures.timesOne(node, &builder) { return }
    guard
      builder.opset >= opsets.lowerBound
        || ONNXClassicalTable.stable.contains(node.operation)
    else {
      throw node.unsupported(
        "operator set \(builder.opset) is read beside ai.onnx.ml for operators that never changed; "
          + "export with operator set \(opsets.lowerBound) or later")
    }
    guard node.domain.isEmpty || node.domain == "ai.onnx" else {
      throw node.unsupported(
        "the operator belongs to the domain \(node.domain); export with ai.onnx operators only")
    }
    guard let mapping = ONNXOperatorTable.mappings[node.operation] else {
      throw node.unsupported(
        "Swiftlet does not run this operator; replace it in the model, or export a model built of "
          + "convolutions, pooling, dense layers and their activations")
    }
    try mapping.convert(node, &builder)
  }
}
