import FuzzHarness
import Importers
import ModelGraph
import Testing

/// Models drawn from fixed seeds, as they are: what `make fuzz` begins from.
@Suite("fuzz random models") struct RandomModelTests {
  @Test func onnx() { show(RandomONNXModel.bytes) }
  @Test func tflite() { show(RandomTFLiteModel.bytes) }

  /// Some import and some are refused, in one line.
  private func show(_ model: (UInt64) -> [UInt8]) {
    var outcome = Fuzzer.Outcome()
    for seed in 0..<UInt64(Fuzzer.iterations) {
      let bytes = model(seed)
      if Fuzzer.isTraced { print("seed \(seed), \(bytes.count) bytes") }
      do throws(GraphError) {
        _ = try ModelImporter.load(bytes: bytes, name: "seed \(seed)")
        outcome.accepted += 1
      } catch {
        outcome.refused += 1
      }
    }
    #expect(outcome.accepted * 50 > Fuzzer.iterations, "\(outcome)")
    #expect(outcome.refused * 10 > Fuzzer.iterations, "\(outcome)")
  }
}
