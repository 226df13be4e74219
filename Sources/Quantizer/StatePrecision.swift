import ModelGraph
import Operators

/// Holds in 16 bits what recurrent states gather.
///
/// A state that is computed from itself keeps its roundings: in 8 bits, steps below half a scale are
/// lost again and again. Such a state becomes wide, with the sums and products it is made of; what is
/// computed from it otherwise reads it in 8 bits. States that only move (the buffer of a streaming
/// convolution) gather no error and stay as they are, as do those whose new value comes out of 8 bits.
struct StatePrecision {
  private var graph: Graph
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
    pass.insertRescalings()
    return pass.graph
  }

  private init(_ graph: Graph) {
    self.graph = graph
    for (position, node) in graph.nodes.enumerated() {
      for output in node.outputs { producers[output] = position }
      for case .some(let input) in node.inputs { consumers[input, default: []].append(position) }
    }
    for node in graph.nodes {
      if Self.moves(node) || node.operation is Concat {
        guard node.inputs.contains(where: { $0.map(terms.contains) ?? false }) else { continue }
        terms.formUnion(node.outputs)
      } else if node.operation is Recurrent {
        terms.formUnion(node.outputs)
      } else if Self.gathers(node) {
        terms.formUnion(node.outputs.filter { consumers[$0]?.count == 1 })
      }
    }
  }

  // MARK: Which

  private static func moves(_ node: Node) -> Bool {
    switch node.operation {
    case is Reshape, is Transpose: true
    case let pick as Pick: !pick.hasFill
    default: false
    }
  }

  /// Sums and products that have a 16-bit form.
  private static func gathers(_ node: Node) -> Bool {
    if let binary = node.operation as? Binary { return isWideFunction(binary.function) }
    return withConstant(node) != nil
  }

  private static func isWideFunction(_ function: BinaryFunction) -> Bool {
    switch function {
    case .add, .subtract, .multiply, .maximum, .minimum: true
    default: false
    }
  }

  /// The sum or product with a constant that a function of one tensor is.
  private static func withConstant(
    _ node: Node
  ) -> (function: BinaryFunction, constant: Float, isLeft: Bool)? {
    guard let pointwise = node.operation as? Pointwise,
      case .binary(let function, let left, let right) = pointwise.expression,
      isWideFunction(function)
    else { return nil }
    switch (left, right) {
    case (.constant(let number), .variable): return (function, Float(number), true)
    case (.variable, .constant(let number)): return (function, Float(number), false)
    default: return nil
    }
  }

  /// A function by table as one of two operands, which has a 16-bit form.
  private mutating func spellOut(_ node: inout Node) {
    guard let form = Self.withConstant(node) else { return }
    let constant = graph.add(
      Value(
        name: node.name + "/constant~", type: ValueType(.float32, []),
        constant: TensorData(shape: [], floats: [form.constant])))
    node.operation = Binary(form.function)
    node.inputs = form.isLeft ? [constant, node.inputs[0]] : [node.inputs[0], constant]
  }

  /// Whether what is written is computed, not only moved, from what is read.
  private func isRecurrent(_ state: GraphState) -> Bool {
    var seen: [ValueID: Bool] = [state.read: false]
    var pending = [state.read]
    while let id = pending.popLast() {
      for position in consumers[id] ?? [] {
        let node = graph.nodes[position]
        let isComputed = seen[id] == true || !(Self.moves(node) || node.operation is Concat)
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
      if Self.moves(node) || node.operation is Concat {
        operands = node.inputs.compactMap { $0 }
      } else if Self.gathers(node) {
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
      for position in consumers[id] ?? [] where Self.moves(graph.nodes[position]) {
        for output in graph.nodes[position].outputs where found.insert(output).inserted {
          pending.append(output)
        }
      }
    }
    wide.formUnion(found)
  }

  // MARK: Between widths

  private mutating func insertRescalings() {
    for id in wide { graph[id].isWide = true }
    var narrow: [ValueID: ValueID] = [:]
    var widened: [ValueID: ValueID] = [:]
    var nodes: [Node] = []
    for var node in graph.nodes {
      let isWide = node.outputs.contains(where: wide.contains)
      if isWide { spellOut(&node) }
      for (place, input) in node.inputs.enumerated() {
        guard let input, graph[input].constant == nil else { continue }
        if wide.contains(input), !isWide || !Self.takesWide(node), !Self.takesState(node, place) {
          node.inputs[place] = rescaled(input, to: "narrow", &narrow, &nodes)
        } else if !wide.contains(input), isWide, Self.takesWide(node) {
          node.inputs[place] = rescaled(input, to: "wide", &widened, &nodes)
          graph[node.inputs[place] ?? input].isWide = true
        }
      }
      guard isWide, !Self.takesWide(node), !(node.operation is Recurrent) else {
        nodes.append(node)
        continue
      }
      // It has no wide form: its result is widened behind it.
      let output = node.outputs[0]
      var value = graph[output]
      value.name += "/narrow~"
      value.isWide = false
      node.outputs[0] = graph.add(value)
      nodes.append(node)
      nodes.append(
        Node(
          name: node.name + "/wide", operation: Rescale(), inputs: [node.outputs[0]],
          outputs: [output]))
    }
    graph.nodes = nodes
    narrowOutputs()
  }

  private static func takesWide(_ node: Node) -> Bool {
    moves(node) || gathers(node) || node.operation is Concat
  }

  /// Initial states are read in any width.
  private static func takesState(_ node: Node, _ place: Int) -> Bool {
    node.operation is Recurrent && (place == 4 || place == 5)
  }

  /// The value in the other width, made where it is first needed.
  private mutating func rescaled(
    _ id: ValueID, to suffix: String, _ known: inout [ValueID: ValueID], _ nodes: inout [Node]
  ) -> ValueID {
    if let made = known[id] { return made }
    let name = graph[id].name + "/" + suffix
    let made = graph.add(Value(name: name + "~", type: graph[id].type))
    nodes.append(Node(name: name, operation: Rescale(), inputs: [id], outputs: [made]))
    known[id] = made
    return made
  }

  /// Outputs stay 8 bits wide, under their names.
  private mutating func narrowOutputs() {
    for place in graph.outputs.indices where wide.contains(graph.outputs[place]) {
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
