/// A bundle without its sections: what a device keeps, so that the author's word can be checked
/// again whenever the model is loaded, also after a key was withdrawn.
public struct BundleHead: Sendable {
  /// What the bundle says of itself.
  public let manifest: Manifest
  /// SHA-256 of the manifest's bytes: the release's identity.
  public let release: [UInt8]
  /// Identifiers of the signing keys that are trusted.
  public let trustedSigners: [String]
}

extension VerifiedBundle {
  /// The container with the signatures and the manifest, and no section.
  ///
  /// - Throws: `BundleError.signatureBlock` if a signature cannot be written as it was read.
  public func head() throws(BundleError) -> [UInt8] {
    Container.assemble(
      signatureBlock: try SignatureBlock.encode(signatures), manifest: manifestBytes, sections: [])
  }
}

extension BundleVerifier {
  /// Verifies what ``VerifiedBundle/head()`` gave: every signature, and that one is of a trusted key.
  ///
  /// - Throws: `BundleError` at the first rule broken.
  public func verifyHead(_ bytes: [UInt8], trust: TrustPolicy) throws(BundleError) -> BundleHead {
    let (manifest, release, signatures) = try peek(bytes)
    let trusted = signatures.filter { trust.keys.contains($0.publicKey) }
    guard !trusted.isEmpty else {
      throw .untrusted(signers: signatures.map { identifier(of: $0.publicKey) })
    }
    guard trust.allowsDevelopment || !manifest.isDevelopment else { throw .development }
    return BundleHead(
      manifest: manifest, release: release,
      trustedSigners: trusted.map { identifier(of: $0.publicKey) })
  }
}
