import ModelGraph
import Operators

/// Values that must have the same scale and zero point because of states: what is read and what is
/// written, and whatever only moves their integers.
struct SharedParameters {
  /// The groups that hold a state or what is joined in 16 bits, each in the order of its values.
  let groups: [[ValueID]]

  init(_ graph: Graph) {
    guard !graph.states.isEmpty else {
      groups = []
      return
    }
    var roots = Array(graph.values.indices)
    func root(_ position: Int) -> Int {
      var position = position
      while roots[position] != position { position = roots[position] }
      return position
    }
    func join(_ a: ValueID, _ b: ValueID) {
      let (low, high) = (root(a.position), root(b.position))
      roots[max(low, high)] = min(low, high)
    }
    for state in graph.states { join(state.read, state.written) }
    var joined: [ValueID] = []
    for node in graph.nodes {
      // Wide integers are joined as they are, bytes through a table.
      let isJoin = node.operation is Concat && graph[node.outputs[0]].isWide
      if isJoin { joined.append(node.outputs[0]) }
      guard isJoin || node.operation.quantizationRule == .sameAsInput else { continue }
      for case .some(let input) in isJoin ? node.inputs : Array(node.inputs.prefix(1))
      where graph[input].constant == nil {
        for output in node.outputs { join(input, output) }
      }
    }
    let held = Set((graph.states.map(\.read) + joined).map { root($0.position) })
    var members: [Int: [ValueID]] = [:]
    for position in graph.values.indices where held.contains(root(position)) {
      members[root(position), default: []].append(ValueID(position))
    }
    groups = members.keys.sorted().map { members[$0] ?? [] }
  }
}
