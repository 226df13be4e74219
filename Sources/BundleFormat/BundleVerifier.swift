import COSE
import Wire

/// A bundle whose every byte was checked. It holds the bytes that were verified: nothing is read
/// again from a file that could have changed since.
public struct VerifiedBundle: Sendable {
  /// What the bundle says of itself.
  public let manifest: Manifest
  /// The manifest's bytes, as signed.
  public let manifestBytes: [UInt8]
  /// SHA-256 of those: the release's identity.
  public let release: [UInt8]
  /// Every signature; all of them hold.
  public let signatures: [BundleSignature]
  /// Identifiers of the signing keys that are trusted.
  public let trustedSigners: [String]
  private let sections: [[UInt8]]

  fileprivate init(
    manifest: Manifest, manifestBytes: [UInt8], release: [UInt8], signatures: [BundleSignature],
    trustedSigners: [String], sections: [[UInt8]]
  ) {
    self.manifest = manifest
    self.manifestBytes = manifestBytes
    self.release = release
    self.signatures = signatures
    self.trustedSigners = trustedSigners
    self.sections = sections
  }

  /// The raw bytes of a section.
  ///
  /// - Throws: `BundleError.missingSection` if there is none.
  public func section(_ kind: Section.Kind, plan: String = "main") throws(BundleError) -> [UInt8] {
    for (record, bytes) in zip(manifest.sections, sections)
    where record.kind == kind && (record.plan.utf8.isEmpty || record.plan == plan) {
      return bytes
    }
    throw .missingSection(kind.rawValue)
  }

  /// True if there is such a section.
  public func has(_ kind: Section.Kind) -> Bool {
    manifest.sections.contains { $0.kind == kind }
  }
}

/// Decides whether bytes are an intact bundle of a trusted author. The steps stand in the order they
/// must have: nothing is parsed before the signature over it holds, nothing is decompressed before
/// its digest does, and nothing grows past the size that was signed.
public struct BundleVerifier<Opener: SealOpener> {
  private let opener: Opener

  /// Creates a verifier over injected crypto.
  public init(opener: Opener) { self.opener = opener }

  /// Verifies a whole file.
  ///
  /// - Throws: `BundleError` at the first rule broken.
  public func verify(_ bytes: [UInt8], trust: TrustPolicy) throws(BundleError) -> VerifiedBundle {
    // 1. The container: fixed fields, and lengths that add up to the file's.
    let container = try Container(bytes)
    // 2. The signature block: bounded, strict, and only then read.
    let signatures = try SignatureBlock.decode(Array(bytes[container.signatureBlock]))
    // 3. Every signature over the manifest's bytes, with the key it names.
    let manifestBytes = Array(bytes[container.manifest])
    for signature in signatures { try check(signature, over: manifestBytes) }
    // 4. Trust: at least one of those keys.
    let trusted = signatures.filter { trust.keys.contains($0.publicKey) }
    guard !trusted.isEmpty else {
      throw .untrusted(signers: signatures.map { identifier(of: $0.publicKey) })
    }
    // 5. The manifest, now that somebody trusted answers for it.
    let manifest = try Manifest(decoding: manifestBytes)
    guard trust.allowsDevelopment || !manifest.isDevelopment else { throw .development }
    // 6. The sections fill the rest of the file, and what lies between them is zero.
    try checkLayout(bytes, container, manifest)
    // 7. Each section: stored digest, bounded decompression, raw digest.
    var sections: [[UInt8]] = []
    for section in manifest.sections {
      sections.append(try open(section, in: bytes, from: container.sectionsStart))
    }
    return VerifiedBundle(
      manifest: manifest, manifestBytes: manifestBytes, release: digest(manifestBytes[...]),
      signatures: signatures, trustedSigners: trusted.map { identifier(of: $0.publicKey) },
      sections: sections)
  }

  /// Verifies a bundle that comes as its head and the content of its sections, in the manifest's order:
  /// one that a delta made. Stored bytes there are none; the digests of contents are signed too.
  ///
  /// - Throws: `BundleError` at the first rule broken.
  package func verify(
    head: [UInt8], contents: [[UInt8]], trust: TrustPolicy
  ) throws(BundleError) -> VerifiedBundle {
    let trusted = try verifyHead(head, trust: trust)
    let (manifest, release, signatures) = try peek(head)
    let container = try Container(head)
    guard contents.count == manifest.sections.count else {
      throw .corrupt("it has \(contents.count) sections, its manifest lists another number")
    }
    for (section, content) in zip(manifest.sections, contents) {
      guard content.count == Int(section.rawBytes), digest(content[...]) == section.rawDigest else {
        throw .section(
          kind: section.kind.rawValue, reason: "its content is not what was signed")
      }
    }
    return VerifiedBundle(
      manifest: manifest, manifestBytes: Array(head[container.manifest]), release: release,
      signatures: signatures, trustedSigners: trusted.trustedSigners, sections: contents)
  }

  /// Reads the manifest without asking who signed it: for `inspect`. Nothing else is opened.
  public func peek(
    _ bytes: [UInt8]
  ) throws(BundleError) -> (manifest: Manifest, release: [UInt8], signatures: [BundleSignature]) {
    let container = try Container(bytes)
    let signatures = try SignatureBlock.decode(Array(bytes[container.signatureBlock]))
    let manifestBytes = Array(bytes[container.manifest])
    for signature in signatures { try check(signature, over: manifestBytes) }
    return (try Manifest(decoding: manifestBytes), digest(manifestBytes[...]), signatures)
  }

  /// First 16 bytes of the SHA-256 of a public key, in hexadecimal: how keys are named to people.
  public func identifier(of publicKey: [UInt8]) -> String {
    Hex.encode(Array(digest(publicKey[...]).prefix(16)))
  }

  private func check(
    _ signature: BundleSignature, over manifest: [UInt8]
  ) throws(BundleError) {
    let name = identifier(of: signature.publicKey)
    guard Hex.encode(signature.signature.keyIdentifier) == name else {
      throw .signatureBlock("a signature names key \(name) and carries another identifier")
    }
    do throws(COSEError) {
      guard
        try signature.signature.verify(
          detachedPayload: manifest, publicKey: signature.publicKey, with: opener)
      else { throw COSEError.notSign1 }
    } catch .notSign1 {
      throw .badSignature(key: name)
    } catch {
      throw .signatureBlock(error.message)
    }
  }

  private func checkLayout(
    _ bytes: [UInt8], _ container: Container, _ manifest: Manifest
  ) throws(BundleError) {
    var end = container.manifest.upperBound
    for section in manifest.sections {
      let start = container.sectionsStart + Int(section.offset)
      guard start <= bytes.count, bytes.count - start >= Int(section.storedBytes) else {
        throw .corrupt("the file ends inside section \(section.kind.rawValue)")
      }
      guard end <= start, bytes[end..<start].allSatisfy({ $0 == 0 }) else {
        throw .corrupt("there are bytes before section \(section.kind.rawValue)")
      }
      end = start + Int(section.storedBytes)
    }
    guard end == bytes.count else { throw .corrupt("there are bytes after the last section") }
  }

  private func open(
    _ section: Section, in bytes: [UInt8], from origin: Int
  ) throws(BundleError) -> [UInt8] {
    let start = origin + Int(section.offset)
    let stored = bytes[start..<start + Int(section.storedBytes)]
    guard digest(stored) == section.storedDigest else {
      throw .section(kind: section.kind.rawValue, reason: "its bytes were changed")
    }
    let raw = stored.withUnsafeBufferPointer { buffer in
      opener.decompress(
        UnsafeRawBufferPointer(buffer),
        expectedSize: Int(section.rawBytes) + Int(section.arrangementBytes))
    }
    guard var raw else {
      throw .section(
        kind: section.kind.rawValue, reason: "it is not one zstd frame of the size stated")
    }
    if section.arrangementBytes > 0 {
      do throws(WireError) {
        try Arrangement.restore(&raw, count: Int(section.arrangementBytes))
      } catch {
        throw .section(kind: section.kind.rawValue, reason: "its arrangement: \(error.message)")
      }
    }
    guard digest(raw[...]) == section.rawDigest else {
      throw .section(kind: section.kind.rawValue, reason: "its content is not what was signed")
    }
    return raw
  }

  private func digest(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    bytes.withUnsafeBufferPointer { opener.sha256(UnsafeRawBufferPointer($0)) }
  }
}
