import ModelGraph

/// TFLite to a graph: already channels last, so nodes map one to one.
enum TFLiteImporter {
  /// Reads a file.
  static func graph(
    bytes: [UInt8], name: String, constants: [String: TensorData], states: StateRequest, fed: Int
  ) throws(GraphError) -> Graph {
    let model = try TFLiteModel(bytes)
    var builder = try TFLiteBuilder(model, name: name, constants: constants)
    try convert(model, &builder)
    try builder.finishVariables()
    var graph = builder.graph
    func ports(_ ids: [ValueID]) -> [ModelPort] {
      ids.map { id in
        ModelPort(
          name: graph[id].name, element: graph[id].type.element, dimensions: graph[id].type.shape)
      }
    }
    let pairs = try StatePairing.pairs(
      states, inputs: ports(graph.inputs), outputs: ports(graph.outputs), fed: fed)
    try StatePairing.apply(pairs, to: &graph)
    return graph
  }

  /// Maps every operator of a model's graph.
  static func convert(
    _ model: TFLiteModel, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    for (index, operation) in model.operators.enumerated() {
      guard operation.code < model.codes.count else {
        throw GraphError.malformed("TFLite: operator \(index) names code \(operation.code)")
      }
      let node = try TFLiteNode(
        operation, index: index, name: model.codes[operation.code].name, model: model)
      guard let mapping = TFLiteOperatorTable.mappings[node.operation] else {
        throw node.unsupported(
          "Swiftlet does not run this operator; replace it in the model, or export a model built "
            + "of convolutions, pooling, dense layers and their activations")
      }
      try mapping.convert(node, &builder)
    }
  }
}

/// One operator with its checked edges.
struct TFLiteNode {
  /// The operator's name in the schema.
  let operation: String
  /// The name of its first result, or `#index`.
  let name: String
  /// Tensor numbers; −1 where absent.
  let inputs: [Int]
  /// Tensor numbers.
  let outputs: [Int]
  private let options: FlatTable?
  private let optionsType: Int

  /// Checks that every edge names a tensor.
  init(
    _ source: TFLiteOperator, index: Int, name: String, model: TFLiteModel
  ) throws(GraphError) {
    guard source.inputs.allSatisfy({ $0 == -1 || model.tensors.indices.contains($0) }),
      source.outputs.allSatisfy(model.tensors.indices.contains)
    else {
      throw GraphError.malformed("TFLite: operator \(index) names a tensor that does not exist")
    }
    operation = name
    self.name = source.outputs.first.map { model.tensors[$0].name } ?? "#\(index)"
    inputs = source.inputs
    outputs = source.outputs
    options = source.options
    optionsType = source.optionsType
  }

  /// The options table; nil means every field at its default.
  func options(_ type: Int) throws(GraphError) -> FlatTable? {
    guard optionsType == type || options == nil else {
      throw GraphError.malformed("TFLite: \(operation) \(name) has options of type \(optionsType)")
    }
    return options
  }

  /// An error for a use of this operator that is not run.
  func unsupported(_ reason: String) -> GraphError {
    GraphError.unsupported(operation: operation, node: name, reason: reason)
  }

  /// An error for operands or options that do not go together.
  func invalid(_ reason: String) -> GraphError {
    GraphError.invalid(node: name, reason: "\(operation): \(reason)")
  }
}
