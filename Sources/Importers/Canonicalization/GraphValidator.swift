import ModelGraph

/// Checks that a graph is what the later stages rely on.
enum GraphValidator {
  /// Throws unless every node reads values computed before it, every type equals its rule's, every
  /// constant is finite and of its type, and names are unique.
  static func check(_ graph: Graph) throws(GraphError) {
    guard !graph.nodes.isEmpty else {
      throw GraphError.invalid(node: graph.name, reason: "the model computes nothing")
    }
    var ready = Set(graph.sources)
    guard ready.count == graph.sources.count, Set(graph.outputs).count == graph.outputs.count else {
      throw GraphError.invalid(node: graph.name, reason: "an input or output is named twice")
    }
    try checkStates(graph)
    var names: Set<String> = []
    for (position, value) in graph.values.enumerated() {
      guard names.insert(value.name).inserted else {
        throw GraphError.invalid(node: value.name, reason: "the name is given to two values")
      }
      guard let data = value.constant else { continue }
      guard data.shape == value.type.shape, data.type == value.type.element, data.isFinite
      else {
        throw GraphError.invalid(
          node: value.name, reason: "the constant holds NaN or infinity, or not what its type says")
      }
      ready.insert(ValueID(position))
    }
    for node in graph.nodes {
      for case .some(let input) in node.inputs where !ready.contains(input) {
        throw GraphError.invalid(
          node: node.name, reason: "it reads \(graph[input].name) before that is computed")
      }
      let types: [ValueType]
      do throws(GraphError) {
        types = try node.operation.resultTypes(node.inputs.map { $0.map { graph[$0].type } })
      } catch {
        throw error.named(node.name, node.operation.name)
      }
      let stated = node.outputs.map { graph[$0].type }
      guard types == stated else {
        throw GraphError.invalid(
          node: node.name,
          reason: "its result should be \(types.map(\.shape)) and is stated as "
            + "\(stated.map(\.shape))")
      }
      for output in node.outputs where !ready.insert(output).inserted {
        throw GraphError.invalid(node: node.name, reason: "\(graph[output].name) is computed twice")
      }
    }
    for output in graph.results where !ready.contains(output) {
      throw GraphError.invalid(node: graph[output].name, reason: "nothing computes this output")
    }
  }

  /// Throws unless every state is written once, by a node, with what it is read as.
  private static func checkStates(_ graph: Graph) throws(GraphError) {
    let computed = Set(graph.nodes.flatMap(\.outputs))
    var written: Set<ValueID> = []
    for state in graph.states {
      guard computed.contains(state.written), written.insert(state.written).inserted,
        graph[state.read].constant == nil
      else { throw GraphError.invalid(node: state.name, reason: "no node computes this state") }
      let (read, next) = (graph[state.read], graph[state.written])
      guard read.type == next.type, read.quantization == next.quantization,
        state.initial.shape == read.type.shape, state.initial.isFinite
      else {
        throw GraphError.invalid(
          node: state.name,
          reason:
            "the state is read as \(read.type.element.rawValue) \(read.type.shape) and written as "
            + "\(next.type.element.rawValue) \(next.type.shape), or its scale or first value is another"
        )
      }
    }
  }
}
