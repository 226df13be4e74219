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

  private func data(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: Shared.file(path)))
  }

  private func floats(_ path: String) throws -> [Float] {
    try data(path).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }
}
