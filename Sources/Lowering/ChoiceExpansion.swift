import ModelGraph
import Operators

extension Graph {
  /// The graph with every choice between int8 tensors as c · a + (1 − c) · b. With a condition of 0 and 1
  /// both products have the result's scale and zero point, so that one of the terms is 0 and the sum
  /// exact. A branch that is 0 leaves one product.
  func expandingChoices() throws(GraphError) -> Graph {
    var graph = self
    graph.nodes = []
    for node in nodes {
      guard node.operation is Where, let choice = Choice(node, in: self) else {
        graph.nodes.append(node)
        continue
      }
      try choice.expand(into: &graph)
    }
    return graph
  }
}

/// A choice between two int8 tensors.
private struct Choice {
  private let node: Node
  private let condition: ValueID
  private let branches: [ValueID]

  /// Nil for elements that products are not made of.
  init?(_ node: Node, in graph: Graph) {
    let operands = node.inputs.compactMap { $0 }
    guard operands.count == 3,
      graph[operands[0]].quantization == Quantization(scale: 1, zeroPoint: 0),
      (operands + node.outputs).allSatisfy({
        graph[$0].type.element == .int8 && graph[$0].quantization?.isPerTensor ?? false
      })
    else { return nil }
    self.node = node
    condition = operands[0]
    branches = Array(operands[1...])
  }

  func expand(into graph: inout Graph) throws(GraphError) {
    let result = node.outputs[0]
    let isZero = branches.map { id in
      let zero = graph[id].quantization.map { Int($0.zeroPoint) }
      return graph[id].constant?.integers?.allSatisfy { $0 == zero } ?? false
    }
    let shape = graph[result].type.shape
    // A product of the result's shape stands for the whole where the other branch is 0.
    for (side, other) in [(0, 1), (1, 0)]
    where isZero[other] && product(of: side, in: graph) == shape {
      let factor = side == 0 ? condition : opposite(in: &graph)
      multiply(factor, branches[side], into: result, "", &graph)
      return
    }
    var terms: [ValueID] = []
    for side in [0, 1] {
      guard let shape = product(of: side, in: graph) else {
        throw .invalid(node: node.name, reason: "its condition and branches do not go together")
      }
      let term = graph.add(value(result, "/\(side == 0 ? "then" : "else")", shape, in: graph))
      let factor = side == 0 ? condition : opposite(in: &graph)
      multiply(factor, branches[side], into: term, side == 0 ? "/then" : "/else", &graph)
      terms.append(term)
    }
    append(Binary(.add), terms, result, "", to: &graph)
  }

  /// The shape of the condition times a branch.
  private func product(of side: Int, in graph: Graph) -> [Int]? {
    StridedWalk.broadcastShape(graph[condition].type.shape, graph[branches[side]].type.shape)
  }

  /// 1 − c.
  private func opposite(in graph: inout Graph) -> ValueID {
    var opposite = value(condition, "/not", graph[condition].type.shape, in: graph)
    if let constant = graph[condition].constant {
      let levels = (constant.integers ?? []).map { Int8(1 - $0) }
      opposite.constant = TensorData(shape: constant.shape, elements: .int8(levels))
      return graph.add(opposite)
    }
    let id = graph.add(opposite)
    let expression = PointwiseExpression.binary(.subtract, .constant(1), .variable)
    append(Pointwise(expression), [condition], id, "/not", to: &graph)
    return id
  }

  /// A product; of constants at once, which sums take too.
  private func multiply(
    _ factor: ValueID, _ branch: ValueID, into term: ValueID, _ suffix: String,
    _ graph: inout Graph
  ) {
    guard let product = constantProduct(factor, branch, as: term, in: graph) else {
      return append(Binary(.multiply), [factor, branch], term, suffix, to: &graph)
    }
    graph[term].constant = product
  }

  /// The nearest levels of a branch where the factor is 1, and of 0 elsewhere.
  private func constantProduct(
    _ factor: ValueID, _ branch: ValueID, as term: ValueID, in graph: Graph
  ) -> TensorData? {
    let shape = graph[term].type.shape
    guard let from = graph[branch].quantization, let to = graph[term].quantization,
      let factors = graph[factor].constant?.broadcast(to: shape)?.integers,
      let levels = graph[branch].constant?.broadcast(to: shape)?.integers
    else { return nil }
    let products = zip(factors, levels).map { factor, level -> Int8 in
      let real = Double(factor * (level - Int(from.zeroPoint))) * Double(from.scale)
      let steps = (real / Double(to.scale)).rounded(.toNearestOrAwayFromZero)
      return Int8(min(max(steps + Double(to.zeroPoint), -128), 127))
    }
    return TensorData(shape: shape, elements: .int8(products))
  }

  /// A value like another, under a name of its own.
  private func value(_ model: ValueID, _ suffix: String, _ shape: [Int], in graph: Graph) -> Value {
    var value = graph[model]
    value.name = node.name + suffix
    value.type.shape = shape
    value.constant = nil
    return value
  }

  private func append(
    _ operation: any Operation, _ inputs: [ValueID], _ output: ValueID, _ suffix: String,
    to graph: inout Graph
  ) {
    graph.nodes.append(
      Node(name: node.name + suffix, operation: operation, inputs: inputs, outputs: [output]))
  }
}
