import FloatReference
import Importers
import ModelGraph
import TestSupport
import Testing

/// Operators that move, pick or repeat elements: what they compute, and that layouts pass them.
@Suite struct MovementTests {
  private static func load(_ model: ONNXSample) throws(GraphError) -> Graph {
    try ModelImporter.load(bytes: model.bytes, name: "sample")
  }

  private static func run(_ graph: Graph, _ input: [Float]) throws -> [TensorData] {
    let shape = graph[graph.inputs[0]].type.shape
    return try FloatExecutor(graph).run(inputs: [TensorData(shape: shape, floats: input)])
  }

  private static func ramp(_ count: Int) -> [Float] { (0..<count).map { Float($0) } }

  @Test func aStepBackwardsFromTheEnd() throws {
    var model = ONNXSample()
    model.input("x", ["1", "5"])
    model.constant("from", integers: [-1])
    model.constant("to", integers: [Int(Int32.min)])
    model.constant("axis", integers: [1])
    model.constant("step", integers: [-2])
    model.node("Slice", ["x", "from", "to", "axis", "step"], ["y"])
    model.output("y")
    #expect(try Self.run(Self.load(model), Self.ramp(5))[0].floats == [4, 2, 0])
  }

  @Test func partsOfOneAxisMeetAgain() throws {
    var model = ONNXSample()
    model.opset = 18
    model.input("x", ["1", "5"])
    model.node("Split", ["x"], ["a", "b"], ["axis": .int(1), "num_outputs": .int(2)])
    model.node("Concat", ["b", "a"], ["y"], ["axis": .int(-1)])
    model.output("y")
    #expect(try Self.run(Self.load(model), Self.ramp(5))[0].floats == [3, 4, 0, 1, 2])
  }

  /// x: [1, 4]; a pad of 3 on both sides reads further than one reflection.
  @Test(
    arguments: [
      ("constant", [7, 7, 7, 0, 1, 2, 7]), ("edge", [0, 0, 0, 0, 1, 2, 2]),
      ("reflect", [1, 2, 1, 0, 1, 2, 1]), ("wrap", [0, 1, 2, 0, 1, 2, 0]),
    ] as [(String, [Float])])
  func surroundings(mode: String, expected: [Float]) throws {
    var model = ONNXSample()
    model.opset = 19
    model.input("x", ["1", "3"])
    model.constant("pads", integers: [0, 3, 0, 1])
    model.constant("seven", [], floats: [7])
    let operands = mode == "constant" ? ["x", "pads", "seven"] : ["x", "pads"]
    model.node("Pad", operands, ["y"], ["mode": .string(mode)])
    model.output("y")
    #expect(try Self.run(Self.load(model), Self.ramp(3))[0].floats == expected)
  }

  /// Two convolutions of one image joined, cut, padded and enlarged along channels, height and
  /// width: between them no transpose is left.
  @Test func layoutsPassThrough() throws {
    var model = ONNXSample()
    model.input("x", ["1", "2", "4", "4"])
    model.constant("w", [3, 2, 1, 1], floats: [1, 0, 0, 1, 1, 1])
    model.constant("v", [1, 5, 1, 1], floats: [1, 2, 3, 4, 5])
    model.constant("one", integers: [1])
    model.constant("six", integers: [6])
    model.constant("pads", integers: [0, 0, 1, 0, 0, 0, 0, 2])
    model.constant("scales", [4], floats: [1, 1, 2, 2])
    model.node("Conv", ["x", "w"], ["a"])
    model.node("Conv", ["x", "w"], ["b"])
    model.node("Concat", ["a", "b"], ["c"], ["axis": .int(1)])
    model.node("Slice", ["c", "one", "six", "one"], ["s"])
    model.node("Pad", ["s", "pads"], ["p"])
    model.node("Resize", ["p", "", "scales"], ["r"], ["mode": .string("linear")])
    model.node("Conv", ["r", "v"], ["y"])
    model.output("y")
    let graph = try Self.load(model)
    #expect(
      graph.operationNames == [
        "Transpose", "Conv2D", "Conv2D", "Concat", "Pick", "Pick", "Resize", "Conv2D", "Reshape",
      ])
    let result = try Self.run(graph, Self.ramp(32))[0]
    #expect(result.shape == [1, 1, 10, 12])
    // Channels 1…5 of [x0, x1, x0 + x1] twice, weighted 1…5: 10 · x0 + 12 · x1.
    func source(_ row: Int, _ column: Int) -> Float {
      guard (1...4).contains(row), (0...3).contains(column) else { return 0 }
      let x = Float((row - 1) * 4 + column)
      return 10 * x + 12 * (x + 16)
    }
    for row in 0..<10 {
      for column in 0..<12 {
        let (y, x) = ((Float(row) + 0.5) / 2 - 0.5, (Float(column) + 0.5) / 2 - 0.5)
        let (top, left) = (Int(y.rounded(.down)), Int(x.rounded(.down)))
        let (dy, dx) = (y - Float(top), x - Float(left))
        func at(_ i: Int, _ j: Int) -> Float { source(min(max(i, 0), 4), min(max(j, 0), 5)) }
        let expected =
          (1 - dy) * ((1 - dx) * at(top, left) + dx * at(top, left + 1))
          + dy * ((1 - dx) * at(top + 1, left) + dx * at(top + 1, left + 1))
        #expect(abs((result.floats?[row * 12 + column] ?? .nan) - expected) < 1e-2)
      }
    }
  }

  @Test func shapesOfTheFileFold() throws {
    var model = ONNXSample()
    model.input("x", ["1", "2", "6"])
    model.constant("first", integers: [0])
    model.constant("open", integers: [-1])
    model.node("Shape", ["x"], ["shape"])
    model.node("Gather", ["shape", "first"], ["n"])
    model.node("Concat", ["n", "open"], ["flat"], ["axis": .int(0)])
    model.node("Reshape", ["x", "flat"], ["y"])
    model.output("y")
    let graph = try Self.load(model)
    #expect(graph.operationNames == ["Reshape"])
    #expect(graph[graph.outputs[0]].type.shape == [1, 12])
  }

  @Test func largestWithTheirPositions() throws {
    var model = ONNXSample()
    model.input("x", ["1", "2", "4"])
    model.constant("k", integers: [2])
    model.node("TopK", ["x", "k"], ["values", "places"], ["axis": .int(2)])
    model.node("ArgMin", ["x"], ["least"], ["axis": .int(1), "keepdims": .int(0)])
    for name in ["values", "places", "least"] { model.output(name) }
    let results = try Self.run(Self.load(model), [3, 1, 3, 2, -1, 5, 4, 6])
    #expect(results[0].floats == [3, 3, 6, 5])
    #expect(results[1].elements == .int64([0, 2, 3, 1]))
    #expect(results[2].elements == .int64([1, 0, 0, 0]))
  }

  @Test func blocksOfDepthBecomeSpace() throws {
    var model = ONNXSample()
    model.input("x", ["1", "4", "1", "2"])
    model.node("DepthToSpace", ["x"], ["y"], ["blocksize": .int(2)])
    model.node("SpaceToDepth", ["y"], ["z"], ["blocksize": .int(2)])
    for name in ["y", "z"] { model.output(name) }
    let results = try Self.run(Self.load(model), Self.ramp(8))
    #expect(results[0] == TensorData(shape: [1, 1, 2, 4], floats: [0, 2, 1, 3, 4, 6, 5, 7]))
    #expect(results[1].floats == Self.ramp(8))
  }

  @Test func refusals() {
    var model = ONNXSample()
    model.input("x", ["1", "4"])
    model.constant("k", integers: [9])
    model.node("TopK", ["x", "k"], ["y", "z"], name: "best")
    model.output("y")
    let reason = "TopK: 9 elements along axis 1 of [1, 4]"
    #expect(throws: GraphError.invalid(node: "best", reason: reason)) {
      try Self.load(model)
    }
    var open = ONNXSample()
    open.input("x", ["1", "4"])
    open.node("Size", ["x"], ["n"])
    open.node("Range", ["x", "n", "n"], ["y"], name: "count")
    open.output("y")
    #expect(throws: GraphError.self) { try Self.load(open) }
  }
}
