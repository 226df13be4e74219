public import COSE

/// A signer whose public key travels with its signature.
public protocol BundleSigner: SignatureSigner {
  /// 32 bytes.
  var publicKey: [UInt8] { get }
}

/// Making and adding signatures.
public enum BundleSigning {
  /// A file of a manifest and stored sections, signed once.
  ///
  /// - Throws: `BundleError.signatureBlock` if the signer's output is not a signature.
  public static func assemble(
    manifest: Manifest, sections: [[UInt8]], signer: some BundleSigner
  ) throws(BundleError) -> [UInt8] {
    let bytes = manifest.encoded()
    return Container.assemble(
      signatureBlock: try SignatureBlock.encode([sign(bytes, with: signer)]), manifest: bytes,
      sections: sections)
  }

  /// The same file with one signature more. The manifest, and with it the release, stays as it is.
  /// Verifies nothing: let `BundleVerifier` look first at what is to be signed.
  ///
  /// - Throws: `BundleError` when the bytes are no bundle; a second signature by one key is refused.
  public static func adding(
    _ signer: some BundleSigner, to bytes: [UInt8]
  ) throws(BundleError) -> [UInt8] {
    let container = try Container(bytes)
    var signatures = try SignatureBlock.decode(Array(bytes[container.signatureBlock]))
    guard !signatures.contains(where: { $0.publicKey == signer.publicKey }) else {
      throw .signatureBlock("this key has signed it already")
    }
    let manifest = Array(bytes[container.manifest])
    signatures.append(sign(manifest, with: signer))
    let sections = Array(bytes[container.sectionsStart...])
    return Container.assemble(
      signatureBlock: try SignatureBlock.encode(signatures), manifest: manifest,
      sections: sections.isEmpty ? [] : [sections])
  }

  private static func sign(_ manifest: [UInt8], with signer: some BundleSigner) -> BundleSignature {
    BundleSignature(
      publicKey: signer.publicKey,
      signature: COSESign1.sign(manifest, detached: true, with: signer))
  }
}
