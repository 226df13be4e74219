import DeviceRuntime
import FloatReference
import Foundation
import Importers
import Lowering
import ModelGraph
import PlanFormat
import Quantizer
import TestSupport
import Testing

/// TFLite models whose ends or weights are not plain int8, against LiteRT's BUILTIN_REF.
@Suite(.requiresShared) struct TFLiteEdgeTests {
  private struct Vectors: Decodable {
    struct Array: Decodable {
      var offset: Int
      var shape: [Int]
      var count: Int { shape.reduce(1, *) }
    }
    var count: Int
    var inputs: [Array]
    var golden_ref: [Array]
  }
  private struct Entry: Decodable {
    var file: String
    /// Nil where the manifest says in words why there are none.
    var vectors: Vectors?

    enum Key: CodingKey { case file, vectors }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      file = try container.decode(String.self, forKey: .file)
      vectors = try? container.decode(Vectors.self, forKey: .vectors)
    }
  }
  private struct Manifest: Decodable { var models: [Entry] }

  private static func read(_ name: String) throws -> Data {
    let path = Shared.file("models/tflite-testdata/\(name)")
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private static func vectors(_ file: String) throws -> (Vectors, Data) {
    let manifest = try JSONDecoder().decode(Manifest.self, from: read("manifest.json"))
    let entry = try #require(manifest.models.first { $0.file == file })
    return (try #require(entry.vectors), try read("vectors.bin"))
  }

  /// uint8 at both ends, int8 behind a QUANTIZE: the same integers, 128 apart.
  @Test func unsignedEndsEqualTheReference() throws {
    let file = "tflite__converter__quantization__lite__testdata__fc_qat.bin"
    let graph = try ModelImporter.load(bytes: Array(try Self.read(file)), name: file)
    let given = try GivenParameters(graph)
    #expect(given.completeness == .full)
    let quantized = try Quantizer.quantize(
      CalibratedModel(complete: given), method: .minMax, inputs: [.calibrated])
    let lowered = try Lowering.lower(quantized)
    let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    let (vectors, data) = try Self.vectors(file)
    let input = vectors.inputs[0]
    let golden = vectors.golden_ref[0]
    let mask: UInt8 = 0x80
    for item in 0..<vectors.count {
      let count = input.count / vectors.count
      let start = input.offset + item * count
      session.input(0).copyBytes(from: data[start..<start + count].map { $0 ^ mask })
      session.run()
      let width = golden.count / vectors.count
      let expected = data[golden.offset + item * width..<golden.offset + (item + 1) * width]
      #expect(session.output(0).map { $0 ^ mask } == Array(expected), "item \(item)")
    }
  }

  /// Weights in half precision, behind DEQUANTIZE.
  @Test func halfPrecisionWeightsAreFloats() throws {
    let file = "tflite__testdata__test_model_redux_precision.bin"
    let graph = try ModelImporter.load(bytes: Array(try Self.read(file)), name: file)
    #expect(graph.nodes.map { $0.operation.name } == ["Conv2D"])
    let (vectors, data) = try Self.vectors(file)
    let count = vectors.inputs[0].count / vectors.count
    let width = vectors.golden_ref[0].count / vectors.count
    func floats(_ offset: Int, _ count: Int) -> [Float] {
      Array(data[offset..<offset + 4 * count]).withUnsafeBytes {
        Array($0.bindMemory(to: Float.self))
      }
    }
    for item in 0..<vectors.count {
      let values = floats(vectors.inputs[0].offset + 4 * item * count, count)
      let result = try FloatExecutor(graph).run(
        inputs: [TensorData(shape: graph[graph.inputs[0]].type.shape, floats: values)])
      let expected = floats(vectors.golden_ref[0].offset + 4 * item * width, width)
      let largest = expected.map(abs).max() ?? 1
      let worst = zip(result[0].floats ?? [], expected).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst <= 1e-4 * largest)
    }
  }

  /// QUANTIZE and DEQUANTIZE at the interface: the ports are floats, the body is int8.
  @Test func interfaceRoundingsVanish() throws {
    let file = "tflite__python__testdata__pc_conv.bin"
    let graph = try ModelImporter.load(bytes: Array(try Self.read(file)), name: file)
    #expect(graph[graph.inputs[0]].type.element == .float32)
    let given = try GivenParameters(graph)
    #expect(given.completeness == .full)
    #expect(given.graph.nodes.map { $0.operation.name } == ["DepthwiseConv2D"])
    #expect(given.graph[given.graph.inputs[0]].name == "input")
    #expect(given.graph[given.graph.outputs[0]].name == "output")
    let quantized = try Quantizer.quantize(
      CalibratedModel(complete: given), method: .minMax, inputs: [.calibrated])
    _ = try Session(
      plan: Lowering.lower(quantized).plan.encoded(), weights: Lowering.lower(quantized).weights)
  }
}
