import FloatReference
import Foundation
import Importers
import ModelGraph
import Operators
import TestSupport
import Testing

/// Element-wise nodes in canonical form.
@Suite struct PointwiseFormTests {
  private func load(_ model: ONNXSample) throws(GraphError) -> Graph {
    try ModelImporter.load(bytes: model.bytes, name: "sample")
  }

  private func sample(_ build: (inout ONNXSample) -> Void) throws -> Graph {
    var model = ONNXSample()
    model.input("x", ["N", "3", "4"])
    build(&model)
    model.output("y")
    return try load(model)
  }

  /// The only node's function, and its value at some points against the real one.
  private func expectOne(
    _ graph: Graph, sourceLocation: SourceLocation = #_sourceLocation,
    _ function: (Double) -> Double
  ) throws {
    #expect(graph.operationNames == ["Pointwise"], sourceLocation: sourceLocation)
    let points = (0..<12).map { Float($0) * 0.9 - 4 }
    let result =
      try FloatExecutor(graph).run(
        inputs: [TensorData(shape: [1, 3, 4], floats: points)])[0].floats ?? []
    for (x, y) in zip(points, result) {
      let want = function(Double(x))
      #expect(
        abs(Double(y) - want) <= 1e-6 * (1 + abs(want)), "at \(x)", sourceLocation: sourceLocation)
    }
  }

  @Test func chainsBecomeOne() throws {
    let graph = try sample { model in
      model.constant("two", [], floats: [2])
      model.constant("ones", [1, 4], floats: [1, 1, 1, 1])
      model.node("Mul", ["x", "two"], ["a"])
      model.node("Sub", ["ones", "a"], ["b"])
      model.node("Tanh", ["b"], ["c"])
      model.node("Exp", ["c"], ["y"])
    }
    try expectOne(graph) { exp(tanh(1 - 2 * $0)) }
  }

  @Test func diamondsBecomeOne() throws {
    let swish = try sample { model in
      model.node("Sigmoid", ["x"], ["s"])
      model.node("Mul", ["s", "x"], ["y"])
    }
    try expectOne(swish) { $0 / (1 + exp(-$0)) }
    let gelu = try sample { model in
      model.constant("root", [], floats: [Float(2).squareRoot()])
      model.constant("one", [], floats: [1])
      model.constant("half", [], floats: [0.5])
      model.node("Div", ["x", "root"], ["a"])
      model.node("Erf", ["a"], ["b"])
      model.node("Add", ["b", "one"], ["c"])
      model.node("Mul", ["x", "c"], ["d"])
      model.node("Mul", ["d", "half"], ["y"])
    }
    try expectOne(gelu) { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
    let hardSwish = try sample { model in
      model.constant("three", [], floats: [3])
      model.constant("six", [], floats: [6])
      model.constant("zero", [], floats: [0])
      model.node("Add", ["x", "three"], ["a"])
      model.node("Clip", ["a", "zero", "six"], ["b"])
      model.node("Mul", ["x", "b"], ["c"])
      model.node("Div", ["c", "six"], ["y"])
    }
    try expectOne(hardSwish) { $0 * min(max($0 + 3, 0), 6) / 6 }
  }

  @Test func choicesOfOneTensorBecomeOne() throws {
    let graph = try sample { model in
      model.constant("zero", [], floats: [0])
      model.constant("slope", [1], floats: [0.25])
      model.node("Greater", ["x", "zero"], ["m"])
      model.node("Mul", ["x", "slope"], ["low"])
      model.node("Where", ["m", "x", "low"], ["y"])
    }
    try expectOne(graph) { $0 > 0 ? $0 : 0.25 * $0 }
  }

  /// A constant that repeats the operand changes its shape: no function of its elements.
  @Test func repetitionsStayBinary() throws {
    let graph = try sample { model in
      model.constant("rows", [5, 1, 3, 1], floats: [Float](repeating: 2, count: 15))
      model.node("Add", ["x", "rows"], ["y"])
    }
    #expect(graph.operationNames == ["Binary"])
    #expect(graph[graph.outputs[0]].type.shape == [5, 1, 3, 4])
  }

  @Test func functionsOfTwoTensorsStay() throws {
    let graph = try sample { model in
      model.constant("w", [4], floats: [1, 2, 3, 4])
      model.node("Mul", ["x", "w"], ["a"])
      model.node("Sigmoid", ["a"], ["b"])
      model.node("Add", ["b", "x"], ["c"])
      model.node("Relu", ["c"], ["y"])
    }
    #expect(graph.operationNames == ["Binary", "Pointwise", "Binary"])
    #expect((graph.nodes[2].operation as? Binary)?.activation == .relu)
  }

  /// x ↦ (x − mean) / deviation, by number and by channel, goes into the convolution behind it; a
  /// scale and a shift behind the convolution do likewise.
  @Test func scalingsFoldIntoConvolutions() throws {
    var model = ONNXSample()
    model.input("x", ["N", "2", "4", "4"])
    model.constant("mean", [2, 1, 1], floats: [0.5, 0.25])
    model.constant("deviation", [], floats: [4])
    model.constant("w", [3, 2, 1, 1], floats: Samples.ramp(6))
    model.constant("gain", [1, 3, 1, 1], floats: [1, 2, -3])
    model.constant("shift", [3, 1, 1], floats: [5, 6, 7])
    model.node("Sub", ["x", "mean"], ["a"])
    model.node("Div", ["a", "deviation"], ["b"])
    model.node("Conv", ["b", "w"], ["c"])
    model.node("Mul", ["gain", "c"], ["d"])
    model.node("Add", ["d", "shift"], ["y"])
    model.output("y")
    let graph = try load(model)
    #expect(graph.operationNames.filter { $0 != "Transpose" } == ["Conv2D"])
    let input = Samples.ramp(32, 0.5)
    let result =
      try FloatExecutor(graph).run(
        inputs: [TensorData(shape: [1, 2, 4, 4], floats: input)])[0].floats ?? []
    let w = Samples.ramp(6)
    for (index, value) in result.enumerated() {
      let (channel, place) = (index / 16, index % 16)
      var sum: Float = 0
      for c in 0..<2 { sum += w[channel * 2 + c] * (input[c * 16 + place] - [0.5, 0.25][c]) / 4 }
      let want = sum * [1, 2, -3][channel] + [5, 6, 7][channel]
      #expect(abs(value - want) < 1e-5)
    }
  }

  /// Where no neighbour takes it in, a product per channel is a depthwise layer.
  @Test func scalingsOfImagesBecomeDepthwise() throws {
    var model = ONNXSample()
    model.input("x", ["N", "2", "4", "4"])
    model.constant("gain", [2, 1, 1], floats: [3, 4])
    model.node("MaxPool", ["x"], ["p"], ["kernel_shape": .ints([2, 2])])
    model.node("Mul", ["p", "gain"], ["a"])
    model.node("Relu", ["a"], ["y"])
    model.output("y")
    #expect(
      try load(model).operationNames == ["Transpose", "MaxPool2D", "DepthwiseConv2D", "Transpose"])
  }

  @Test func integersAreComputedAsIntegers() throws {
    let graph = try sample { model in
      model.constant("seven", integers: [7, -7])
      model.constant("two", integers: [2])
      model.node("Div", ["seven", "two"], ["q"])
      model.node("Mod", ["seven", "two"], ["m"])
      model.node("Add", ["q", "m"], ["sum"])
      model.node("Cast", ["sum"], ["f"], ["to": .int(1)])
      model.node("ReduceMean", ["f"], ["mean"], ["keepdims": .int(0), "axes": .ints([0])])
      model.node("Mul", ["x", "mean"], ["y"])
    }
    // (3 + 1 + −3 + 1) / 2 = 1: the product does nothing.
    try expectOne(graph) { $0 }
  }
}
