import BundleFormat
import DeltaCoding
import DeviceRuntime
import HostSealing
import PlanFormat
import Sealing
import Wire

/// A release of a chain of look-ups: one table of 256 bytes each, in the order of the chain.
struct SampleRelease {
  var tables: [(name: String, bytes: [UInt8])]
  var sequence: UInt64 = 1
  var isDevelopment = false
  var signer = SampleRelease.key(3)

  /// Tables of bytes that no compressor shortens.
  init(_ names: [String], seed: UInt64 = 5) {
    var random = SplitMix64(seed: seed)
    tables = names.map { ($0, random.bytes(256)) }
  }

  static func key(_ byte: UInt8) -> Ed25519KeyPair {
    guard let pair = Ed25519KeyPair(seed: [UInt8](repeating: byte, count: 32)) else {
      preconditionFailure("32 bytes are a seed")
    }
    return pair
  }

  static let trust = TrustPolicy(keys: [key(3).publicKey])

  /// The file.
  func bytes() throws -> [UInt8] {
    try Crypto.initialize()
    let plan = plan.encoded()
    let weights = tables.flatMap(\.bytes)
    let golden = GoldenVectors.make(
      seeds: [1, 2], session: try Session(plan: plan, weights: weights)
    ).encoded()
    var sections: [Section] = []
    var stored: [[UInt8]] = []
    var start: UInt64 = 0
    for (kind, raw) in [(Section.Kind.plan, plan), (.weights, weights), (.golden, golden)] {
      let frame = try ZstdEncoder.compress(raw)
      sections.append(
        Section(
          kind: kind, plan: "main", offset: start, storedBytes: UInt64(frame.count),
          storedDigest: SHA256.digest(frame), rawBytes: UInt64(raw.count),
          rawDigest: SHA256.digest(raw)))
      stored.append(frame)
      start = (start + UInt64(frame.count) + 63) / 64 * 64
    }
    return try BundleSigning.assemble(
      manifest: manifest(sections), sections: stored, signer: signer)
  }

  /// The same, verified.
  func bundle() throws -> VerifiedBundle {
    try BundleVerifier(opener: SodiumZstd()).verify(
      try bytes(), trust: TrustPolicy(keys: [signer.publicKey], allowsDevelopment: true))
  }

  private func manifest(_ sections: [Section]) -> Manifest {
    let port = Port(
      name: "x", shape: [1, 16], element: "int8", scale: 1, zeroPoint: 0, userElement: "int8",
      unit: "", labels: [])
    return Manifest(
      name: "chain", version: "1.0.\(sequence)", sequence: sequence, isDevelopment: isDevelopment,
      requirements: Requirements(runtimeVersion: 1, planVersion: 1),
      plans: [
        PlanEntry(
          name: "main", inputs: [port], outputs: [port],
          resources: Resources(
            arenaBytes: 128, weightsBytes: UInt64(256 * tables.count), multiplyAccumulates: 0))
      ], certificates: [], quantization: nil, telemetry: nil,
      provenance: Provenance(tool: "test", compressor: "test", sources: [], licence: ""),
      sections: sections)
  }

  private var plan: Plan {
    func tensor(_ name: String, _ slot: Int) -> PlanTensor {
      PlanTensor(
        name: name, element: .int8, shape: [1, 16], arenaOffset: 64 * (slot % 2), scale: 1,
        zeroPoint: 0)
    }
    return Plan(
      arenaBytes: 128, weightsBytes: 256 * tables.count, multiplyAccumulates: 0,
      tensors: (0...tables.count).map { tensor("t\($0)", $0) }, inputs: [TensorIndex(0)],
      outputs: [TensorIndex(tables.count)], taps: [],
      instructions: tables.enumerated().map { position, table in
        Instruction(
          name: table.name,
          operation: .lookup(
            LookupParameters(
              table: ConstantReference(offset: 256 * position, byteCount: 256))),
          inputs: [TensorIndex(position)], output: TensorIndex(position + 1))
      })
  }
}
