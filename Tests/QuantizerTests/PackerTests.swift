import Arrays
import BundleFormat
import Bundling
import DeviceRuntime
import Foundation
import Sealing
import Targets
import TestSupport
import Testing

/// Recipe to bundle, whole. Serial: one test changes the process's environment.
@Suite("packer", .serialized) struct PackerTests {
  private static func key(_ seed: UInt8 = 1) throws -> Ed25519KeyPair {
    try Crypto.initialize()
    return try #require(Ed25519KeyPair(seed: [UInt8](repeating: seed, count: 32)))
  }

  private func array(_ count: Int, seed: UInt64) throws -> NumericArray {
    try NumericArray(floats: SmallNetwork.inputs(count, seed: seed), shape: [count, 3, 8, 8])
  }

  private func request(calibration: Int = 12) throws -> PackRequest {
    var request = PackRequest(
      name: "small", version: "1.0.0", sequence: 3, model: SmallNetwork.onnx(seed: 1),
      tool: "test")
    if calibration > 0 { request.calibration = [try array(calibration, seed: 2)] }
    request.sources = [SourceFile(role: "model", bytes: request.model)]
    return request
  }

  private func failure(_ request: PackRequest) throws -> PackError {
    let key = try Self.key()
    return try #require(
      #expect(throws: PackError.self) { try Packer(request).pack(signer: key) })
  }

  @Test func bundleVerifiesAndRuns() throws {
    let key = try Self.key()
    let outcome = try Packer(request()).pack(signer: key)
    let verifier = BundleVerifier(opener: SodiumZstd())
    let bundle = try verifier.verify(outcome.bytes, trust: TrustPolicy(keys: [key.publicKey]))
    var manifest = bundle.manifest
    manifest.sections = []
    #expect(manifest == outcome.manifest)
    let session = try Session(
      plan: bundle.section(.plan), weights: bundle.section(.weights))
    try GoldenVectors(decoding: bundle.section(.golden)).check(session)
    #expect(manifest.plans[0].inputs[0].name == "image")
    #expect(manifest.plans[0].inputs[0].shape == [1, 3, 8, 8])
    #expect(manifest.provenance.sources[0].digest == SHA256.digest(SmallNetwork.onnx(seed: 1)))
    let report = try #require(manifest.quantization)
    #expect(report.outputDecibels > 15 && report.layers.count >= 5, "\(report.outputDecibels) dB")
    #expect(outcome.notes.contains { $0.contains("no drift contract") })
    #expect(throws: BundleError.self) {
      try verifier.verify(outcome.bytes, trust: TrustPolicy(keys: [Self.key(2).publicKey]))
    }
  }

  /// Time zone, folder, language and the number of threads leave no trace.
  @Test func packingIsReproducible() throws {
    let key = try Self.key()
    let first = try Packer(request(calibration: 120)).pack(signer: key)
    #expect(first.manifest.telemetry != nil)
    let folder = try TemporaryFolder()
    let here = FileManager.default.currentDirectoryPath
    let names = ["TZ", "LANG", "LC_ALL", "OMP_NUM_THREADS", "LIBDISPATCH_COOPERATIVE_POOL_STRICT"]
    let old = names.map { ProcessInfo.processInfo.environment[$0] }
    defer {
      _ = FileManager.default.changeCurrentDirectoryPath(here)
      for (name, value) in zip(names, old) {
        if let value { setenv(name, value, 1) } else { unsetenv(name) }
      }
    }
    for (name, value) in zip(names, ["Pacific/Kiritimati", "de_DE", "tr_TR.UTF-8", "1", "1"]) {
      setenv(name, value, 1)
    }
    tzset()
    try #require(FileManager.default.changeCurrentDirectoryPath(folder.path))
    let second = try Packer(request(calibration: 120)).pack(signer: key)
    #expect(first.bytes == second.bytes)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func floatModelNeedsCalibration() throws {
    let error = try failure(request(calibration: 0))
    #expect(error.kind == .usage)
    #expect(error.message.contains("no calibration data"))
    #expect(error.hint?.contains("--calibration") == true)
  }

  @Test func deviceLimit() throws {
    let folder = try TemporaryFolder()
    func target(
      _ arena: Int, _ flash: Int, _ ram: Int, prefer: String = "size"
    ) throws -> Target {
      let text = """
        { name: "tiny", description: "t", triple: "aarch64-swift-linux-musl",
          cpu: { required: [], optional: [] }, tiers: ["scalar"], prefer: "\(prefer)",
          budgets: { arena_bytes: \(arena), flash_bytes: \(flash), ram_bytes: \(ram) } }
        """
      let path = try folder.write("tiny.json5", Array(text.utf8))
      return try TargetCatalogue.load(path, from: [])
    }
    var request = try request()
    request.targets = [try target(100, 1 << 20, 1 << 20)]
    let error = try failure(request)
    #expect(error.kind == .deviceLimit)
    #expect(error.message.contains("arena") && error.message.contains("tiny"))
    #expect(!error.message.contains("flash") && !error.message.contains("RAM"))
    request.targets = [try target(1 << 20, 100, 100)]
    let other = try failure(request).message
    #expect(other.contains("flash") && other.contains("RAM") && !other.contains("arena"))
    request.targets = [try target(1 << 20, 1 << 20, 1 << 20)]
    let outcome = try Packer(request).pack(signer: Self.key())
    #expect(outcome.manifest.certificates.map(\.target) == ["tiny"])
    request.targets = [try target(1 << 20, 1 << 20, 1 << 20, prefer: "colour")]
    #expect(try failure(request).message.contains("prefer is 'colour'"))
  }

  @Test func wrongDataIsNamed() throws {
    var request = try request()
    request.calibration = [try NumericArray(floats: [1, 2, 3], shape: [3])]
    #expect(try failure(request).message.contains("image expects shape [1, 3, 8, 8]"))
    request.calibration = [try array(2, seed: 1), try array(2, seed: 1)]
    #expect(try failure(request).kind == .usage)
    request = try self.request()
    request.name = "../etc"
    #expect(try failure(request).kind == .usage)
    request = try self.request()
    request.model = [1, 2, 3]
    #expect(try failure(request).kind == .failed)
  }
}
