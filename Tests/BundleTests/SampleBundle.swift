import BundleFormat
import COSE
import DriftStatistics
import HostSealing
import Sealing
import Wire

/// A key of a fixed seed.
struct SampleSigner: BundleSigner {
  let pair: Ed25519KeyPair

  init(_ seed: UInt8) throws {
    try Crypto.initialize()
    guard let pair = Ed25519KeyPair(seed: [UInt8](repeating: seed, count: 32)) else {
      throw SealingError.cryptoUnavailable
    }
    self.pair = pair
  }

  var publicKey: [UInt8] { pair.publicKey }
  var keyIdentifier: [UInt8] { pair.keyIdentifier }
  func sign(_ message: [UInt8]) -> [UInt8] { pair.sign(message) }
}

/// Real crypto that notes what it was asked for, so that the order of the checks can be judged.
final class RecordingOpener: SealOpener {
  enum Call: Equatable { case verify, digest, decompress }
  private(set) var calls: [Call] = []

  func verify(signature: [UInt8], message: [UInt8], publicKey: [UInt8]) -> Bool {
    calls.append(.verify)
    return Ed25519.verify(signature: signature, message: message, publicKey: publicKey)
  }

  func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    calls.append(.digest)
    return SHA256.digest(bytes)
  }

  func decompress(_ frame: UnsafeRawBufferPointer, expectedSize: Int) -> [UInt8]? {
    calls.append(.decompress)
    return try? Zstd.decompress(frame, expectedSize: expectedSize)
  }
}

/// A small bundle with every part a manifest can have.
enum SampleBundle {
  /// A section before it is laid out: how it is stored, and what the manifest will say of it.
  struct Part {
    var kind: Section.Kind
    var plan: String
    var raw: [UInt8]
    var frame: [UInt8]

    init(_ kind: Section.Kind, plan: String = "main", _ raw: [UInt8]) throws {
      self.kind = kind
      self.plan = plan
      self.raw = raw
      frame = try ZstdEncoder.compress(raw)
    }
  }

  static func parts() throws -> [Part] {
    var random = SplitMix64(seed: 7)
    return [
      try Part(.plan, Array("a plan, a plan, a plan".utf8)),
      try Part(.weights, random.bytes(90)),
      try Part(.golden, [UInt8](repeating: 3, count: 200)),
      try Part(.card, plan: "", Array("# Card".utf8)),
    ]
  }

  static func manifest(_ parts: [Part]) -> Manifest {
    var offset: UInt64 = 0
    var sections: [Section] = []
    for part in parts {
      sections.append(
        Section(
          kind: part.kind, plan: part.plan, offset: offset, storedBytes: UInt64(part.frame.count),
          storedDigest: SHA256.digest(part.frame), rawBytes: UInt64(part.raw.count),
          rawDigest: SHA256.digest(part.raw)))
      offset = (offset + UInt64(part.frame.count) + 63) / 64 * 64
    }
    return Manifest(
      name: "digits", version: "1.2.3", sequence: 41, isDevelopment: false,
      requirements: Requirements(runtimeVersion: 1, planVersion: 1),
      plans: [
        PlanEntry(
          name: "main",
          inputs: [
            Port(
              name: "image", shape: [1, 28, 28, 1], element: "int8", scale: 0.1, zeroPoint: -128,
              userElement: "float32", unit: "lx", labels: [])
          ],
          outputs: [
            Port(
              name: "classes", shape: [1, 3], element: "int8", scale: 0x1p-8, zeroPoint: -128,
              userElement: "int8", unit: "", labels: ["nul", "één", "zwei"])
          ],
          resources: Resources(arenaBytes: 4096, weightsBytes: 90, multiplyAccumulates: 1 << 40))
      ],
      certificates: [
        TargetCertificate(
          target: "pi", targetDigest: SHA256.digest([1]), arenaBytes: 4096, peakBytes: 70_000,
          imageBytes: 300)
      ],
      quantization: QuantizationReport(
        method: "mse", outputDecibels: 31.25,
        layers: [.init(name: "conv", operation: "conv2d", signalToNoiseDecibels: -0.1)]),
      telemetry: TelemetryContract(
        windowItems: 500, samplingPeriod: 2, alarmRate: 0.001,
        taps: [
          Tap(
            name: "image · mean", unit: "lx", stage: .input, source: 0,
            function: .sum(channel: 0), displayScale: 0.1, displayOffset: -2, edges: [-5, 0, 9],
            lowest: -40, highest: 40, categories: [])
        ]),
      provenance: Provenance(
        tool: "swiftlet 0.1.0", compressor: "zstd \(ZstdEncoder.version)",
        sources: [.init(role: "model", digest: SHA256.digest([2]))], licence: "MIT"),
      sections: sections)
  }

  /// A whole file, signed by the key of seed 1.
  static func bytes(
    _ parts: [Part]? = nil, _ edit: (inout Manifest) -> Void = { _ in }
  ) throws -> [UInt8] {
    let parts = try parts ?? Self.parts()
    var manifest = Self.manifest(parts)
    edit(&manifest)
    return try BundleSigning.assemble(
      manifest: manifest, sections: parts.map(\.frame), signer: SampleSigner(1))
  }

  /// Trust in the keys of these seeds.
  static func trust(_ seeds: UInt8..., development: Bool = false) throws -> TrustPolicy {
    TrustPolicy(
      keys: try seeds.map { try SampleSigner($0).publicKey }, allowsDevelopment: development)
  }

  static func verify(_ bytes: [UInt8], _ trust: TrustPolicy? = nil) throws -> VerifiedBundle {
    try BundleVerifier(opener: RecordingOpener()).verify(bytes, trust: trust ?? Self.trust(1))
  }

  /// The error of a refusal; nil when the bytes are accepted.
  static func refusal(_ bytes: [UInt8], _ trust: TrustPolicy? = nil) throws -> BundleError? {
    do {
      _ = try verify(bytes, trust)
      return nil
    } catch let error as BundleError {
      return error
    }
  }
}
