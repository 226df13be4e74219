import ModelGraph

/// A graph under rewriting: nodes by index, with who produces and who consumes each value kept
/// up to date. Indices stay valid while passes run.
struct GraphEditor {
  private(set) var graph: Graph
  private(set) var nodes: [Node?]
  private var producers: [ValueID: Int] = [:]
  private var consumers: [ValueID: [Int]] = [:]
  private var names: Set<String>
  private let results: Set<ValueID>

  /// Opens a graph.
  init(_ graph: Graph) {
    self.graph = graph
    nodes = graph.nodes
    names = Set(graph.values.map(\.name))
    results = Set(graph.results)
    for (index, node) in graph.nodes.enumerated() { connect(node, index) }
  }

  private mutating func connect(_ node: Node, _ index: Int) {
    for output in node.outputs { producers[output] = index }
    for case .some(let input) in node.inputs { consumers[input, default: []].append(index) }
  }

  private mutating func disconnect(_ node: Node, _ index: Int) {
    for output in node.outputs where producers[output] == index { producers[output] = nil }
    for case .some(let input) in node.inputs {
      consumers[input]?.removeAll { $0 == index }
    }
  }

  // MARK: Questions

  /// A value.
  subscript(id: ValueID) -> Value { graph[id] }
  /// A value's shape.
  func shape(_ id: ValueID) -> [Int] { graph[id].type.shape }
  /// A constant float tensor.
  func floats(_ id: ValueID?) -> TensorData? {
    guard let id, let data = graph[id].constant, data.floats != nil else { return nil }
    return data
  }
  /// The node that computes a value.
  func producer(_ id: ValueID) -> (index: Int, node: Node)? {
    guard let index = producers[id], let node = nodes[index] else { return nil }
    return (index, node)
  }
  /// The nodes that read a value.
  func readers(of id: ValueID) -> [(index: Int, node: Node)] {
    (consumers[id] ?? []).compactMap { index in nodes[index].map { (index, $0) } }
  }
  /// True for outputs and written states.
  func isResult(_ id: ValueID) -> Bool { results.contains(id) }
  /// True when one node reads the value, once, and the interface does not.
  func isPrivate(_ id: ValueID) -> Bool {
    consumers[id]?.count == 1 && !isResult(id)
  }

  // MARK: Changes

  /// Adds a constant.
  mutating func constant(_ name: String, _ data: TensorData) -> ValueID {
    graph.add(
      Value(
        name: unique(name), type: ValueType(data.type, data.shape),
        constant: data))
  }

  private mutating func unique(_ name: String) -> String {
    var candidate = name
    var suffix = 1
    while !names.insert(candidate).inserted {
      candidate = "\(name)~\(suffix)"
      suffix += 1
    }
    return candidate
  }

  /// Replaces a node.
  mutating func replace(_ index: Int, with node: Node) {
    if let old = nodes[index] { disconnect(old, index) }
    nodes[index] = node
    connect(node, index)
  }

  /// Removes a node.
  mutating func remove(_ index: Int) {
    if let old = nodes[index] { disconnect(old, index) }
    nodes[index] = nil
  }

  /// Adds a node before `index` in spirit (order is settled at the end); returns its new result.
  mutating func emit(
    _ name: String, _ operation: any Operation, _ inputs: [ValueID?], as result: String? = nil
  ) throws(GraphError) -> ValueID {
    let type = try operation.singleResult(inputs.map { $0.map { graph[$0].type } }, node: name)
    let result = graph.add(Value(name: unique(result ?? name), type: type))
    let node = Node(name: name, operation: operation, inputs: inputs, outputs: [result])
    nodes.append(node)
    connect(node, nodes.count - 1)
    return result
  }

  /// Makes every reader of `old` read `new` instead. Returns false, changing nothing, when `old`
  /// belongs to the interface.
  mutating func replaceUses(of old: ValueID, with new: ValueID) -> Bool {
    guard !isResult(old) else { return false }
    for index in consumers[old] ?? [] {
      guard var node = nodes[index] else { continue }
      disconnect(node, index)
      node.inputs = node.inputs.map { $0 == old ? new : $0 }
      nodes[index] = node
      connect(node, index)
    }
    return true
  }

  /// Removes nodes none of whose results is read, until none is left. Returns true for any.
  mutating func removeDead() -> Bool {
    var any = false
    var pending = Array(nodes.indices)
    while let index = pending.popLast() {
      guard let node = nodes[index] else { continue }
      let isRead = node.outputs.contains {
        isResult($0) || !(consumers[$0]?.isEmpty ?? true)
      }
      guard !isRead else { continue }
      for case .some(let input) in node.inputs {
        if let producer = producers[input] { pending.append(producer) }
      }
      remove(index)
      any = true
    }
    return any
  }

  /// The graph with its nodes in topological order (ties by age) and without unused values.
  func finished() throws(GraphError) -> Graph {
    var ready: Set<ValueID> = Set(graph.sources)
    for (position, value) in graph.values.enumerated() where value.constant != nil {
      ready.insert(ValueID(position))
    }
    var result = graph
    result.nodes = []
    var pending = nodes.compactMap { $0 }
    while !pending.isEmpty {
      var later: [Node] = []
      for node in pending {
        if node.inputs.allSatisfy({ $0.map(ready.contains) ?? true }) {
          ready.formUnion(node.outputs)
          result.nodes.append(node)
        } else {
          later.append(node)
        }
      }
      guard later.count < pending.count else {
        throw GraphError.malformed("the graph has a cycle at node \(later[0].name)")
      }
      pending = later
    }
    result.compact()
    result.restoreNames()
    return result
  }
}

extension Graph {
  /// Gives values that stand for a value of the file in another layout that value's name, once
  /// the latter is gone.
  mutating func restoreNames() {
    var names = Set(values.map(\.name))
    for index in values.indices {
      let parts = values[index].name.split(separator: "~", omittingEmptySubsequences: false)
      guard parts.count > 1, Int(parts[parts.count - 1]) != nil else { continue }
      let base = parts.dropLast().joined(separator: "~")
      if !base.isEmpty, names.insert(base).inserted { values[index].name = base }
    }
  }

  /// Drops values that nothing refers to; the rest keep their order.
  mutating func compact() {
    var used = Set(sources + results)
    for node in nodes {
      used.formUnion(node.inputs.compactMap { $0 })
      used.formUnion(node.outputs)
    }
    var places: [ValueID: ValueID] = [:]
    var kept: [Value] = []
    for (position, value) in values.enumerated() where used.contains(ValueID(position)) {
      places[ValueID(position)] = ValueID(kept.count)
      kept.append(value)
    }
    func moved(_ id: ValueID) -> ValueID { places[id] ?? id }
    values = kept
    inputs = inputs.map(moved)
    outputs = outputs.map(moved)
    for index in states.indices {
      states[index].read = moved(states[index].read)
      states[index].written = moved(states[index].written)
    }
    for index in nodes.indices {
      nodes[index].inputs = nodes[index].inputs.map { $0.map(moved) }
      nodes[index].outputs = nodes[index].outputs.map(moved)
    }
  }
}
