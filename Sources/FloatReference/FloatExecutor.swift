public import ModelGraph

/// Runs a graph in float32: the truth of calibration and `eval`.
///
/// Operators sum in a fixed order and never fuse a multiplication with an addition, so the results
/// have the same bits on every host and for every thread count. Constants of a quantised graph are
/// dequantised first.
public struct FloatExecutor: Sendable {
  private let graph: Graph
  private let constants: [TensorData?]
  /// For each node, the values no later node reads.
  private let dying: [[ValueID]]

  /// Prepares a graph.
  public init(_ graph: Graph) {
    self.graph = graph
    constants = graph.values.map { value in value.constant.map { Self.dequantized($0, value) } }
    var lastUse: [ValueID: Int] = [:]
    for (position, node) in graph.nodes.enumerated() {
      for case .some(let input) in node.inputs { lastUse[input] = position }
      for output in node.outputs where lastUse[output] == nil { lastUse[output] = position }
    }
    let results = Set(graph.results)
    var dying = [[ValueID]](repeating: [], count: graph.nodes.count)
    for (value, position) in lastUse where !results.contains(value) {
      dying[position].append(value)
    }
    self.dying = dying
  }

  /// What a recording begins with: one tensor per state of the model.
  public var initialStates: [TensorData] {
    graph.states.map { Self.dequantized($0.initial, graph[$0.read]) }
  }

  /// Runs one item, the first of a recording where the model keeps states.
  ///
  /// - Parameters and errors as of ``run(inputs:states:observing:)``.
  public func run(
    inputs: [TensorData], observing observe: (ValueID, TensorData) -> Void = { _, _ in }
  ) throws(GraphError) -> [TensorData] {
    var states = initialStates
    return try run(inputs: inputs, states: &states, observing: observe)
  }

  /// Runs one item of a recording.
  ///
  /// - Parameters:
  ///   - inputs: one tensor per model input, of the model's types; float where a quantised model has
  ///     integers that stand for reals.
  ///   - states: what the item before left, and what this one leaves.
  ///   - observe: called with every activation as it is computed, inputs and states first.
  /// - Returns: one tensor per model output.
  /// - Throws: `GraphError.invalid` naming the input or node that does not fit.
  public func run(
    inputs: [TensorData], states: inout [TensorData],
    observing observe: (ValueID, TensorData) -> Void = { _, _ in }
  ) throws(GraphError) -> [TensorData] {
    guard inputs.count == graph.inputs.count else {
      throw .invalid(
        node: graph.name, reason: "it has \(graph.inputs.count) inputs, got \(inputs.count)")
    }
    var live = [TensorData?](repeating: nil, count: graph.values.count)
    for (id, tensor) in zip(graph.inputs, inputs) {
      let value = graph[id]
      let element = value.quantization == nil ? value.type.element : .float32
      guard tensor.shape == value.type.shape, tensor.type == element else {
        throw .invalid(
          node: value.name,
          reason: "input expects \(element) \(value.type.shape), got \(tensor.type) \(tensor.shape)"
        )
      }
      observe(id, tensor)
      live[id.position] = tensor
    }
    for (state, tensor) in zip(graph.states, states) {
      observe(state.read, tensor)
      live[state.read.position] = tensor
    }
    for (position, node) in graph.nodes.enumerated() {
      let operands = node.inputs.map { id in
        id.flatMap { live[$0.position] ?? constants[$0.position] }
      }
      for (id, tensor) in zip(node.outputs, try evaluate(node, operands)) {
        observe(id, tensor)
        live[id.position] = tensor
      }
      for id in dying[position] { live[id.position] = nil }
    }
    for (index, state) in graph.states.enumerated() {
      states[index] = live[state.written.position] ?? states[index]
    }
    return graph.outputs.map { id in
      live[id.position] ?? constants[id.position] ?? TensorData(shape: [0], floats: [])
    }
  }

  /// Runs many items; results are in the items' order. Those of a model that keeps no states run on all
  /// cores, others one after the other, anew where a recording starts.
  ///
  /// - Throws: the error of the first item that fails.
  public func run(
    items: [[TensorData]], starts: RecordingStarts = RecordingStarts()
  ) throws(GraphError) -> [[TensorData]] {
    guard graph.states.isEmpty else {
      var stream = FloatStream(self, starts: starts)
      var all: [[TensorData]] = []
      for item in items { all.append(try stream.run(inputs: item)) }
      return all
    }
    return try concurrentMap(items.count) { index throws(GraphError) in
      try run(inputs: items[index])
    }
  }

  private func evaluate(_ node: Node, _ operands: [TensorData?]) throws(GraphError) -> [TensorData]
  {
    do throws(GraphError) {
      return try node.operation.evaluate(operands)
    } catch .invalid(_, let reason) {
      throw .invalid(node: node.name, reason: reason)
    } catch {
      throw error
    }
  }

  private static func dequantized(_ tensor: TensorData, _ value: Value) -> TensorData {
    guard let quantization = value.quantization, tensor.floats == nil,
      let integers = tensor.integers
    else { return tensor }
    let axis = quantization.axis
    let inner = quantization.isPerTensor ? 1 : tensor.shape[(axis + 1)...].reduce(1, *)
    let values = integers.enumerated().map { index, integer -> Float in
      let channel = quantization.isPerTensor ? 0 : index / inner % tensor.shape[axis]
      let level = integer - Int(quantization.zeroPoints[channel])
      return Float(Double(level) * Double(quantization.scales[channel]))
    }
    return TensorData(shape: tensor.shape, floats: values)
  }
}
