import FloatReference
import Importers
import Lowering
import ModelGraph
import Quantizer
import TestSupport
import Testing

/// Operators and forms of operators that the float reference runs and a device does not, and one that is
/// made of others.
@Suite struct ReferenceMappingTests {
  private func load(_ model: ONNXSample, item: [Int]) throws(GraphError) -> Graph {
    try ModelImporter.load(bytes: model.bytes, name: "sample", dataShapes: [[1] + item])
  }

  private func run(_ graph: Graph, _ input: [Float]) throws -> [TensorData] {
    let shape = graph[graph.inputs[0]].type.shape
    return try FloatExecutor(graph).run(inputs: [TensorData(shape: shape, floats: input)])
  }

  /// Why a device does not take a model.
  private func refusal(_ graph: Graph, _ input: [Float]) -> GraphError? {
    let shape = graph[graph.inputs[0]].type.shape
    do throws(GraphError) {
      let model = try CalibratedModel(graph, items: [[TensorData(shape: shape, floats: input)]])
      _ = try Lowering.lower(
        try Quantizer.quantize(model, method: .minMax, inputs: [.calibrated]))
      return nil
    } catch {
      return error
    }
  }

  /// Of two items: 1 · x[i] + 10 · x[i + 1] + 5.
  @Test func severalItems() throws {
    var model = ONNXSample()
    model.input("x", ["2", "1", "3"])
    model.constant("w", [1, 1, 2], floats: [1, 10])
    model.constant("b", [1], floats: [5])
    model.node("Conv", ["x", "w", "b"], ["y"])
    model.output("y")
    let graph = try load(model, item: [2, 1, 3])
    let input: [Float] = [1, 2, 3, 4, 5, 6]
    let result = try run(graph, input)
    #expect(result == [TensorData(shape: [2, 1, 2], floats: [26, 37, 59, 70])])
    #expect(
      refusal(graph, input)
        == .unsupported(
          operation: "WindowConvolution", node: "y",
          reason:
            "convolutions over three axes, or of several items, run in the float reference only"))
  }

  /// Over three axes, in two groups: the last axis is spread by its stride, the first element cut off.
  @Test func threeAxesTransposed() throws {
    var model = ONNXSample()
    model.input("x", ["1", "2", "1", "1", "3"])
    model.constant("w", [2, 1, 1, 1, 2], floats: [1, 10, 2, 20])
    model.node(
      "ConvTranspose", ["x", "w"], ["y"],
      ["strides": .ints([1, 1, 2]), "group": .int(2), "pads": .ints([0, 0, 1, 0, 0, 0])])
    model.output("y")
    let result = try run(load(model, item: [1, 2, 1, 1, 3]), [1, 2, 3, 4, 5, 6])
    #expect(result[0].shape == [1, 2, 1, 1, 5])
    #expect(result[0].floats == [10, 2, 20, 3, 30, 80, 10, 100, 12, 120])
  }

  /// Of 1, 3, 5, 7 the mean is 4 and the variance 5.
  @Test func statisticsOfTheBatch() throws {
    var model = ONNXSample()
    model.input("x", ["2", "1", "2"])
    for (name, value) in [("s", 2), ("b", 1), ("mean", 0), ("var", 1)] as [(String, Float)] {
      model.constant(name, [1], floats: [value])
    }
    model.node(
      "BatchNormalization", ["x", "s", "b", "mean", "var"], ["y", "mean1", "var1"],
      ["training_mode": .int(1), "epsilon": .float(0)])
    for name in ["y", "mean1", "var1"] { model.output(name) }
    let graph = try load(model, item: [2, 1, 2])
    let result = try run(graph, [1, 3, 5, 7])
    let root = Float(5).squareRoot()
    let expected = [-3, -1, 1, 3].map { $0 / root * 2 + 1 }
    for (got, want) in zip(result[0].floats ?? [], expected) { #expect(abs(got - want) < 1e-6) }
    #expect(abs((result[1].floats?[0] ?? 0) - 0.4) < 1e-6)
    #expect(abs((result[2].floats?[0] ?? 0) - 1.4) < 1e-6)
    #expect(
      refusal(graph, [1, 3, 5, 7])
        == .unsupported(
          operation: "BatchNormalization", node: "y",
          reason: "it is in training mode; export the model for inference"))
  }

  /// x / (1 + the sum of three neighbours' squares).
  @Test(arguments: [1, 2]) func localResponse(_ items: Int) throws {
    var model = ONNXSample()
    model.input("x", ["\(items)", "3", "1", "1"])
    model.node(
      "LRN", ["x"], ["y"],
      ["size": .int(3), "alpha": .float(3), "beta": .float(1), "bias": .float(1)])
    model.output("y")
    let input: [Float] = [1, 2, 3, 3, 2, 1]
    let expected: [Float] = [1.0 / 6, 2.0 / 15, 3.0 / 14, 3.0 / 14, 2.0 / 15, 1.0 / 6]
    let graph = try load(model, item: [items, 3, 1, 1])
    let result = try run(graph, Array(input.prefix(3 * items)))[0].floats ?? []
    #expect(result.count == 3 * items)
    for (got, want) in zip(result, expected) { #expect(abs(got - want) < 1e-6) }
    if items == 1 { #expect(refusal(graph, [1, 2, 3]) == nil) }
  }
}
