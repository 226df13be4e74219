import Wire

/// The container around a manifest and its sections.
///
/// ```
/// offset  bytes
///      0      4  magic "SWB1"
///      4      2  container version, 1
///      6      2  header bytes, 32
///      8      4  S, bytes of the signature block
///     12      4  M, bytes of the manifest
///     16      8  bytes of the whole file
///     24      8  zero
///     32      S  signature block: deterministic CBOR [[public key, COSE_Sign1], …]
///   32+S      M  manifest: deterministic CBOR
///     …          zeros to a multiple of 64; sections, each at a multiple of 64
/// ```
///
/// Every byte is either fixed by these rules, or covered by a signature or a digest: a change of
/// any one is found.
struct Container {
  static let magic: [UInt8] = Array("SWB1".utf8)
  static let version: UInt16 = 1
  static let headerBytes = 32

  let signatureBlock: Range<Int>
  let manifest: Range<Int>
  /// Where section offsets count from.
  let sectionsStart: Int

  /// Reads the header and checks it against the file's length.
  init(_ bytes: [UInt8]) throws(BundleError) {
    guard bytes.count >= Self.headerBytes, bytes.starts(with: Self.magic) else {
      throw .notABundle
    }
    guard bytes.count <= BundleLimits.fileBytes else { throw .corrupt("the file is too large") }
    func number(_ offset: Int, _ count: Int) -> UInt64 {
      var value: UInt64 = 0
      for index in 0..<count { value |= UInt64(bytes[offset + index]) << (8 * UInt64(index)) }
      return value
    }
    let version = UInt16(number(4, 2))
    guard version == Self.version else { throw .containerVersion(version) }
    guard number(6, 2) == UInt64(Self.headerBytes), number(24, 8) == 0 else {
      throw .corrupt("the header has unknown fields")
    }
    guard number(16, 8) == UInt64(bytes.count) else {
      throw .corrupt("the file has \(bytes.count) bytes, its header says another number")
    }
    let (signatures, manifest) = (number(8, 4), number(12, 4))
    guard signatures <= UInt64(BundleLimits.signatureBytes),
      manifest <= UInt64(BundleLimits.manifestBytes)
    else { throw .corrupt("the header states oversized parts") }
    let manifestStart = Self.headerBytes + Int(signatures)
    let manifestEnd = manifestStart + Int(manifest)
    guard manifestEnd <= bytes.count else { throw .corrupt("the file is cut short") }
    signatureBlock = Self.headerBytes..<manifestStart
    self.manifest = manifestStart..<manifestEnd
    sectionsStart = min(Self.aligned(manifestEnd), bytes.count)
  }

  static func aligned(_ offset: Int) -> Int { (offset + 63) / 64 * 64 }

  /// A file of these parts; the sections stand at the offsets the manifest states.
  static func assemble(signatureBlock: [UInt8], manifest: [UInt8], sections: [[UInt8]]) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(magic)
    writer.u16(version)
    writer.u16(UInt16(headerBytes))
    writer.u32(UInt32(signatureBlock.count))
    writer.u32(UInt32(manifest.count))
    writer.u64(0)
    writer.u64(0)
    writer.append(signatureBlock)
    writer.append(manifest)
    for section in sections {
      writer.align(to: 64)
      writer.append(section)
    }
    writer.patch(u64: UInt64(writer.bytes.count), at: 16)
    return writer.bytes
  }
}
