import System
import Wire

/// One append-only file of framed records: magic, then for each record its length (u32), the
/// CRC-32C of length and content (u32) and its content.
struct SpoolSegment {
  static let magic: [UInt8] = Array("SWSPOOL1".utf8)
  static let frameOverhead = 8
  static let prefix = "segment-"

  let path: String
  var bytes: Int
  var first: UInt64
  var last: UInt64

  /// The file's name: the first sequence in 16 hexadecimal digits, so that names sort.
  static func name(first: UInt64) -> String {
    var digits: [UInt8] = []
    for shift in stride(from: 56, through: 0, by: -8) {
      digits.append(UInt8(truncatingIfNeeded: first >> UInt64(shift)))
    }
    return prefix + Hex.encode(digits)
  }

  static func frame(_ content: [UInt8]) -> [UInt8] {
    var writer = ByteWriter(capacity: content.count + frameOverhead)
    writer.u32(UInt32(content.count))
    writer.u32(checksum(content))
    writer.append(content)
    return writer.bytes
  }

  private static func checksum(_ content: [UInt8]) -> UInt32 {
    var length = ByteWriter(capacity: 4)
    length.u32(UInt32(content.count))
    var checksum = CRC32C()
    checksum.update(length.bytes)
    checksum.update(content)
    return checksum.value
  }

  /// The records of a segment's bytes up to the first damage, and the length that is good (0 when
  /// the magic is damaged).
  static func scan(_ bytes: [UInt8]) -> (records: [[UInt8]], good: Int) {
    guard bytes.starts(with: magic) else { return ([], 0) }
    var records: [[UInt8]] = []
    var good = magic.count
    ByteReader.reading(bytes) { reader in
      do throws(WireError) {
        try reader.skip(magic.count)
        while !reader.isAtEnd {
          let length = Int(try reader.u32())
          let expected = try reader.u32()
          guard length <= WindowRecord.byteLimit else { return }
          let content = try reader.array(length)
          guard checksum(content) == expected else { return }
          records.append(content)
          good = reader.position
        }
      } catch {
        // Damage ends the scan: what came before it counts.
        return
      }
    }
    return (records, good)
  }
}
