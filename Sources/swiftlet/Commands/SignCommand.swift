import BundleFormat
import CommandLineKit
import DeviceCommands
import Sealing
import Wire

/// `sign --key KEY BUNDLE -o OUT`.
enum SignCommand {
  static let command = Command(
    CommandSpec(
      name: "sign", summary: "add a signature to a bundle; the release stays the same",
      arguments: [ArgumentSpec("BUNDLE", "the bundle")],
      options: [
        .value("key", "KEY", "the secret key", required: true),
        .value("output", short: "o", "FILE", "the signed bundle", required: true),
      ])
  ) { (parsed, console) throws(CommandFailure) in
    let key = try Keys.secret(try parsed.required("--key"))
    let bytes = try Files.read(parsed.positional(0) ?? "", limit: BundleLimits.fileBytes)
    let signed = try untrusted { () throws(BundleError) in try add(key, to: bytes) }
    try Files.write(try parsed.required("--output"), signed)
    console.out("signed by \(Hex.encode(key.keyIdentifier))")
  }

  /// Signing vouches for every byte, so every byte is checked first.
  private static func add(
    _ key: Ed25519KeyPair, to bytes: [UInt8]
  ) throws(BundleError) -> [UInt8] {
    let verifier = BundleVerifier(opener: SodiumZstd())
    let peeked = try verifier.peek(bytes)
    guard !peeked.manifest.isDevelopment else { throw .development }
    _ = try verifier.verify(bytes, trust: TrustPolicy(keys: peeked.signatures.map(\.publicKey)))
    return try BundleSigning.adding(key, to: bytes)
  }

  private static func untrusted<Result>(
    _ body: () throws(BundleError) -> Result
  ) throws(CommandFailure) -> Result {
    do throws(BundleError) {
      return try body()
    } catch {
      throw CommandFailure(
        .untrusted, error.message, hint: error == .development ? "pack it again with --key" : nil)
    }
  }
}
