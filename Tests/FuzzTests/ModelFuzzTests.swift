import Arrays
import BundleFormat
import Bundling
import DeviceRuntime
import Foundation
import Importers
import Kernels
import PlanFormat
import Sealing
import Targets
import TestSupport
import Testing
import Wire

/// Models, recipes and targets coming in; bundles and what is in them going out.
@Suite("fuzz models") struct ModelFuzzTests {
  /// A bundle of the small network, verified.
  private static func bundle() throws -> (bytes: [UInt8], verified: VerifiedBundle) {
    let key = try WireFuzzTests.key()
    var request = PackRequest(
      name: "small", version: "1.0.0", sequence: 1, model: SmallNetwork.onnx(seed: 1),
      tool: "fuzz")
    request.calibration = [
      try NumericArray(floats: SmallNetwork.inputs(8, seed: 2), shape: [8, 3, 8, 8])
    ]
    let bytes = try Packer(request).pack(signer: key).bytes
    return (bytes, try verify(bytes))
  }

  private static func verify(_ bytes: [UInt8]) throws -> VerifiedBundle {
    try BundleVerifier(opener: SodiumZstd()).verify(
      bytes, trust: TrustPolicy(keys: [WireFuzzTests.key().publicKey]))
  }

  @Test func bundles() throws {
    let (bytes, verified) = try Self.bundle()
    let outcome = Fuzzer("bundle", [bytes]).run { damaged in
      _ = try? BundleVerifier(opener: SodiumZstd()).peek(damaged)
      let read = try Self.verify(damaged)
      #expect(damaged == bytes, "a changed bundle was accepted")
      return read.manifestBytes == verified.manifestBytes ? damaged : []
    }
    #expect(outcome.refused > Fuzzer.iterations / 2)
    Fuzzer("manifest", [verified.manifestBytes]).run { try Manifest(decoding: $0).encoded() }
  }

  @Test func plansAndImages() throws {
    let (_, verified) = try Self.bundle()
    let plan = try verified.section(.plan)
    let weights = try verified.section(.weights)
    Fuzzer("plan", [plan]).run { bytes in
      let read = try Plan(decoding: bytes)
      if let session = try? Session(plan: bytes, weights: weights) { session.run() }
      return read.encoded()
    }
    let image = try PreparedImage.build(plan: plan, weights: weights, tier: .best)
    Fuzzer("image", [image]).run { bytes in
      // An image's home is a page-aligned map.
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
      defer { copy.deallocate() }
      copy.copyBytes(from: bytes)
      try Session(image: UnsafeRawBufferPointer(copy)).run()
      return nil
    }
    Fuzzer("golden", [try verified.section(.golden)]).run { bytes in
      try GoldenVectors(decoding: bytes).encoded()
    }
  }

  @Test func onnx() {
    Fuzzer("onnx", [SmallNetwork.onnx(seed: 1)]).run(iterations: Fuzzer.iterations / 2) { bytes in
      _ = try ModelImporter.load(bytes: bytes, name: "fuzz")
      return nil
    }
  }

  @Test(.requiresShared) func tflite() throws {
    let path = Shared.file("models/mlperf-tiny/kws/kws_ref_model.tflite")
    let sample = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    Fuzzer("tflite", [sample]).run(iterations: Fuzzer.iterations / 4) { bytes in
      _ = try ModelImporter.load(bytes: bytes, name: "fuzz")
      return nil
    }
  }

  @Test func recipes() {
    let text = """
      { // A comment.
        name: 'small', version: "1.2.3", sequence: 4, model: "m.onnx", calibration: "c.npy",
        inputs: [{ name: "image", unit: "lx", labels: ["r", "g"], scale: 0.0039 }],
        outputs: [{ name: "classes", labels: ["a"] }], targets: ["pi"],
        test: { data: "t.npy", labels: "l.npy" }, champion: { bundle: "c.swb" },
        gates: [{ metric: "accuracy", minimum: "90 %", margin: 0.01, slices: true }],
        telemetry: { windowItems: 500, samplingPeriod: 1, alarmRate: 1e-3 }, licence: "MIT",
      }
      """
    Fuzzer("recipe", [Array(text.utf8)]).run { bytes in
      _ = try Recipe(json5: Data(bytes))
      return nil
    }
  }

  /// Found by the fuzzer: Foundation's decoder traps on these.
  @Test(arguments: ["1e-", "1e", "+", "-", ".", "0x", "1.5e+", "- 1", "1e-}"])
  func numbersWithoutDigits(number: String) {
    let text =
      #"{ name: "a", version: "1", sequence: 1, model: "m", telemetry: { alarmRate: \#(number) } }"#
    #expect(throws: RecipeError.self) { try Recipe(json5: Data(text.utf8)) }
  }

  @Test(arguments: ["1e-3", "+.5", "5.", "0x10", "-0.25E+1", "0", "Infinity"])
  func numbersOfJSON5(number: String) throws {
    let text =
      #"{ name: "1e-", /* 1e- */ version: '-', sequence: 1, model: "m", // .\n"#
      + "\n telemetry: { alarmRate: \(number) } }"
    #expect(try Recipe(json5: Data(text.utf8)).telemetry?.alarmRate != nil)
  }

  @Test func targets() throws {
    let folder = Package.root.appendingPathComponent("targets")
    let names = TargetCatalogue.names(in: [folder])
    let samples = try names.map { name in
      [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(name).json5")))
    }
    #expect(!samples.isEmpty)
    let home = try TemporaryFolder()
    Fuzzer("target", samples).run(iterations: Fuzzer.iterations / 2) { bytes in
      let path = try home.write("t.json5", bytes)
      let target = try TargetCatalogue.load(path, from: [])
      #expect(target.budgets.ramBytes > 0)
      return nil
    }
  }
}
