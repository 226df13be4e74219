package import BundleFormat
import Wire

/// The file of a delta (`.swd`): a header, then one zstd frame whose prefix is known to both sides.
///
/// ```
/// offset  bytes
///      0      4  magic "SWD1"
///      4      2  version, 1
///      6      2  header bytes, 56
///      8      8  bytes of the whole file
///     16      4  H, bytes of the new bundle's head
///     20      4  CRC-32C of all bytes but these four
///     24     32  release of the base: SHA-256 of its manifest
///     56         the frame
/// ```
///
/// In the frame: the head, which is the new bundle's container with signatures and manifest, and no
/// section. Then each section the manifest lists, `weights` last:
///
/// ```
/// u8 0: its bytes follow
/// u8 1: pieces follow until its bytes are complete
/// u8 2: nothing follows: the base's section of that kind and plan is the same
/// piece  u8 kind, u32 length, at least 1
///   0 verbatim  the bytes follow
///   1 copied    u32 offset in the base's section
///   2 residual  u32 offset in the base's section; differences follow, to be added modulo 256
/// ```
///
/// A CRC finds damage; only the signature over the head, and the digests it signs, say that what comes
/// out is what the author made.
public enum DeltaFormat {
  /// First bytes of a delta.
  public static let magic: [UInt8] = Array("SWD1".utf8)
  package static let version: UInt16 = 1
  package static let headerBytes = 56
  /// Bytes that a frame may look back, log2: what a reader holds of it.
  package static let windowLog = 20
  /// Bytes of the base that a frame may refer to.
  package static let prefixBytes = 256 << 10
  /// Bytes of a whole file.
  package static let fileBytes = BundleLimits.fileBytes

  /// How a section is given.
  package enum SectionMode: UInt8 { case whole, pieces, same }

  /// How a piece of a section is given.
  package enum PieceKind: UInt8 { case verbatim, copied, residual }

  /// True when bytes begin as a delta does.
  public static func isDelta(_ bytes: [UInt8]) -> Bool { bytes.starts(with: magic) }

  /// A file of a frame.
  package static func file(base: [UInt8], headBytes: Int, frame: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(magic)
    writer.u16(version)
    writer.u16(UInt16(headerBytes))
    writer.u64(UInt64(headerBytes + frame.count))
    writer.u32(UInt32(headBytes))
    writer.u32(0)
    writer.append(base)
    writer.append(frame)
    writer.patch(u32: checksum(writer.bytes), at: 20)
    return writer.bytes
  }

  /// Of all bytes but the checksum's own.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { checksum($0) }
  }

  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var checksum = CRC32C()
    checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<20]))
    checksum.update(UnsafeRawBufferPointer(rebasing: bytes[24...]))
    return checksum.value
  }

  /// The first digits of a release, as people see them.
  static func name(of release: [UInt8]) -> String { Hex.encode(Array(release.prefix(8))) }
}

/// Sections in the order a delta gives them.
extension Manifest {
  package var deltaOrder: [Int] {
    sections.indices.filter { sections[$0].kind != .weights }
      + sections.indices.filter { sections[$0].kind == .weights }
  }
}
