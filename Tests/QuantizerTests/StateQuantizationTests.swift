import Bundling
import DeviceRuntime
import FloatReference
import Lowering
import ModelGraph
import Operators
import PlanFormat
import Quantizer
import TestSupport
import Testing

/// Recurrent states, and states that only move, as integers.
struct StateQuantizationTests {
  private func value(_ graph: inout Graph, _ name: String, _ shape: [Int]) -> ValueID {
    graph.add(Value(name: name, type: ValueType(.float32, shape)))
  }

  /// s ← 0.98 · s + 0.02 · tanh(x); y = sigmoid(s).
  private func average() -> Graph {
    var graph = Graph(name: "average")
    let x = value(&graph, "x", [1, 4])
    let read = value(&graph, "s", [1, 4])
    var ids: [String: ValueID] = [:]
    for name in ["t", "kept", "new", "next", "y"] { ids[name] = value(&graph, name, [1, 4]) }
    func constant(_ name: String, _ number: Float) -> ValueID {
      graph.add(
        Value(
          name: name, type: ValueType(.float32, [1]),
          constant: TensorData(shape: [1], floats: [number])))
    }
    let take = constant("take", 0.02)
    func node(_ name: String, _ operation: any Operation, _ inputs: [ValueID?]) {
      graph.nodes.append(
        Node(name: name, operation: operation, inputs: inputs, outputs: [ids[name] ?? x]))
    }
    node("t", Pointwise(.of(.tanh)), [x])
    node("kept", Pointwise(.binary(.multiply, .variable, .constant(0.98))), [read])
    node("new", Binary(.multiply), [ids["t"], take])
    node("next", Binary(.add), [ids["kept"], ids["new"]])
    node("y", Pointwise(.of(.sigmoid)), [ids["next"]])
    graph.inputs = [x]
    graph.outputs = [ids["y"] ?? x]
    graph.states = [
      GraphState(
        name: "s", read: read, written: ids["next"] ?? x,
        initial: TensorData(shape: [1, 4], floats: [0, 0, 0, 0]))
    ]
    return graph
  }

  private func items(_ count: Int, seed: UInt64) -> [[TensorData]] {
    var random = SeededValues(seed: seed)
    // Slow enough that the average follows.
    var level = [Float](repeating: 0, count: 4)
    return (0..<count).map { _ in
      let steps = random.floats([1, 4]).floats ?? []
      level = zip(level, steps).map { min(max($0 + 0.3 * $1, -3), 3) }
      return [TensorData(shape: [1, 4], floats: level)]
    }
  }

  private func decibels(_ graph: Graph) throws -> Double {
    let model = try CalibratedModel(graph, items: items(400, seed: 3), equalizing: false)
    let quantized = try Quantizer.quantize(model, method: .minMax, inputs: [.calibrated])
    let integers = try IntegerModel(try Lowering.lower(quantized))
    let test = items(400, seed: 4)
    let truth = try FloatExecutor(graph).run(items: test)
    var meter = NoiseMeter()
    for (expected, got) in zip(truth, try integers.run(test, starts: RecordingStarts())) {
      meter.add(expected[0].floats ?? [], got[0])
    }
    return meter.decibels
  }

  @Test func recurrentStatesAreWide() throws {
    let graph = average()
    let model = try CalibratedModel(graph, items: items(50, seed: 1), equalizing: false)
    let quantized = try Quantizer.quantize(model, method: .minMax, inputs: [.calibrated])
    let state = try #require(quantized.states.first)
    #expect(quantized[state.read].type.element == .int16)
    #expect(quantized[state.written].quantization == quantized[state.read].quantization)
    #expect(quantized[quantized.outputs[0]].type.element == .int8)
    let plan = try Lowering.lower(quantized).plan
    #expect(plan.states.count == 1 && plan.requiredVersion == 4)
    #expect(plan.states[0].initial == [0, 0])
    #expect(try decibels(graph) > 50)
  }

  /// An LSTM of one step a run. Its hidden state and cell are kept: as states of their own, or joined
  /// in one, to which nothing is added.
  private func lstm(isJoined: Bool) -> Graph {
    var random = SeededValues(seed: 11)
    var graph = Graph(name: "lstm")
    func constant(_ name: String, _ shape: [Int]) -> ValueID {
      graph.add(
        Value(
          name: name, type: ValueType(.float32, shape),
          constant: random.floats(shape, in: -0.6...0.6)))
    }
    let weights = [
      constant("W", [32, 3]), constant("R", [32, 8]), constant("b", [1, 64]),
    ]
    let x = value(&graph, "x", [1, 1, 3])
    let (h, c) = (value(&graph, "h", [1, 1, 8]), value(&graph, "c", [1, 1, 8]))
    let (hn, cn) = (value(&graph, "hn", [1, 1, 8]), value(&graph, "cn", [1, 1, 8]))
    let y = value(&graph, "y", [1, 1, 8])
    func cell(_ name: String, _ result: RecurrentParameters.Result, _ output: ValueID) -> Node {
      Node(
        name: name,
        operation: Recurrent(
          cell: .lstm, direction: .forward, result: result,
          functions: [Recurrent.defaultFunctions(.lstm)]),
        inputs: [x] + weights + [h, c], outputs: [output])
    }
    func keep(_ name: String, _ read: ValueID, _ written: ValueID) {
      let shape = graph[read].type.shape
      let zeros = [Float](repeating: 0, count: shape.reduce(1, *))
      graph.states.append(
        GraphState(
          name: name, read: read, written: written,
          initial: TensorData(shape: shape, floats: zeros)))
    }
    graph.nodes = [
      cell("hidden", .finalHidden, hn), cell("cell", .finalCell, cn),
      Node(name: "y", operation: Pointwise(.relu), inputs: [hn], outputs: [y]),
    ]
    graph.inputs = [x]
    graph.outputs = [y]
    guard isJoined else {
      keep("h", h, hn)
      keep("c", c, cn)
      return graph
    }
    let both = ["s", "joined", "sn"].map { value(&graph, $0, [2, 1, 8]) }
    for (position, part) in [h, c].enumerated() {
      graph.nodes.insert(
        Node(
          name: graph[part].name, operation: Pick(positions: [[position], nil, nil]),
          inputs: [both[0]], outputs: [part]), at: position)
    }
    graph.nodes += [
      Node(name: "joined", operation: Concat(axis: 0), inputs: [hn, cn], outputs: [both[1]]),
      Node(
        name: "sn", operation: Pointwise(.binary(.add, .variable, .constant(0))),
        inputs: [both[1]], outputs: [both[2]]),
    ]
    keep("s", both[0], both[2])
    return graph
  }

  /// What an LSTM keeps is wide from its cell to the next run, and each recording ends where the float
  /// reference does.
  @Test(arguments: [false, true]) func statesOfAnLSTMAreWide(isJoined: Bool) throws {
    let graph = lstm(isJoined: isJoined)
    var random = SeededValues(seed: 12)
    let items = (0..<120).map { _ in [random.floats([1, 1, 3])] }
    let starts = RecordingStarts(groups: (0..<120).map { $0 / 40 })
    let model = try CalibratedModel(graph, items: items, starts: starts)
    let quantized = try Quantizer.quantize(model, method: .minMax, inputs: [.calibrated])
    for state in quantized.states {
      #expect(quantized[state.read].type.element == .int16)
      #expect(quantized[state.written].quantization == quantized[state.read].quantization)
    }
    for node in quantized.nodes where node.operation is Recurrent {
      #expect(quantized[node.outputs[0]].type.element == .int16)
    }
    let integers = try IntegerModel(try Lowering.lower(quantized))
    let truth = try FloatExecutor(graph).run(items: items, starts: starts)
    var meter = NoiseMeter()
    for (expected, got) in zip(truth, try integers.run(items, starts: starts)) {
      meter.add(expected[0].floats ?? [], got[0])
    }
    #expect(meter.decibels > 40.5)
  }

  /// A delay line: what is kept is moved, never computed.
  @Test func statesThatMoveStayNarrowAndExact() throws {
    var graph = Graph(name: "delay")
    let x = value(&graph, "x", [1, 1, 3])
    let read = value(&graph, "line", [1, 4, 3])
    let all = value(&graph, "all", [1, 5, 3])
    let next = value(&graph, "next", [1, 4, 3])
    let y = value(&graph, "y", [1, 1, 3])
    graph.nodes = [
      Node(name: "all", operation: Concat(axis: 1), inputs: [read, x], outputs: [all]),
      Node(
        name: "next", operation: Pick(positions: [nil, [1, 2, 3, 4], nil]), inputs: [all],
        outputs: [next]),
      Node(
        name: "y", operation: Pick(positions: [nil, [0], nil]), inputs: [all], outputs: [y]),
    ]
    graph.inputs = [x]
    graph.outputs = [y]
    graph.states = [
      GraphState(
        name: "line", read: read, written: next,
        initial: TensorData(shape: [1, 4, 3], floats: [Float](repeating: 0.25, count: 12)))
    ]
    var random = SeededValues(seed: 9)
    let items = (0..<20).map { _ in [random.floats([1, 1, 3])] }
    let model = try CalibratedModel(graph, items: items)
    let quantized = try Quantizer.quantize(model, method: .minMax, inputs: [.calibrated])
    #expect(quantized[read].type.element == .int8)
    #expect(quantized[read].quantization == quantized[next].quantization)
    let integers = try IntegerModel(try Lowering.lower(quantized))
    let starts = RecordingStarts(groups: (0..<20).map { $0 < 12 ? 0 : 1 })
    let truth = try FloatExecutor(graph).run(items: items, starts: starts)
    let scale = try #require(quantized[y].quantization?.scale)
    for (expected, got) in zip(truth, try integers.run(items, starts: starts)) {
      for (want, real) in zip(expected[0].floats ?? [], got[0]) {
        // The input's rounding and, where its scale is another, the concatenation's.
        #expect(abs(want - real) <= 1.01 * scale)
      }
    }
  }

  /// An output that is a state as it is read, or as it is written under another shape, has bytes of its
  /// own, since the state is overwritten when the run is over.
  @Test func outputsOfStatesAreCopies() throws {
    var graph = Graph(name: "echo")
    let x = value(&graph, "x", [1, 6])
    let read = value(&graph, "before", [1, 6])
    let shown = value(&graph, "shown", [2, 3])
    let kept = value(&graph, "kept", [1, 6])
    graph.nodes = [
      Node(name: "shown", operation: Reshape(shape: [2, 3]), inputs: [read], outputs: [shown]),
      Node(name: "kept", operation: Reshape(shape: [1, 6]), inputs: [x], outputs: [kept]),
    ]
    graph.inputs = [x]
    graph.outputs = [shown]
    graph.states = [
      GraphState(
        name: "before", read: read, written: kept,
        initial: TensorData(shape: [1, 6], floats: [0, 0, 0, 0, 0, 0]))
    ]
    var random = SeededValues(seed: 2)
    let items = (0..<5).map { _ in [random.floats([1, 6])] }
    let model = try CalibratedModel(graph, items: items)
    let quantized = try Quantizer.quantize(model, method: .minMax, inputs: [.calibrated])
    let integers = try IntegerModel(try Lowering.lower(quantized))
    let results = try integers.run(items, starts: RecordingStarts()).map { $0[0] }
    let scale = try #require(quantized[x].quantization?.scale)
    #expect(results[0] == [0, 0, 0, 0, 0, 0])
    for (item, result) in zip(items, results.dropFirst()) {
      for (want, real) in zip(item[0].floats ?? [], result) {
        #expect(abs(want - real) <= scale / 2 + 1e-6)
      }
    }
  }
}
