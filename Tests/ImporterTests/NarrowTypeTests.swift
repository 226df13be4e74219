import FloatReference
import Importers
import ModelGraph
import Quantizer
import TestSupport
import Testing

/// Types of ONNX that stand in wider ones here: their values are those of the file's type, and none of
/// them reaches a device. Expected values are those of onnx 1.16.2's node tests.
@Suite struct NarrowTypeTests {
  private func load(_ model: ONNXSample) throws(GraphError) -> Graph {
    try ModelImporter.load(bytes: model.bytes, name: "sample")
  }

  private func run(_ graph: Graph, _ input: [Float]) throws -> [Float]? {
    let shape = graph[graph.inputs[0]].type.shape
    return try FloatExecutor(graph).run(inputs: [TensorData(shape: shape, floats: input)])[0].floats
  }

  /// To the type and back.
  private func cast(_ dataType: Int, _ attributes: [String: ONNXSample.Attribute] = [:])
    -> ONNXSample
  {
    var model = ONNXSample()
    model.opset = 21
    model.input("x", ["1", "4"])
    model.node("Cast", ["x"], ["narrow"], attributes.merging(["to": .int(dataType)]) { $1 })
    // The type passes what moves elements.
    model.constant("order", integers: [4, 1])
    model.node("Reshape", ["narrow", "order"], ["column"])
    model.node("CastLike", ["x", "column"], ["again"])
    model.node("Cast", ["again"], ["y"], ["to": .int(1)])
    model.output("y")
    return model
  }

  @Test(
    arguments: [
      (
        16, [0.47892547, 1e6, -0.81910545, 0.1], [0.478515625, 999_424, -0.8203125, 0.10009765625]
      ),
      (17, [0.47892547, 1e6, -0.81910545, 448], [0.46875, 448, -0.8125, 448]),
      (18, [0.47892547, 1e6, -0.81910545, 448], [0.46875, 240, -0.8125, 240]),
      (19, [0.47892547, 1e6, -0.81910545, 448], [0.5, 57344, -0.875, 448]),
      (20, [0.47892547, 1e6, -0.81910545, 448], [0.5, 57344, -0.875, 448]),
      (21, [-9, -1, 8, 16], [0, 0, 8, 15]),
      (22, [-9, -8, 7, 8], [-8, -8, 7, 7]),
    ] as [(Int, [Float], [Float])])
  func casts(_ dataType: Int, _ input: [Float], _ expected: [Float]) throws {
    let graph = try load(cast(dataType))
    #expect(try run(graph, input) == expected)
  }

  @Test func withoutSaturation() throws {
    var model = ONNXSample()
    model.opset = 21
    model.input("x", ["1", "2"])
    model.node("Cast", ["x"], ["y"], ["to": .int(19), "saturate": .int(0)])
    model.output("y")
    #expect(try run(load(model), [1e6, -2]) == [.infinity, -2])
  }

  /// Quantised by the scale 2 or 3, and back.
  private func roundTrip(_ dataType: Int, scale: Float, count: Int) -> ONNXSample {
    var model = ONNXSample()
    model.opset = 21
    model.input("x", ["1", "\(count)"])
    model.constant("scale", [], floats: [scale])
    model.node("QuantizeLinear", ["x", "scale"], ["q"], ["output_dtype": .int(dataType)])
    model.node("DequantizeLinear", ["q", "scale"], ["y"])
    model.output("y")
    return model
  }

  @Test func eightBitFloats() throws {
    let graph = try load(roundTrip(17, scale: 2, count: 5))
    #expect(try run(graph, [0, 1, 2, 1e5, 200]) == [0, 1, 2, 896, 192])
    #expect(graph.operationNames.contains("RoundToFormat"))
  }

  @Test func fourBitIntegersAreRefusedByTheQuantizer() throws {
    let graph = try load(roundTrip(22, scale: 3, count: 4))
    #expect(try run(graph, [-30, -20, 6, 40]) == [-24, -21, 6, 21])
    do throws(GraphError) {
      _ = try GivenParameters(graph)
      Issue.record("it was taken")
    } catch {
      #expect(
        error
          == .unsupported(
            operation: "QuantizeLinear", node: "y",
            reason:
              "int4 scale 3.0 zero 0 has no integer form; quantise activations to 8 or 16 bits"))
    }
  }

  /// test_dynamicquantizelinear; of zeros alone onnxruntime 1.31.1 gives the scale 1.
  @Test(
    arguments: [
      (
        [0, 2, -3, -2.5, 1.34, 0.5], [153, 255, 0, 26, 221, 179] as [UInt8], 0.019607844,
        153 as UInt8
      ),
      ([0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], 1, 0),
    ] as [([Float], [UInt8], Float, UInt8)])
  func dynamicQuantization(
    _ input: [Float], _ levels: [UInt8], _ scale: Float, _ zeroPoint: UInt8
  ) throws {
    var model = ONNXSample()
    model.input("x", ["6"])
    model.node("DynamicQuantizeLinear", ["x"], ["y", "scale", "zero"])
    for name in ["y", "scale", "zero"] { model.output(name) }
    let graph = try load(model)
    let item = [TensorData(shape: [6], floats: input)]
    let results = try FloatExecutor(graph).run(inputs: item)
    #expect(results[0].elements == .uint8(levels))
    #expect(results[1] == TensorData(shape: [], floats: [scale]))
    #expect(results[2].elements == .uint8([zeroPoint]))
    do throws(GraphError) {
      _ = try CalibratedModel(graph, items: [item])
      Issue.record("it was calibrated")
    } catch {
      #expect(
        error
          == .unsupported(
            operation: "Quantize", node: "y",
            reason: "its scale depends on the input; quantise with constant scales, or export the "
              + "model in floats"))
    }
  }
}
