public import ModelGraph
import Operators
public import PlanFormat

/// A plan and its weights section.
public struct LoweredModel: Sendable, Equatable {
  /// The program.
  public var plan: Plan
  /// The constants it refers to.
  public var weights: [UInt8]
}

/// Turns a quantised graph into an executable plan.
public enum Lowering {
  /// Lowers every node, places every activation.
  ///
  /// - Parameters:
  ///   - quantized: a canonical quantised graph.
  ///   - taps: values telemetry reads; they stay alive to the end of a run.
  /// - Returns: the plan with `plan.taps` in the order of `taps`.
  /// - Throws: `GraphError.unsupported` naming the node that has no integer form.
  public static func lower(
    _ quantized: Graph, taps: [ValueID] = []
  ) throws(GraphError) -> LoweredModel {
    let graph = try quantized.expandingChoices()
    try graph.checkActivations()
    let storage = Storage(graph, keepingAlive: taps)
    var builder = PlanBuilder()
    for node in graph.nodes {
      if let source = storage.alias(node) {
        try checkAlias(of: source, by: node, in: graph)
      } else {
        try lower(node, in: graph, storage: storage, into: &builder)
      }
    }
    func tensor(_ id: ValueID) throws(GraphError) -> TensorIndex {
      guard let tensor = storage.tensors[id] else {
        throw .invalid(node: graph[id].name, reason: "a constant cannot be an input, output or tap")
      }
      return tensor
    }
    var (inputs, outputs, tapTensors): ([TensorIndex], [TensorIndex], [TensorIndex]) = ([], [], [])
    for id in graph.inputs { inputs.append(try tensor(id)) }
    for id in graph.outputs { outputs.append(try tensor(id)) }
    for id in taps { tapTensors.append(try tensor(id)) }
    var states: [PlanState] = []
    for state in graph.states {
      states.append(
        PlanState(
          read: try tensor(state.read), written: try tensor(state.written),
          initial: try state.initialBytes(of: graph[state.read])))
    }
    let plan = Plan(
      arenaBytes: storage.arenaBytes, weightsBytes: builder.weights.count,
      multiplyAccumulates: graph.multiplyAccumulates, tensors: storage.records, inputs: inputs,
      outputs: outputs, taps: tapTensors, states: states, instructions: builder.instructions)
    return ConstantChannels.removed(from: LoweredModel(plan: plan, weights: builder.weights))
  }

  /// Shared bytes must mean the same reals on both sides.
  private static func checkAlias(
    of source: ValueID, by node: Node, in graph: Graph
  ) throws(GraphError) {
    guard graph[source].quantization == graph[node.outputs[0]].quantization else {
      throw .unsupported(
        operation: node.operation.name, node: node.name,
        reason: "its result has another scale than its input; it only moves integers")
    }
  }

  private static func lower(
    _ node: Node, in graph: Graph, storage: Storage, into builder: inout PlanBuilder
  ) throws(GraphError) {
    let lowering = LoweringNode(
      name: node.name,
      operands: node.inputs.map { id in
        id.map { LoweringValue(value: graph[$0], tensor: storage.tensors[$0]) }
      },
      results: node.outputs.map { LoweringValue(value: graph[$0], tensor: storage.tensors[$0]) })
    do throws(GraphError) {
      try node.operation.lower(lowering, into: &builder)
    } catch .unsupported(_, _, let reason) {
      throw .unsupported(operation: node.operation.name, node: node.name, reason: reason)
    } catch {
      throw error
    }
  }
}

extension GraphState {
  /// The integers that a run begins with: all of them, or one where all are the same.
  fileprivate func initialBytes(of value: Value) throws(GraphError) -> [UInt8] {
    let element = Storage.element(value)
    let levels: [Int]
    if let floats = initial.floats {
      guard let quantization = value.quantization else {
        throw .unsupported(
          operation: "state", node: name,
          reason: "\(value.name) carries no quantisation: quantise the model first")
      }
      let limit = 1 << (8 * element.byteCount - 1)
      levels = floats.map { real in
        let level = (Double(real) / Double(quantization.scale)).rounded()
        return Int(
          min(max(level + Double(quantization.zeroPoint), -Double(limit)), Double(limit - 1)))
      }
    } else {
      levels = initial.integers ?? []
    }
    let isUniform = levels.allSatisfy { $0 == levels[0] }
    return levels.prefix(isUniform ? 1 : levels.count).flatMap { level in
      (0..<element.byteCount).map { UInt8(truncatingIfNeeded: level >> (8 * $0)) }
    }
  }
}

extension Graph {
  /// Multiply-accumulates of one inference.
  public var multiplyAccumulates: Int {
    nodes.reduce(0) { sum, node in
      sum + node.operation.multiplyAccumulates(node.inputs.map { id in id.map { self[$0].type } })
    }
  }
}
