import FuzzHarness
import Importers
import ModelGraph
import Testing
import Wire

/// Models drawn from fixed seeds, as they are and with changes that keep their structure: what `make
/// fuzz` does, for a second.
@Suite("fuzz random models") struct RandomModelTests {
  @Test func onnx() { show(.onnx) }
  @Test func tflite() { show(.tflite) }

  /// Some import and some are refused, in one line.
  private func show(_ format: ImportedInput.Format) {
    var outcome = Fuzzer.Outcome()
    for seed in 0..<UInt64(Fuzzer.iterations) {
      var random = SplitMix64(seed: seed)
      let drawn = ImportedInput.random(format, seed: seed / 2)
      let bytes =
        seed % 2 == 0 ? drawn : StructuredMutation.changed(drawn, format, &random)
      if Fuzzer.isTraced { print("seed \(seed), \(bytes)") }
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
