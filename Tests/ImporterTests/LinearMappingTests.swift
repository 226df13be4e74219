import FloatReference
import Importers
import ModelGraph
import TestSupport
import Testing

/// Matrix products, transposed convolutions and normalisations of ONNX files.
@Suite struct LinearMappingTests {
  private func run(_ model: ONNXSample, _ input: [Float]) throws -> (Graph, [Float]) {
    let graph = try ModelImporter.load(bytes: model.bytes, name: "sample")
    let shape = graph[graph.inputs[0]].type.shape
    let results = try FloatExecutor(graph).run(inputs: [TensorData(shape: shape, floats: input)])
    return (graph, results[0].floats ?? [])
  }

  /// ReduceMean, Sub, Pow, ReduceMean, Add, Sqrt, Div, Mul, Add: what exporters write for a layer
  /// normalisation before operator set 17.
  @Test func normalizationInParts() throws {
    var model = ONNXSample()
    model.input("x", ["1", "2", "4"])
    model.constant("two", [], floats: [2])
    model.constant("eps", [], floats: [1e-5])
    model.constant("gamma", [4], floats: [1, 2, -1, 0.5])
    model.constant("beta", [4], floats: [0, 1, 0.25, -3])
    model.node("ReduceMean", ["x"], ["m"], ["axes": .ints([-1]), "keepdims": .int(1)])
    model.node("Sub", ["x", "m"], ["d"])
    model.node("Pow", ["d", "two"], ["q"])
    model.node("ReduceMean", ["q"], ["v"], ["axes": .ints([-1]), "keepdims": .int(1)])
    model.node("Add", ["v", "eps"], ["a"])
    model.node("Sqrt", ["a"], ["s"])
    model.node("Div", ["d", "s"], ["n"])
    model.node("Mul", ["gamma", "n"], ["g"])
    model.node("Add", ["g", "beta"], ["y"])
    model.output("y")
    let (graph, result) = try run(model, [1, 2, 3, 6, 0, 0, 4, 0])
    #expect(graph.operationNames == ["Normalize"])
    // (x − 3) / √3.5 and (x − 1) / √3
    let root = Float(3.5).squareRoot()
    let other = Float(3).squareRoot()
    let expected: [Float] = [
      -2 / root, -2 / root + 1, 0.25, 1.5 / root - 3, -1 / other, -2 / other + 1,
      -3 / other + 0.25, -0.5 / other - 3,
    ]
    for (got, want) in zip(result, expected) { #expect(abs(got - want) < 1e-4) }
  }

  /// A product of two computed tensors stays one; constants on either side make a dense layer.
  @Test func productsAndDenseLayers() throws {
    var model = ONNXSample()
    model.input("x", ["1", "2", "3"])
    model.constant("w", [2, 2], floats: [1, 2, 3, 4])
    model.node("Transpose", ["x"], ["t"], ["perm": .ints([0, 2, 1])])
    model.node("MatMul", ["x", "t"], ["p"])
    model.node("MatMul", ["w", "p"], ["y"])
    model.output("y")
    let (graph, result) = try run(model, [1, 0, 2, -1, 3, 1])
    // x · xᵀ = [[5, 1], [1, 11]]
    #expect(result == [7, 23, 19, 47])
    #expect(graph.operationNames.filter { $0 == "MatrixProduct" }.count == 1)
    #expect(graph.operationNames.filter { $0 == "FullyConnected" }.count == 1)
  }

  /// Two groups; strides spread the input, an odd padding is cut off in front.
  @Test func transposedConvolution() throws {
    var model = ONNXSample()
    model.input("x", ["1", "2", "3"])
    model.constant("w", [2, 1, 2], floats: [1, 10, 2, 20])
    model.node(
      "ConvTranspose", ["x", "w"], ["y"],
      ["strides": .ints([2]), "group": .int(2), "pads": .ints([1, 0])])
    model.output("y")
    let (graph, result) = try run(model, [1, 2, 3, 4, 5, 6])
    #expect(result == [10, 2, 20, 3, 30, 80, 10, 100, 12, 120])
    #expect(graph.operationNames.contains("TransposedConv2D"))
  }

  @Test func reductionsPassLayouts() throws {
    var model = ONNXSample()
    model.input("x", ["1", "2", "2", "2"])
    model.constant("w", [2, 2, 1, 1], floats: [1, 0, 0, 1])
    model.node("Conv", ["x", "w"], ["c"])
    model.node("ReduceMax", ["c"], ["y"], ["axes": .ints([1]), "keepdims": .int(0)])
    model.output("y")
    let (graph, result) = try run(model, [1, 2, 3, 4, 5, 0, 7, -1])
    #expect(result == [5, 2, 7, 4])
    #expect(graph.innerTransposes == 0, "\(graph.operationNames)")
  }
}
