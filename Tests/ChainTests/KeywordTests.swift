import Arrays
import BundleFormat
import Bundling
import DeviceCommands
import DeviceRuntime
import Foundation
import SignalChain
import TestSupport
import Testing

/// Recorded speech through the whole chain: samples to MFCC to the keyword model of MLPerf Tiny.
@Suite("keywords", .requiresShared) struct KeywordTests {
  /// What LiteRT 2.3.0's reference kernels give for MFCC that numpy 2.4.6 made of the same samples in
  /// float64, by TensorFlow's definitions.
  static let spoken: [(name: String, outputs: [Int8])] = [
    ("yes", [-128, -128, -128, -128, -128, -128, -128, -128, -128, 127, -128, -128]),
    ("no", [-125, 28, -128, -63, -128, -128, -128, -128, -128, -128, -128, -96]),
    ("noise", [-123, -121, -124, -125, -122, -121, -125, -105, -108, -125, -128, 47]),
    ("silence", [-109, -120, -125, -120, -126, -122, -121, -124, -124, -124, -126, 61]),
  ]

  /// The samples of a mono 16-bit RIFF file whose data follow a header of 44 bytes.
  private static func samples(_ name: String) throws -> [Int16] {
    let folder = "models/mlperf-tiny/kws"
    let url = URL(fileURLWithPath: Shared.file("\(folder)/audio/\(name)_1000ms.wav"))
    let bytes = [UInt8](try Data(contentsOf: url))
    try #require(bytes.count == 32_044 && bytes.starts(with: Array("RIFF".utf8)))
    return stride(from: 44, to: bytes.count, by: 2).map { index in
      Int16(bitPattern: UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)
    }
  }

  @Test func samplesToClasses() throws {
    let model = try Data(
      contentsOf: URL(
        fileURLWithPath: Shared.file("models/mlperf-tiny/kws/kws_ref_model.tflite")))
    let text = """
      {name: 'kws', version: '1.0.0', sequence: 1, model: 'm',
       audio: {rate: 16000, frameMs: 30, hopMs: 20, mel: {bands: 40, low: 20, high: 4000}, mfcc: 10},
       stream: {window: 49, hop: 10}, decision: {threshold: 0.7}}
      """
    let recipe = try Recipe(json5: Data(text.utf8))
    var request = PackRequest(
      name: "kws", version: "1.0.0", sequence: 1, model: [UInt8](model), tool: "test")
    request.audio = recipe.audio
    request.stream = recipe.stream
    request.decision = recipe.decision
    let packed = try PackedModel(request)
    let audio = try #require(packed.plan.audio)
    var log = try #require(try DecisionLog(plan: packed.plan, session: packed.session))
    for (name, outputs) in Self.spoken {
      let samples = try Self.samples(name)
      let rows = AudioFrontEnd.rows(of: samples, audio)
      try EdgeCodec.quantize(
        rows, tensor: packed.session.inputTensor(0), into: packed.session.input(0))
      log.willRun(packed.session)
      packed.session.run()
      log.didRun(packed.session)
      #expect(packed.session.output(0).map { Int8(bitPattern: $0) } == outputs, "\(name)")
    }
    #expect(log.decisions.map(\.topClass) == [9, nil, nil, 11])
  }
}
