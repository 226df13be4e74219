import BundleFormat
import COSE
import Foundation
import Sealing
import TestSupport
import Testing
import Wire

/// A bundle's signatures as two COSE libraries see them that nobody here wrote.
@Suite("bundle signatures by other hands") struct COSEOracleTests {
  static let python = ProcessInfo.processInfo.environment["SWIFTLET_PYTHON"] ?? ""
  static let script = Shared.file("interop/cose_check.py")

  @Test(
    .requiresShared,
    .enabled(if: Tool.isInstalled(python), "SWIFTLET_PYTHON names no interpreter"))
  func detachedSignatureHolds() throws {
    let bytes = try BundleSigning.adding(SampleSigner(2), to: try SampleBundle.bytes())
    let bundle = try SampleBundle.verify(bytes)
    let folder = try TemporaryFolder()
    let manifest = try folder.write("manifest.cbor", bundle.manifestBytes)
    let changed = try folder.write("changed.cbor", bundle.manifestBytes + [0])
    #expect(bundle.signatures.count == 2)
    for signature in bundle.signatures {
      let cose = try folder.write("signature.cose", signature.signature.encoded())
      let key = Hex.encode(signature.publicKey)
      let outcome = try Tool.run(path: Self.python, [Self.script, cose, key, manifest])
      #expect(outcome.code == 0, "\(outcome.errorText)")
      #expect(outcome.text.contains("payload is deterministic CBOR"))
      #expect(outcome.text.hasSuffix("OK\n"))
      #expect(try Tool.run(path: Self.python, [Self.script, cose, key, changed]).code != 0)
    }
  }
}
