import DeviceRuntime
import Foundation
import Importers
import Lowering
import PlanFormat
import TestSupport
import Testing

/// The five MLPerf Tiny int8 models equal LiteRT's BUILTIN_REF on all 48 inputs each, byte for byte.
@Suite(.requiresShared) struct GoldenModelTests {
  struct Model: CustomTestStringConvertible, Sendable {
    let folder: String
    let file: String
    var testDescription: String { folder }
  }

  static let models = [
    Model(folder: "ad", file: "ad01_int8.tflite"),
    Model(folder: "ic", file: "pretrainedResnet_quant.tflite"),
    Model(folder: "kws", file: "kws_ref_model.tflite"),
    Model(folder: "vww", file: "vww_96_int8.tflite"),
    Model(folder: "sww", file: "str_ww_ref_model.tflite"),
  ]

  @Test(arguments: models) func equalsReference(_ model: Model) throws {
    let folder = "models/mlperf-tiny/\(model.folder)"
    let bytes = try Self.read("\(folder)/\(model.file)")
    let graph = try ModelImporter.load(bytes: bytes, name: model.folder)
    let lowered = try Lowering.lower(graph)
    let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    var items = 0
    for set in ["random", "real"] {
      let inputs = try Self.read("\(folder)/\(set)_inputs_int8.bin")
      let goldens = try Self.read("\(folder)/\(set)_golden_int8_ref.bin")
      let inputBytes = session.input(0).count
      let outputBytes = session.output(0).count
      for item in 0..<inputs.count / inputBytes {
        session.input(0).copyBytes(from: inputs[item * inputBytes..<(item + 1) * inputBytes])
        session.run()
        let expected = Array(goldens[item * outputBytes..<(item + 1) * outputBytes])
        #expect(Array(session.output(0)) == expected, "\(set) item \(item)")
        items += 1
      }
    }
    #expect(items == 48)
  }

  private static func read(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: Shared.file(path))))
  }
}
