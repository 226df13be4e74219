import ModelGraph
import Operators

/// Holds in 16 bits what recurrent states gather.
///
/// A state that is computed from itself keeps its roundings: in 8 bits, steps below half a scale are
/// lost again and again. Such a state becomes wide, with the sums and products it is made of; what is
/// computed from it otherwise reads it in 8 bits. States that only move (the buffer of a streaming
/// convolution) gather no error and stay as they are, as do those whose new value comes out of 8 bits.
struct StatePrecision {
  private let graph: Graph
  private var producers: [ValueID: Int] = [:]
  private var consumers: [ValueID: [Int]] = [:]
  /// What a sum or product may take wide: of what has a wide form, as it is or moved.
  private var terms: Set<ValueID> = []
  private var wide: Set<ValueID> = []

  /// The float graph with wide values marked, and with rescalings between widths.
  static func applied(to graph: Graph) -> Graph {
    guard !graph.states.isEmpty else { return graph }
    var pass = StatePrecision(graph)
    for state in graph.states where pass.isRecurrent(state) { pass.widen(state) }
    guard !pass.wide.isEmpty else { return graph }
    var widened = Widening(graph, values: pass.wide, readersFollow: false).graph
    narrowOutputs(of: &widened)
    return widened
  }

  private init(_ graph: Graph) {
    self.graph = graph
    for (position, node) in graph.nodes.enumerated() {
      for output in node.outputs { producers[output] = position }
      for case .some(let input) in node.inputs { consumers[input, default: []].append(position) }
    }
    for node in graph.nodes {
      if SixteenBitForm.moves(node) || node.operation is Concat {
        guard node.inputs.contains(where: { $0.map(terms.contains) ?? false }) else { continue }
        terms.formUnion(node.outputs)
      } else if node.operation is Recurrent {
        terms.formUnion(node.outputs)
      } else if SixteenBitForm.gathers(node) {
        terms.formUnion(node.outputs.filter { consumers[$0]?.count == 1 })
      }
    }
  }

  // MARK: Which

  /// Whether what is written is computed, not only moved, from what is read.
  private func isRecurrent(_ state: GraphState) -> Bool {
    var seen: [ValueID: Bool] = [state.read: false]
    var pending = [state.read]
    while let id = pending.popLast() {
      for position in consumers[id] ?? [] {
        let node = graph.nodes[position]
        let isComputed =
          seen[id] == true || !(SixteenBitForm.moves(node) || node.operation is Concat)
        for output in node.outputs where seen[output] == nil || isComputed && seen[output] == false
        {
          seen[output] = isComputed
          pending.append(output)
        }
      }
    }
    return seen[state.written] == true
  }

  /// Marks a state and what it is made of.
  private mutating func widen(_ state: GraphState) {
    var found: Set<ValueID> = [state.read, state.written]
    var isWorthIt = false
    var pending = [state.written]
    while let id = pending.popLast() {
      guard let position = producers[id] else { continue }
      let node = graph.nodes[position]
      let operands: [ValueID]
      if SixteenBitForm.moves(node) || node.operation is Concat {
        operands = node.inputs.compactMap { $0 }
      } else if SixteenBitForm.gathers(node) {
        isWorthIt = true
        operands = node.inputs.compactMap { $0 }.filter(terms.contains)
      } else {
        if node.operation is Recurrent { isWorthIt = true }
        operands = []
      }
      for operand in operands where graph[operand].constant == nil {
        if found.insert(operand).inserted { pending.append(operand) }
      }
    }
    let known = found.contains {
      graph[$0].quantization != nil || graph[$0].type.element != .float32
    }
    guard isWorthIt, !known else { return }
    pending = [state.read]
    while let id = pending.popLast() {
      for position in consumers[id] ?? [] where SixteenBitForm.moves(graph.nodes[position]) {
        for output in graph.nodes[position].outputs where found.insert(output).inserted {
          pending.append(output)
        }
      }
    }
    wide.formUnion(found)
  }

  // MARK: Outputs

  /// Outputs stay 8 bits wide, under their names.
  private static func narrowOutputs(of graph: inout Graph) {
    for place in graph.outputs.indices where graph[graph.outputs[place]].isWide {
      let output = graph.outputs[place]
      let narrow = graph.add(Value(name: graph[output].name, type: graph[output].type))
      graph[output].name += "/wide~"
      graph.nodes.append(
        Node(
          name: graph[narrow].name + "/narrow", operation: Rescale(), inputs: [output],
          outputs: [narrow]))
      graph.outputs[place] = narrow
    }
  }
}
