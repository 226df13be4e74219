import ModelGraph

/// TFLite to a graph: already channels last, so nodes map one to one.
enum TFLiteImporter {
  /// Reads a file.
  static func graph(
    bytes: [UInt8], name: String, constants: [String: TensorData], states: StateRequest,
    dataShapes: [[Int]]
  ) throws(GraphError) -> Graph {
    let model = try TFLiteModel(bytes)
    let main = model.main
    let pairs = try StatePairing.pairs(
      states,
      inputs: main.inputs.map { main.tensors[$0].port }.filter { constants[$0.name] == nil },
      outputs: main.outputs.map { main.tensors[$0].port }, fed: dataShapes.count)
    var builder = try TFLiteBuilder(
      model, name: name, constants: constants, states: pairs,
      keeping: Set(states.variables), dataShapes: dataShapes)
    try checkOperators(model)
    try convert(main, of: model, into: &builder)
    if let name = builder.tensorsToKeep.min() {
      throw GraphError.invalid(
        node: name,
        reason: "no layer of sequences keeps such a tensor; it has "
          + main.tensors.filter(\.isVariable).map(\.name).joined(separator: ", "))
    }
    try builder.finishVariables()
    var graph = try builder.finished()
    try StatePairing.apply(pairs, to: &graph)
    return graph
  }

  /// Emits the operators of a subgraph, whose tensors the builder has at hand.
  static func convert(
    _ subgraph: TFLiteSubgraph, of model: TFLiteModel, into builder: inout TFLiteBuilder
  ) throws(GraphError) {
    for (index, operation) in subgraph.operators.enumerated() {
      guard operation.code < model.codes.count else {
        throw GraphError.malformed("TFLite: operator \(index) names code \(operation.code)")
      }
      let node = try TFLiteNode(
        operation, index: index, name: model.codes[operation.code].name, subgraph: subgraph)
      guard let mapping = TFLiteOperatorTable.mappings[node.operation] else {
        throw node.unsupported(GraphError.unknownOperatorAdvice)
      }
      try mapping.convert(node, &builder)
      try builder.checkBudget(node)
    }
  }

  /// The file's operators.
  static func nodes(bytes: [UInt8]) throws(GraphError) -> [SourceNode] {
    let model = try TFLiteModel(bytes)
    func names(_ tensors: [Int]) -> [String] {
      tensors.filter(model.main.tensors.indices.contains).map { model.main.tensors[$0].name }
    }
    return model.main.operators.map { operation in
      let outputs = names(operation.outputs)
      return SourceNode(
        name: outputs.first ?? "", operation: model.name(of: operation),
        inputs: names(operation.inputs), outputs: outputs)
    }
  }

  /// Refuses the operators that the table does not have, all at once.
  private static func checkOperators(_ model: TFLiteModel) throws(GraphError) {
    let unknown = model.main.operators.filter {
      model.codes.indices.contains($0.code)
        && TFLiteOperatorTable.mappings[model.name(of: $0)] == nil
    }
    let refusal = GraphError.unknownOperators(
      unknown.map { operation in
        let result = operation.outputs.first.flatMap {
          model.main.tensors.indices.contains($0) ? model.main.tensors[$0].name : nil
        }
        return (model.name(of: operation), result ?? "without a result")
      })
    if let refusal { throw refusal }
  }
}

extension TFLiteModel {
  /// The schema's name of an operator; empty where its code does not exist.
  fileprivate func name(of operation: TFLiteOperator) -> String {
    codes.indices.contains(operation.code) ? codes[operation.code].name : ""
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
  /// Tensor numbers.
  let intermediates: [Int]
  private let options: FlatTable?
  private let optionsType: Int

  /// Checks that every edge names a tensor.
  init(
    _ source: TFLiteOperator, index: Int, name: String, subgraph: TFLiteSubgraph
  ) throws(GraphError) {
    guard source.inputs.allSatisfy({ $0 == -1 || subgraph.tensors.indices.contains($0) }),
      (source.outputs + source.intermediates).allSatisfy(subgraph.tensors.indices.contains)
    else {
      throw GraphError.malformed("TFLite: operator \(index) names a tensor that does not exist")
    }
    operation = name
    self.name = source.outputs.first.map { subgraph.tensors[$0].name } ?? "#\(index)"
    inputs = source.inputs
    outputs = source.outputs
    intermediates = source.intermediates
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
