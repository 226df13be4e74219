import FloatReference
import ModelGraph
import Operators
import PlanFormat
import Testing

/// The executor: order, lifetimes, determinism, quantised constants.
@Suite struct FloatReferenceTests {
  /// conv 3×3 relu → add with itself through a pool → mean → dense → softmax.
  private static func graph(seed: UInt64) -> Graph {
    var random = SeededValues(seed: seed)
    var graph = Graph(name: "small")
    func value(_ name: String, _ shape: [Int], _ constant: TensorData? = nil) -> ValueID {
      graph.add(Value(name: name, type: ValueType(.float32, shape), constant: constant))
    }
    func constant(_ name: String, _ shape: [Int]) -> ValueID {
      value(name, shape, random.floats(shape))
    }
    let x = value("x", [1, 8, 8, 3])
    let conv = value("conv", [1, 8, 8, 4])
    let pooled = value("pooled", [1, 8, 8, 4])
    let sum = value("sum", [1, 8, 8, 4])
    let mean = value("mean", [1, 4])
    let dense = value("dense", [1, 5])
    let soft = value("soft", [1, 5])
    let window = Window(height: 3, width: 3, paddingTop: 1, paddingLeft: 1)
    graph.nodes = [
      Node(
        name: "conv",
        operation: Conv2D(window: window, paddingBottom: 1, paddingRight: 1, activation: .relu),
        inputs: [x, constant("w", [4, 3, 3, 3]), constant("b", [4])], outputs: [conv]),
      Node(
        name: "pool",
        operation: MaxPool2D(window: window, paddingBottom: 1, paddingRight: 1, activation: .none),
        inputs: [conv], outputs: [pooled]),
      Node(
        name: "add", operation: Binary(.add), inputs: [conv, pooled], outputs: [sum]),
      Node(
        name: "mean", operation: Reduce(kind: .mean, axes: [1, 2], keepsDimensions: false),
        inputs: [sum],
        outputs: [mean]),
      Node(
        name: "dense", operation: FullyConnected(activation: .none),
        inputs: [mean, constant("v", [5, 4]), nil], outputs: [dense]),
      Node(name: "soft", operation: Softmax(beta: 1), inputs: [dense], outputs: [soft]),
    ]
    graph.inputs = [x]
    graph.outputs = [soft]
    return graph
  }

  @Test func itemsOnAllCoresGiveTheBytesOfOneByOne() throws {
    let executor = FloatExecutor(Self.graph(seed: 1))
    var random = SeededValues(seed: 2)
    let items = (0..<64).map { _ in [random.floats([1, 8, 8, 3])] }
    let alone = try items.map { try executor.run(inputs: $0) }
    for _ in 0..<3 { #expect(try executor.run(items: items) == alone) }
    #expect(alone[0] != alone[1])
  }

  @Test func observesEveryActivationOnceInputsFirst() throws {
    let graph = Self.graph(seed: 1)
    var random = SeededValues(seed: 2)
    var seen: [ValueID: TensorData] = [:]
    var names: [String] = []
    let results = try FloatExecutor(graph).run(inputs: [random.floats([1, 8, 8, 3])]) {
      names.append(graph[$0].name)
      seen[$0] = $1
    }
    #expect(names == ["x", "conv", "pooled", "sum", "mean", "dense", "soft"])
    #expect(results == graph.outputs.compactMap { seen[$0] })
    for (id, tensor) in seen { #expect(tensor.shape == graph[id].type.shape) }
    // Operators called by hand on what was observed.
    for node in graph.nodes {
      let operands = node.inputs.map { id in id.flatMap { seen[$0] ?? graph[$0].constant } }
      #expect(try node.operation.evaluate(operands)[0] == seen[node.outputs[0]])
    }
  }

  @Test func quantisedConstantsAreDequantised() throws {
    var float = Self.graph(seed: 1)
    var integer = float
    var random = SeededValues(seed: 9)
    for (name, axis) in [("w", 0), ("v", 0)] {
      guard let position = float.values.firstIndex(where: { $0.name == name }) else { continue }
      let shape = float.values[position].type.shape
      let levels = random.int8s(shape)
      let scales = (0..<shape[axis]).map { Float($0 + 1) / 100 }
      let inner = shape[(axis + 1)...].reduce(1, *)
      integer.values[position].constant = levels
      integer.values[position].quantization = Quantization(
        scales: scales, zeroPoints: scales.map { _ in 0 }, axis: axis)
      float.values[position].constant = TensorData(
        shape: shape,
        floats: (levels.integers ?? []).enumerated().map { Float($1) * scales[$0 / inner] })
    }
    let item = [random.floats([1, 8, 8, 3])]
    let expected = try FloatExecutor(float).run(inputs: item)
    #expect(try FloatExecutor(integer).run(inputs: item) == expected)
    #expect(expected != (try FloatExecutor(Self.graph(seed: 1)).run(inputs: item)))
  }

  @Test func wrongInputsAreNamed() {
    let executor = FloatExecutor(Self.graph(seed: 1))
    var random = SeededValues(seed: 2)
    let wrong = random.floats([1, 8, 8, 4])
    #expect(
      throws: GraphError.invalid(
        node: "x", reason: "input expects float32 [1, 8, 8, 3], got float32 [1, 8, 8, 4]")
    ) { try executor.run(inputs: [wrong]) }
    #expect(throws: GraphError.invalid(node: "small", reason: "it has 1 inputs, got 0")) {
      try executor.run(inputs: [])
    }
    #expect(throws: GraphError.self) { try executor.run(items: [[wrong], [wrong]]) }
  }

  @Test func layerTableAligns() {
    let graph = Self.graph(seed: 1)
    let lines = graph.textDump().split(separator: "\n")
    #expect(lines.count == 1 + 1 + graph.nodes.count + 1)
    #expect(lines[2].hasPrefix("conv   Conv2D"))
    #expect(lines[2].contains("3x3 relu"))
    #expect(lines[2].hasSuffix("112  6912"))
    #expect(graph.layers.map(\.parameters) == [112, 0, 0, 0, 20, 0])
    #expect(graph.layers.map(\.multiplyAccumulates) == [6912, 0, 0, 0, 20, 0])
  }
}
