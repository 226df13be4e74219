public import ModelGraph
import Operators

/// A model with the integers it came with: every activation that the file gives parameters for, or
/// that must have those of a neighbour, carries them; the file's roundings are gone.
public struct GivenParameters: Sendable {
  /// The graph; activations with parameters are of the integers' type, the others float32.
  public private(set) var graph: Graph
  /// Activations without parameters, in the order they are computed.
  public private(set) var missing: [ValueID] = []
  /// True if the file gave any.
  public private(set) var isAny = false

  /// What a model came as.
  public enum Completeness: Sendable { case none, partial, full }

  /// Whether the model came quantised.
  public var completeness: Completeness {
    !isAny ? .none : missing.isEmpty ? .full : .partial
  }

  /// True if an activation is int16.
  public var isSixteenBit: Bool {
    graph.nodes.contains { $0.outputs.contains { graph[$0].type.element == .int16 } }
  }

  /// Reads the parameters off an imported model.
  ///
  /// - Throws: `GraphError.unsupported` for roundings that the device has no integers for.
  public init(_ imported: Graph) throws(GraphError) {
    graph = imported
    isAny = imported.values.contains { $0.quantization != nil && $0.constant == nil }
    graph.nodes = []
    var merged: [ValueID: ValueID] = [:]
    for var node in imported.nodes {
      node.inputs = node.inputs.map { id in id.map { merged[$0] ?? $0 } }
      if let rounding = node.operation as? FakeQuantize {
        isAny = true
        if try adopt(rounding, node, into: &merged) { continue }
      } else {
        follow(node)
      }
      graph.nodes.append(node)
    }
    propagateBackwards()
    matchMovers()
    // Positions and classes are integers of their own.
    let scaled = graph.nodes.filter { $0.operation.quantizationRule != .index }
    let activations = graph.sources + scaled.flatMap(\.outputs)
    missing = activations.filter { graph[$0].quantization == nil }
  }

  /// Gives the operand of a rounding its parameters; true when nothing is left for it to do.
  private mutating func adopt(
    _ rounding: FakeQuantize, _ node: Node, into merged: inout [ValueID: ValueID]
  ) throws(GraphError) -> Bool {
    guard let given = rounding.grid.activation else {
      let reason =
        rounding.grid.levels.count == 65536
        ? "16-bit activations with a zero point have no integer form; quantise them symmetrically"
        : "\(rounding.summary) has no integer form; quantise activations to 8 or 16 bits"
      throw .unsupported(operation: "QuantizeLinear", node: node.name, reason: reason)
    }
    guard let input = node.inputs[0], graph[input].constant == nil else { return false }
    let output = node.outputs[0]
    if graph[input].quantization == nil { set(input, given.quantization, given.element) }
    let isSame =
      graph[input].quantization == given.quantization && graph[input].type.element == given.element
    guard isSame, let kept = merge(output, into: input) else {
      set(output, given.quantization, given.element)
      return false
    }
    merged[output] = kept
    return true
  }

  /// Lets `input` stand for `output`; nil where both belong to the interface.
  private mutating func merge(_ output: ValueID, into input: ValueID) -> ValueID? {
    guard graph.results.contains(output) else { return input }
    guard !graph.results.contains(input), !graph.sources.contains(input) else { return nil }
    // The interface keeps its names.
    (graph[input].name, graph[output].name) = (graph[output].name, graph[input].name)
    graph.outputs = graph.outputs.map { $0 == output ? input : $0 }
    for index in graph.states.indices where graph.states[index].written == output {
      graph.states[index].written = input
    }
    return input
  }

  private mutating func set(_ id: ValueID, _ parameters: Quantization, _ element: ElementType) {
    graph[id].quantization = parameters
    graph[id].type.element = element
  }

  /// Results whose parameters follow from the operands'.
  private mutating func follow(_ node: Node) {
    for output in node.outputs where graph[output].quantization == nil {
      switch node.operation.quantizationRule {
      case .fixed(let scale, let zeroPoint):
        if node.inputs.contains(where: { $0.map { graph[$0].quantization != nil } ?? false }) {
          set(output, Quantization(scale: scale, zeroPoint: zeroPoint), .int8)
        }
      case .sameAsInput:
        guard let input = node.inputs.first ?? nil, let shared = graph[input].quantization else {
          continue
        }
        set(output, shared, graph[input].type.element)
      case .calibrated where Self.isClamp(node.operation):
        // A clamp of a grid's reals gives reals of that grid.
        guard let input = node.inputs.first ?? nil, let shared = graph[input].quantization else {
          continue
        }
        set(output, shared, graph[input].type.element)
      case .index:
        if node.inputs.contains(where: { $0.map { graph[$0].quantization != nil } ?? false }) {
          set(output, Quantization(scale: 1, zeroPoint: 0), .int32)
        }
      case .calibrated, .weighted, .rows: continue
      }
    }
  }

  /// What moves integers has the parameters of its result before it, too, if it has none of its own:
  /// nothing between the two rounds.
  private mutating func propagateBackwards() {
    for node in graph.nodes.reversed() where node.operation.quantizationRule == .sameAsInput {
      guard let parameters = graph[node.outputs[0]].quantization else { continue }
      let element = graph[node.outputs[0]].type.element
      for case .some(let input) in node.inputs
      where graph[input].quantization == nil && graph[input].constant == nil {
        set(input, parameters, element)
      }
    }
  }

  /// Where a mover's operand and result were given different parameters, a rounding follows it.
  private mutating func matchMovers() {
    var nodes: [Node] = []
    for var node in graph.nodes {
      guard node.operation.quantizationRule == .sameAsInput, let input = node.inputs.first ?? nil,
        let before = graph[input].quantization, let result = node.outputs.first,
        let after = graph[result].quantization, before != after,
        graph[input].type.element == .int8, graph[result].type.element == .int8
      else {
        nodes.append(node)
        continue
      }
      let moved = graph.add(
        Value(
          name: graph[result].name + "/moved", type: graph[result].type, quantization: before))
      node.outputs[0] = moved
      let grid = IntegerGrid(
        scale: after.scale, zeroPoint: Int(after.zeroPoint), levels: -128...127)
      nodes.append(node)
      nodes.append(
        Node(
          name: node.name + "/rescaled", operation: FakeQuantize(grid: grid), inputs: [moved],
          outputs: [result]))
    }
    graph.nodes = nodes
  }

  private static func isClamp(_ operation: any Operation) -> Bool {
    guard let pointwise = operation as? Pointwise else { return false }
    return pointwise.expression == .relu || pointwise.expression == .relu6
  }
}
