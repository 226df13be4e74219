import BundleFormat
import Bundling
import DeviceRuntime
import Sealing
import Testing

/// A bundle packed, verified and loaded, as `run` and `eval` have it.
struct PackedModel {
  let manifest: Manifest
  let session: Session

  init(_ request: PackRequest) throws {
    let key = try Self.signer()
    let bytes = try Packer(request).pack(signer: key).bytes
    let bundle = try BundleVerifier(opener: SodiumZstd()).verify(
      bytes, trust: TrustPolicy(keys: [key.publicKey]))
    manifest = bundle.manifest
    session = try Session(plan: bundle.section(.plan), weights: bundle.section(.weights))
  }

  static func signer() throws -> Ed25519KeyPair {
    try Crypto.initialize()
    return try #require(Ed25519KeyPair(seed: [UInt8](repeating: 1, count: 32)))
  }

  var plan: PlanEntry { manifest.plans[0] }
}
