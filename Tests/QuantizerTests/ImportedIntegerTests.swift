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

/// ONNX models that came quantised, against onnxruntime. The goldens of the QDQ models were made with
/// its optimisations, which run them in integers: they are a step of the output from its own result
/// for the graph as written, and so may ours be.
@Suite(.requiresShared) struct ImportedIntegerTests {
  struct Model: Sendable, CustomTestStringConvertible {
    let name: String
    /// Largest differences from the golden in steps of the output: float reference, integers.
    let steps: (float: Float, integer: Float)
    var testDescription: String { name }
  }

  static let models = [
    Model(name: "basic_motions_cnn1d_int8_qdq", steps: (1, 4)),
    Model(name: "basic_motions_cnn1d_int8_qdq_perchannel", steps: (1, 4)),
    Model(name: "basic_motions_cnn1d_int8_qop", steps: (0, 4)),
    Model(name: "digits_cnn_int8_qdq", steps: (1, 1)),
    Model(name: "digits_cnn_int8_qdq_perchannel", steps: (1, 1)),
    Model(name: "digits_cnn_int8_qop", steps: (0, 1)),
    Model(name: "mnist_cnn_int8_qdq", steps: (1, 1)),
    Model(name: "mnist_cnn_int8_qdq_perchannel", steps: (1, 1)),
    Model(name: "mnist_cnn_int8_qop", steps: (0, 1)),
  ]

  @Test(arguments: models) func equalsOnnxruntime(_ model: Model) throws {
    let path = "models/onnx/made/\(model.name)"
    let graph = try ModelImporter.load(bytes: Array(try data(path + ".onnx")), name: model.name)
    let inputs = try floats(path + ".inputs.bin")
    let golden = try floats(path + ".golden0.bin")
    let shape = graph[graph.inputs[0]].type.shape
    let count = shape.reduce(1, *)
    let items = stride(from: 0, to: inputs.count, by: count).map { start in
      [TensorData(shape: shape, floats: Array(inputs[start..<start + count]))]
    }
    let given = try GivenParameters(graph)
    #expect(given.completeness == .full)
    let quantized = try Quantizer.quantize(
      CalibratedModel(complete: given), method: .minMax, inputs: [.calibrated])
    let lowered = try Lowering.lower(quantized)
    let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    let step = session.outputTensor(0).scale

    let reference = try FloatExecutor(graph).run(items: items).flatMap { $0[0].floats ?? [] }
    var integers: [Float] = []
    for item in items {
      try EdgeCodec.quantize(
        item[0].floats ?? [], tensor: session.inputTensor(0), into: session.input(0))
      session.run()
      integers += EdgeCodec.dequantize(session.output(0), tensor: session.outputTensor(0))
    }
    #expect(reference.count == golden.count && integers.count == golden.count)
    for (result, limit) in [(reference, model.steps.float), (integers, model.steps.integer)] {
      let worst = zip(result, golden).map { abs($0 - $1) / step }.max() ?? .infinity
      #expect(worst <= limit + 0.001, "\(worst) steps")
    }
  }

  /// Models that other tools quantised, integers against the float model they made them from: at most
  /// a decibel below those tools' own figures for the same files (the shared set's README, block A).
  @Test(arguments: [
    ("digits_cnn.ort_w8a8_pertensor", "digits", 39.9),
    ("digits_cnn.ort_w8a8_perchannel", "digits", 40.5),
    ("digits_ae.ort_w8a8_perchannel", "digits_ae", 35.4),
    ("clutter_dscnn.ort_w8a8_perchannel", "clutter", 32.3),
  ])
  func keepsThePeersQuality(_ name: String, _ folder: String, _ decibels: Double) throws {
    let graph = try ModelImporter.load(
      bytes: Array(try data("quant/qdq/\(name).onnx")), name: name)
    let given = try GivenParameters(graph)
    #expect(given.completeness == .full)
    let quantized = try Quantizer.quantize(
      CalibratedModel(complete: given), method: .minMax, inputs: [.calibrated])
    let lowered = try Lowering.lower(quantized)
    let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    let path = "quant/data/\(folder).test_x.bin"
    let inputs =
      folder == "clutter" ? try data(path).map { Float($0) / 255 } : try floats(path)
    let base = try #require(name.split(separator: ".").first)
    let golden = try floats("quant/data/\(base).ref_fp32_out.bin")
    let count = graph[graph.inputs[0]].type.shape.reduce(1, *)
    let width = graph[graph.outputs[0]].type.shape.reduce(1, *)
    var (signal, noise) = (0.0, 0.0)
    for item in 0..<256 {
      try EdgeCodec.quantize(
        inputs[item * count..<(item + 1) * count], tensor: session.inputTensor(0),
        into: session.input(0))
      session.run()
      let output = EdgeCodec.dequantize(session.output(0), tensor: session.outputTensor(0))
      for (got, expected) in zip(output, golden[item * width..<(item + 1) * width]) {
        signal += Double(expected) * Double(expected)
        noise += Double(expected - got) * Double(expected - got)
      }
    }
    let ratio = 10 * log10(signal / noise)
    #expect(ratio > decibels - 1, "\(ratio) dB")
  }

  private func data(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: Shared.file(path)))
  }

  private func floats(_ path: String) throws -> [Float] {
    try data(path).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }
}
