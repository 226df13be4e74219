import ModelGraph
import Operators
import PlanFormat

/// Where every activation lives. Values that are the same bytes under another shape share a block.
struct Storage {
  /// The plan's tensor of each activation.
  let tensors: [ValueID: TensorIndex]
  /// The records of those, in order.
  let records: [PlanTensor]
  /// Size of the arena.
  let arenaBytes: Int
  /// Values that are the bytes of others.
  private let aliases: [ValueID: ValueID]

  init(_ graph: Graph, keepingAlive taps: [ValueID]) {
    let activations =
      graph.sources + graph.nodes.flatMap(\.outputs)
    var owner: [ValueID: ValueID] = [:]
    for id in activations { owner[id] = id }
    // A state is overwritten when the run is over: what is read then has bytes of its own.
    let kept = Set(graph.states.map(\.read))
    let readLater = Set(graph.results + taps)
    var aliases: [ValueID: ValueID] = [:]
    for node in graph.nodes {
      guard let source = Self.aliasedOperand(node, in: graph), let root = owner[source],
        !kept.contains(root) || !readLater.contains(node.outputs[0])
      else { continue }
      owner[node.outputs[0]] = root
      aliases[node.outputs[0]] = source
    }
    var steps: [ValueID: ClosedRange<Int>] = [:]
    func extend(_ id: ValueID, to step: Int) {
      guard let root = owner[id] else { return }
      let known = steps[root] ?? step...step
      steps[root] = min(known.lowerBound, step)...max(known.upperBound, step)
    }
    for id in graph.sources { extend(id, to: -1) }
    // Nothing else lies where a state does, from one run to the next.
    for id in kept { extend(id, to: graph.nodes.count) }
    for (step, node) in graph.nodes.enumerated() {
      for case .some(let input) in node.inputs { extend(input, to: step) }
      for output in node.outputs { extend(output, to: step) }
    }
    for id in graph.results + taps { extend(id, to: graph.nodes.count) }

    let roots = activations.filter { owner[$0] == $0 }
    let blocks = roots.map { id in
      ArenaBlock(bytes: Self.byteCount(graph[id]), steps: steps[id] ?? 0...0)
    }
    let placement = ArenaPlanner.place(blocks)
    let offsets = Dictionary(uniqueKeysWithValues: zip(roots, placement.offsets))
    arenaBytes = placement.arenaBytes

    var tensors: [ValueID: TensorIndex] = [:]
    var records: [PlanTensor] = []
    for id in activations {
      tensors[id] = TensorIndex(records.count)
      let value = graph[id]
      records.append(
        PlanTensor(
          name: value.name, element: Self.element(value),
          // A plan's tensors have axes.
          shape: value.type.shape.isEmpty ? [1] : value.type.shape,
          arenaOffset: owner[id].flatMap { offsets[$0] } ?? 0,
          scale: value.quantization?.scale ?? 1, zeroPoint: value.quantization?.zeroPoint ?? 0))
    }
    self.tensors = tensors
    self.records = records
    self.aliases = aliases
  }

  /// The operand a node merely renames, if it does.
  func alias(_ node: Node) -> ValueID? { aliases[node.outputs[0]] }

  /// Reshapes, and transposes that move only axes of size 1, leave every byte where it is.
  private static func aliasedOperand(_ node: Node, in graph: Graph) -> ValueID? {
    guard let input = node.inputs.first ?? nil, graph[input].constant == nil else { return nil }
    if node.operation is Reshape { return input }
    guard let transpose = node.operation as? Transpose else { return nil }
    let shape = graph[input].type.shape
    let moved = transpose.permutation.filter { shape[$0] != 1 }
    return moved == moved.sorted() ? input : nil
  }

  static func element(_ value: Value) -> PlanElement {
    switch value.type.element {
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    default: .int8
    }
  }

  private static func byteCount(_ value: Value) -> Int {
    value.type.shape.reduce(1, *) * element(value).byteCount
  }
}
