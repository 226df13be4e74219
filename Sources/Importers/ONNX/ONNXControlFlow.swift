import ModelGraph

/// Operators that hold graphs of their own.
enum ONNXControlFlow {
  /// `If` on a constant: the nodes of the branch taken stand in its place. They see every value
  /// defined before it; their own names end with the branch.
  @Sendable static func conditional(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    guard let condition = builder.data(try builder.operand(node, 0))?.integers,
      condition.count == 1
    else {
      throw node.unsupported(
        "its condition depends on the input; export the model without branches, or with fixed shapes"
      )
    }
    let key = condition[0] != 0 ? "then_branch" : "else_branch"
    guard case .graph(let message) = node.attributes[key] else {
      throw node.invalid("it has no \(key)")
    }
    guard builder.scopeDepth < ImportLimits.scopes else {
      throw node.invalid("its graphs are nested deeper than \(ImportLimits.scopes)")
    }
    let branch = try ONNXGraph(message)
    guard branch.outputs.count == node.outputs.count else {
      throw node.invalid("its branch has \(branch.outputs.count) results")
    }
    let scope = builder.openScope()
    try ONNXImporter.addInitializers(branch, to: &builder)
    for inner in branch.nodes { try ONNXImporter.convert(inner, &builder) }
    var results: [ValueID] = []
    for output in branch.outputs {
      guard let id = builder.value(named: output.name) else {
        throw node.invalid("nothing computes \(output.name) of its branch")
      }
      results.append(id)
    }
    builder.closeScope(scope)
    for (index, id) in results.enumerated() where !node.outputs[index].isEmpty {
      try builder.bind(node, id, result: index)
    }
  }
}
