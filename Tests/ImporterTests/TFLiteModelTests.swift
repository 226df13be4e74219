import FloatReference
import Importers
import ModelGraph
import TestSupport
import Testing

/// The MLPerf Tiny models, int8 and float, and the collection of odd TFLite files.
@Suite struct TFLiteModelTests {
  struct Model: Sendable, CustomTestStringConvertible {
    var file: String
    var layers: [String: Int]
    var output: [Int]
    var testDescription: String { file }
  }

  static let quantized = [
    Model(
      file: "ic/pretrainedResnet_quant",
      layers: [
        "Conv2D": 9, "Binary": 3, "AveragePool2D": 1, "Reshape": 1, "FullyConnected": 1,
        "Softmax": 1,
      ], output: [1, 10]),
    Model(
      file: "kws/kws_ref_model",
      layers: [
        "Conv2D": 5, "DepthwiseConv2D": 4, "AveragePool2D": 1, "Reshape": 1, "FullyConnected": 1,
        "Softmax": 1,
      ], output: [1, 12]),
    Model(
      file: "vww/vww_96_int8",
      layers: [
        "Conv2D": 14, "DepthwiseConv2D": 13, "AveragePool2D": 1, "Reshape": 1, "FullyConnected": 1,
        "Softmax": 1,
      ], output: [1, 2]),
    Model(file: "ad/ad01_int8", layers: ["FullyConnected": 10], output: [1, 640]),
    Model(
      file: "sww/str_ww_ref_model",
      layers: [
        "Conv2D": 4, "DepthwiseConv2D": 4, "Reshape": 1, "FullyConnected": 1, "Softmax": 1,
      ], output: [1, 3]),
  ]

  @Test(.requiresShared, arguments: quantized)
  func keepsOperatorsShapesAndParameters(_ model: Model) throws {
    let graph = try ModelImporter.load(
      bytes: try ModelFiles.bytes("models/mlperf-tiny/\(model.file).tflite"), name: model.file)
    var counts: [String: Int] = [:]
    for name in graph.operationNames { counts[name, default: 0] += 1 }
    #expect(counts == model.layers)
    #expect(graph.isQuantized)
    #expect(graph[graph.outputs[0]].type == ValueType(.int8, model.output))
    for node in graph.nodes {
      #expect(node.outputs.allSatisfy { graph[$0].quantization?.isPerTensor == true })
      guard node.inputs.count == 3, let weights = node.inputs[1] else { continue }
      let axis = node.operation.name == "DepthwiseConv2D" ? 3 : 0
      let value = graph[weights]
      let parameters = try #require(value.quantization)
      #expect(value.constant?.type == .int8)
      #expect(parameters.isPerTensor || parameters.scales.count == value.type.shape[axis])
      #expect(parameters.isPerTensor || parameters.axis == axis)
    }
    if model.output == [1, 10] || model.output == [1, 12] {
      let parameters = graph[graph.outputs[0]].quantization
      #expect(parameters == Quantization(scale: 1 / 256, zeroPoint: -128))
    }
  }

  struct FloatModel: Sendable, CustomTestStringConvertible {
    var file: String
    var folder: String
    var scale: Float
    var zeroPoint: Float
    var testDescription: String { file }
  }

  @Test(
    .requiresShared,
    arguments: [
      ("ic/pretrainedResnet", "ic/pretrainedResnet_quant", "ic", 6),
      ("vww/vww_96_float", "vww/vww_96_int8", "vww", 2),
      ("ad/ad01_fp32", "ad/ad01_int8", "ad", 24),
    ])
  func floatModelsEqualTheReference(
    _ file: String, _ integerFile: String, _ folder: String, _ items: Int
  ) throws {
    let graph = try ModelImporter.load(
      bytes: try ModelFiles.bytes("models/mlperf-tiny/\(file).tflite"), name: file)
    let integer = try ModelImporter.load(
      bytes: try ModelFiles.bytes("models/mlperf-tiny/\(integerFile).tflite"), name: file)
    let edge = try #require(integer[integer.inputs[0]].quantization)
    let raw = try ModelFiles.bytes("models/mlperf-tiny/\(folder)/real_inputs_int8.bin")
    let expected = try ModelFiles.floats(
      "models/mlperf-tiny/\(folder)/real_golden_float32_ref.bin")
    let shape = graph[graph.inputs[0]].type.shape
    let count = shape.reduce(1, *)
    let width = graph[graph.outputs[0]].type.shape.reduce(1, *)
    let results = try FloatExecutor(graph).run(
      items: (0..<items).map { item in
        let bytes = raw[item * count..<(item + 1) * count]
        let floats = bytes.map {
          Float(Int(Int8(bitPattern: $0)) - Int(edge.zeroPoint)) * edge.scale
        }
        return [TensorData(shape: shape, floats: floats)]
      })
    let outputs = results.flatMap { $0[0].floats ?? [] }
    let largest = expected.map(abs).max() ?? 1
    let worst = zip(outputs, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(outputs.count == items * width)
    #expect(worst <= 1e-4 * largest, "worst \(worst) of \(largest)")
  }

  @Test(.requiresShared) func oddFilesImportOrSayWhy() throws {
    var imported = 0
    var seen = 0
    for name in try ModelFiles.list("models/tflite-testdata")
    where name.hasSuffix(".tflite") || name.hasSuffix(".bin") {
      seen += 1
      let bytes = try ModelFiles.bytes("models/tflite-testdata/\(name)")
      do throws(GraphError) {
        _ = try ModelImporter.load(bytes: bytes, name: name)
        imported += 1
      } catch {
        #expect(!"\(error)".isEmpty)
      }
    }
    #expect(seen >= 154)
    #expect(imported >= 5, "\(imported) of \(seen)")
  }
}
