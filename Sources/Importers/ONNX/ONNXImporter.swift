import ModelGraph

/// ONNX to a graph that is not yet canonical: one pass over the nodes, each through its line in
/// the operator table.
enum ONNXImporter {
  /// Operator-set versions that are read.
  static let opsets = 1...21

  /// Reads a file.
  static func graph(
    bytes: [UInt8], name: String, constants: [String: TensorData], states: StateRequest,
    dataShapes: [[Int]]
  ) throws(GraphError) -> Graph {
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
    if let variable = states.variables.first {
      throw GraphError.invalid(
        node: variable, reason: "ONNX models keep no variables; state an input with its output")
    }
    var builder = ONNXBuilder(name: name, opset: opset, fileBytes: bytes.count)
    let pairs = try StatePairing.pairs(
      states, inputs: model.graph.liveInputs.map(\.port).filter { constants[$0.name] == nil },
      outputs: model.graph.outputs.map(\.port), fed: dataShapes.count)
    try addInterface(model.graph, constants, pairs, dataShapes, to: &builder)
    try checkOperators(model.graph.nodes)
    for node in model.graph.nodes { try convert(node, &builder) }
    try builder.finish(outputs: model.graph.outputs)
    var graph = builder.graph
    try StatePairing.apply(pairs, to: &graph)
    return graph
  }

  /// The file's nodes; those of graphs within them not.
  static func nodes(bytes: [UInt8]) throws(GraphError) -> [SourceNode] {
    try ONNXModel(bytes).graph.nodes.map {
      SourceNode(name: $0.name, operation: $0.operation, inputs: $0.inputs, outputs: $0.outputs)
    }
  }

  /// Refuses the operators that no table has, all at once.
  private static func checkOperators(_ nodes: [ONNXNode]) throws(GraphError) {
    let unknown = nodes.filter { node in
      node.domain != ONNXClassicalTable.domain && domains.contains(node.domain)
        && ONNXOperatorTable.mapping(of: node) == nil
    }
    if let refusal = GraphError.unknownOperators(unknown.map { ($0.operation, $0.name) }) {
      throw refusal
    }
  }

  /// The domains of ``ONNXOperatorTable``.
  private static let domains: Set<String> = ["", "ai.onnx", "com.microsoft"]

  private static func addInterface(
    _ graph: ONNXGraph, _ constants: [String: TensorData], _ states: [StateRequest.Pair],
    _ dataShapes: [[Int]], to builder: inout ONNXBuilder
  ) throws(GraphError) {
    let inputs = graph.liveInputs
    let bound = try BoundConstants(constants, inputs: inputs.map(\.name))
    let fed = inputs.filter { input in
      constants[input.name] == nil && !states.contains { $0.input == input.name }
    }
    var items: [String: [Int]] = [:]
    for (input, shape) in zip(fed, dataShapes) {
      items[input.name] = input.itemShape(ofArray: shape)
    }
    for state in states { items[state.input] = state.initial?.shape }
    for (name, constant) in constants { items[name] = constant.shape }
    let symbols = ONNXValueInfo.symbols(of: inputs, items: items)
    for input in inputs {
      guard let element = ONNXTensor.elementType(input.elementType) else {
        throw GraphError.unsupported(
          operation: "input", node: input.name,
          reason: "ONNX data type \(input.elementType) is no input type; export with float32")
      }
      let type = ValueType(
        element, try input.boundShape(item: items[input.name], symbols: symbols))
      if let data = try bound.constant(input.name, of: type) {
        try builder.bind(input.name, builder.constant(input.name, data))
        builder.narrowTypes.declare(input.name, input.elementType)
      } else {
        try builder.addInput(input.name, type, dataType: input.elementType)
      }
    }
    try addInitializers(graph, to: &builder)
    guard !builder.graph.inputs.isEmpty || !bound.isEmpty else {
      throw GraphError.malformed("ONNX: the graph has no input")
    }
  }

  /// Binds the constants of a graph.
  static func addInitializers(
    _ graph: ONNXGraph, to builder: inout ONNXBuilder
  ) throws(GraphError) {
    var bytes = 0
    for initializer in graph.initializers {
      if let strings = initializer.strings {
        builder.bind(initializer.name, strings: strings)
        continue
      }
      let data = try initializer.data()
      bytes += data.count * 8
      guard bytes <= 2 * ImportLimits.constantBytes else {
        throw GraphError.malformed(
          "ONNX: the weights are beyond \(ImportLimits.constantBytes) bytes")
      }
      try builder.bind(initializer.name, builder.constant(initializer.name, data))
      builder.narrowTypes.declare(initializer.name, initializer.dataType)
    }
  }

  /// Maps a node.
  static func convert(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    try map(node, &builder)
    try builder.checkBudget(node)
  }

  private static func map(
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
    guard domains.contains(node.domain) else {
      throw node.unsupported(
        "the operator belongs to the domain \(node.domain); export with ai.onnx operators only")
    }
    let node = try ONNXUpgrade.current(node, &builder)
    guard let mapping = ONNXOperatorTable.mapping(of: node) else {
      throw node.unsupported(GraphError.unknownOperatorAdvice)
    }
    try mapping.convert(node, &builder)
    let elements = node.outputs.map { name in
      builder.value(named: name).map { builder.graph[$0].type.element }
    }
    try builder.narrowTypes.declareResults(of: node, elements: elements)
  }
}
