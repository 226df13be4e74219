import DeviceRuntime
import Foundation
import Importers
import Lowering
import ModelGraph
import PlanFormat
import Quantizer
import TestSupport
import Testing

/// A real LSTM and a real transformer (pre-norm, GELU by Erf, attention), as PyTorch exports them, from
/// the file to integers: nothing in float remains.
@Suite(.requiresShared) struct SequenceModelTests {
  /// The floors are a decibel below what was measured on all test items and calibration data.
  @Test(arguments: [("vowels_lstm", 40.0), ("vowels_tfm", 36.0)])
  func runsInIntegers(_ name: String, _ floor: Double) throws {
    let graph = try ModelImporter.load(
      bytes: Array(try data("models/\(name).onnx")), name: name)
    let shape = graph[graph.inputs[0]].type.shape
    func items(_ path: String, _ count: Int) throws -> [[TensorData]] {
      let values = try floats(path)
      let size = shape.reduce(1, *)
      return (0..<count).map { item in
        [TensorData(shape: shape, floats: Array(values[item * size..<(item + 1) * size]))]
      }
    }
    let quantized = try Quantizer.quantize(
      CalibratedModel(graph, items: try items("data/vowels.calib_x.bin", 256)),
      method: QuantizationMethod(range: .leastSquaredError), inputs: [.calibrated])
    let lowered = try Lowering.lower(quantized)
    let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    let expected = try floats("data/\(name).ref_fp32_out.bin")
    var (signal, noise, position) = (0.0, 0.0, 0)
    for item in try items("data/vowels.test_x.bin", 370) {
      try EdgeCodec.quantize(
        item[0].floats ?? [], tensor: session.inputTensor(0), into: session.input(0))
      session.run()
      for value in EdgeCodec.dequantize(session.output(0), tensor: session.outputTensor(0)) {
        let reference = Double(expected[position])
        signal += reference * reference
        noise += (Double(value) - reference) * (Double(value) - reference)
        position += 1
      }
    }
    #expect(position == expected.count)
    #expect(10 * log10(signal / noise) > floor, "\(10 * log10(signal / noise)) dB")
  }

  private func data(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: Shared.file("quant/\(path)")))
  }

  private func floats(_ path: String) throws -> [Float] {
    let bytes = try data(path)
    return bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { index in
        Float(
          bitPattern: UInt32(
            littleEndian: raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
      }
    }
  }
}
