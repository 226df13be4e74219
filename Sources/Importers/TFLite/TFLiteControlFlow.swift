import ModelGraph
import Operators

/// Operators that run other subgraphs. Each takes its subgraph's operators in its place: of a choice
/// the branch that a constant condition names, of a loop its body as often as its condition, which
/// must not depend on the model's inputs, says.
enum TFLiteControlFlow {
  /// Passes of one loop.
  private static let passes = 1024

  private static func operands(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder, from first: Int = 0
  ) throws(GraphError) -> [ValueID] {
    var operands: [ValueID] = []
    for index in node.inputs.indices.dropFirst(first) {
      operands.append(try builder.operand(node, index))
    }
    return operands
  }

  private static func results(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) -> [ValueID] {
    var results: [ValueID] = []
    for tensor in node.outputs { results.append(try builder.value(tensor)) }
    return results
  }

  /// STABLEHLO_COMPOSITE, an operator that carries its own definition. Options: name, subgraph.
  @Sendable static func composite(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    guard let options = try node.options(1021) else { throw node.invalid("it has no options") }
    let operands = try operands(node, &builder)
    _ = try builder.inline(
      try options.int32(1), node, operands: operands, outputs: try results(node, &builder))
  }

  /// IF. Options: the subgraphs of both branches.
  @Sendable static func choice(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    guard let options = try node.options(92) else { throw node.invalid("it has no options") }
    // A constant is read when it is first asked for.
    let decision = try builder.operand(node, 0)
    let isTrue = try condition(node, builder, decision)
    let operands = try operands(node, &builder, from: 1)
    _ = try builder.inline(
      try options.int32(isTrue ? 0 : 1), node, operands: operands,
      outputs: try results(node, &builder))
  }

  /// WHILE. Options: the subgraphs of the condition and of the body.
  @Sendable static func loop(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    guard let options = try node.options(93) else { throw node.invalid("it has no options") }
    let (test, body) = (try options.int32(0), try options.int32(1))
    var state = try operands(node, &builder)
    guard state.count == node.outputs.count else {
      throw node.invalid("\(state.count) operands and \(node.outputs.count) results")
    }
    for _ in 0..<passes {
      let decision = try builder.inline(test, node, operands: state)
      guard decision.count == 1 else { throw node.invalid("its condition is not one value") }
      guard try condition(node, builder, decision[0]) else {
        for (index, value) in state.enumerated() {
          let shape = builder.graph[value].type.shape
          try builder.emit(
            node, Reshape(shape: shape), [value], sameParameters: true, result: index)
        }
        return
      }
      state = try builder.inline(body, node, operands: state)
    }
    throw node.unsupported("it runs more than \(passes) times; export the loop unrolled")
  }

  private static func condition(
    _ node: TFLiteNode, _ builder: TFLiteBuilder, _ id: ValueID
  ) throws(GraphError) -> Bool {
    guard let data = builder.graph[id].constant else {
      throw node.unsupported(
        "its condition depends on the model's inputs; only what is the same for every input is run")
    }
    guard case .bool(let elements) = data.elements, elements.count == 1 else {
      throw node.invalid("its condition is not one truth value")
    }
    return elements[0]
  }
}
