import FloatReference
import Importers
import ModelGraph
import TestSupport
import Testing

/// The six real ONNX models against onnxruntime.
@Suite struct ONNXModelTests {
  struct Model: Sendable, CustomTestStringConvertible {
    var name: String
    var data: String
    var layers: Int
    var scale: Float = 1
    var testDescription: String { name }
  }

  static let models = [
    Model(name: "digits_cnn", data: "digits", layers: 7),
    Model(name: "digits_cnn_bn", data: "digits", layers: 7),
    Model(name: "digits_ae", data: "digits_ae", layers: 6),
    Model(name: "motions_cnn1d", data: "motions_cnn1d", layers: 5),
    Model(name: "clutter_dscnn", data: "clutter", layers: 13, scale: 1 / 255),
    Model(name: "clutter_dscnn_hard", data: "clutter", layers: 13, scale: 1 / 255),
  ]

  @Test(.requiresShared, arguments: models)
  func canonicalForm(_ model: Model) throws {
    let graph = try ModelImporter.load(
      bytes: try ModelFiles.bytes("quant/models/\(model.name).onnx"), name: model.name)
    let names = graph.operationNames
    #expect(!names.contains("BatchNormalization"))
    #expect(!names.contains("Pointwise"))
    #expect(graph.innerTransposes == 0, "\(names)")
    let layers = names.filter { $0 != "Transpose" && $0 != "Reshape" }
    #expect(layers.count == model.layers, "\(names)")
    #expect(names.filter { $0 == "Transpose" || $0 == "Reshape" }.count <= 3, "\(names)")
    #expect(graph[graph.inputs[0]].name == "input")
    #expect(graph[graph.outputs[0]].name == "output")
    #expect(graph[graph.inputs[0]].type.shape[0] == 1)
  }

  /// Of recurrence and of attention: what is left of them is no chain of layers.
  static let others = [
    Model(name: "vowels_lstm", data: "vowels", layers: 0),
    Model(name: "vowels_tfm", data: "vowels", layers: 0),
  ]

  @Test(.requiresShared, arguments: models + others)
  func equalsOnnxruntime(_ model: Model) throws {
    let graph = try ModelImporter.load(
      bytes: try ModelFiles.bytes("quant/models/\(model.name).onnx"), name: model.name)
    let shape = graph[graph.inputs[0]].type.shape
    let count = shape.reduce(1, *)
    let path = "quant/data/\(model.data).test_x.bin"
    let inputs =
      model.scale == 1
      ? try ModelFiles.floats(path) : try ModelFiles.bytes(path).map { Float($0) * model.scale }
    let expected = try ModelFiles.floats("quant/data/\(model.name).ref_fp32_out.bin")
    let width = graph[graph.outputs[0]].type.shape.reduce(1, *)
    let items = min(expected.count / width, 64)
    #expect(items > 0 && inputs.count / count == expected.count / width)
    let results = try FloatExecutor(graph).run(
      items: (0..<items).map { item in
        [TensorData(shape: shape, floats: Array(inputs[item * count..<(item + 1) * count]))]
      })
    let outputs = results.flatMap { $0[0].floats ?? [] }
    let largest = expected.map(abs).max() ?? 1
    let worst = zip(outputs, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(outputs.count == items * width)
    #expect(worst <= 1e-4 * largest, "worst \(worst) of \(largest)")
  }
}
