public import Arrays
import CZlib
import Wire

/// A NumPy .npz archive: a ZIP file (APPNOTE 6.3.10) of .npy members, stored or deflated.
public struct Npz: Sendable {
  private struct Member {
    let name: String
    let method: UInt16
    let checksum: UInt32
    let storedSize: Int
    let size: Int
    let headerOffset: Int
  }

  private let bytes: [UInt8]
  private let path: String
  private var members: [Member] = []

  private static let endSignature: UInt32 = 0x0605_4b50
  private static let directorySignature: UInt32 = 0x0201_4b50
  private static let localSignature: UInt32 = 0x0403_4b50
  private static let endSize = 22
  private static let memberLimit = 10_000

  /// True when `bytes` begin as a ZIP archive does.
  public static func isNpz(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x50, 0x4b, 3, 4]) || bytes.starts(with: [0x50, 0x4b, 5, 6])
  }

  /// Reads the directory of an archive whose arrays hold at most `limit` bytes each. `path` only
  /// names it in errors.
  public init(_ bytes: [UInt8], path: String, limit: Int) throws(ArrayFileError) {
    self.bytes = bytes
    self.path = path
    do throws(WireError) {
      members =
        try ByteReader.reading(bytes) { (reader) throws(WireError) -> [Member]? in
          try Self.directory(&reader, bytes)
        } ?? []
    } catch {
      throw ArrayFileError.archive("damaged archive: \(error.message)", path: path)
    }
    try checkMembers(limit)
  }

  /// The names of the arrays, in the archive's order.
  public var names: [String] { members.map(\.name) }

  /// The array `name`.
  public func array(_ name: String) throws(ArrayFileError) -> NumericArray {
    guard let member = members.first(where: { $0.name == name }) else {
      throw ArrayFileError.noSuchArray(name, names: names, path: path)
    }
    let content = try content(of: member)
    do throws(ArrayError) {
      return try Npy.read(content)
    } catch {
      throw ArrayFileError.array(error, path: "\(path):\(name)")
    }
  }

  /// Every array by its name, in the archive's order.
  public func arrays() throws(ArrayFileError) -> [(name: String, array: NumericArray)] {
    var arrays: [(name: String, array: NumericArray)] = []
    for name in names { arrays.append((name, try array(name))) }
    return arrays
  }

  private static func directory(
    _ reader: inout ByteReader, _ bytes: [UInt8]
  ) throws(WireError) -> [Member]? {
    var end = bytes.count - endSize
    let lowest = max(0, bytes.count - endSize - 0xffff)
    while end >= lowest {
      if bytes[end...].starts(with: [0x50, 0x4b, 5, 6]) { break }
      end -= 1
    }
    guard end >= lowest else { throw WireError.truncated(at: bytes.count, needed: endSize) }
    try reader.seek(to: end + 10)
    let count = Int(try reader.u16())
    try reader.skip(4)
    let offset = try reader.u32()
    guard count <= memberLimit else {
      throw WireError.limitExceeded(
        at: end + 10, value: UInt64(count), limit: UInt64(memberLimit))
    }
    try reader.seek(to: Int(offset))
    var members: [Member] = []
    for _ in 0..<count { members.append(try member(&reader)) }
    return members
  }

  private static func member(_ reader: inout ByteReader) throws(WireError) -> Member {
    let start = reader.position
    guard try reader.u32() == directorySignature else { throw WireError.trailing(at: start) }
    try reader.skip(4)
    let flags = try reader.u16()
    // An encrypted member is refused as one of an unknown method.
    let stated = try reader.u16()
    let method = flags & 1 == 1 ? UInt16.max : stated
    try reader.skip(4)
    let checksum = try reader.u32()
    let storedSize = try reader.u32()
    let size = try reader.u32()
    let nameLength = Int(try reader.u16())
    let extraLength = Int(try reader.u16())
    let commentLength = Int(try reader.u16())
    try reader.skip(8)
    let headerOffset = try reader.u32()
    var name = try reader.text(nameLength)
    try reader.skip(extraLength + commentLength)
    if name.hasSuffix(".npy") { name.removeLast(4) }
    return Member(
      name: name, method: method, checksum: checksum, storedSize: Int(storedSize),
      size: Int(size), headerOffset: Int(headerOffset))
  }

  private func checkMembers(_ limit: Int) throws(ArrayFileError) {
    var seen: Set<String> = []
    for member in members {
      guard seen.insert(member.name).inserted else {
        throw ArrayFileError.archive("the name '\(member.name)' appears twice", path: path)
      }
      if [member.size, member.storedSize, member.headerOffset].contains(0xffff_ffff) {
        throw ArrayFileError.archive(
          "'\(member.name)' is in ZIP64 form (over 4 GB), which is not supported; save it as .npy",
          path: path)
      }
      guard member.method == 0 || member.method == 8 else {
        throw ArrayFileError.archive(
          "'\(member.name)' is encrypted or compressed by a method other than deflate", path: path)
      }
      guard member.size <= limit else {
        throw ArrayFileError.archive(
          "'\(member.name)' is \(member.size) bytes, more than the \(limit) allowed", path: path)
      }
    }
  }

  private func content(of member: Member) throws(ArrayFileError) -> [UInt8] {
    let stored: [UInt8]
    do throws(WireError) {
      stored = try ByteReader.reading(bytes) { (reader) throws(WireError) -> [UInt8] in
        try reader.seek(to: member.headerOffset)
        guard try reader.u32() == Self.localSignature else {
          throw WireError.trailing(at: member.headerOffset)
        }
        // The sizes here may be zero or ZIP64 placeholders: the directory's are the ones meant.
        try reader.skip(22)
        let nameLength = Int(try reader.u16())
        let extraLength = Int(try reader.u16())
        try reader.skip(nameLength + extraLength)
        return try reader.array(member.storedSize)
      }
    } catch {
      throw ArrayFileError.archive("'\(member.name)': \(error.message)", path: path)
    }
    let content = member.method == 0 ? stored : inflate(stored, member.size)
    guard let content, content.count == member.size,
      content.withUnsafeBytes({ swl_crc32($0.baseAddress, $0.count) }) == member.checksum
    else {
      throw ArrayFileError.archive("'\(member.name)' is damaged: its checksum differs", path: path)
    }
    return content
  }

  /// Deflate never does better than 1032 to 1: a larger claim is refused before any memory.
  private func inflate(_ stored: [UInt8], _ size: Int) -> [UInt8]? {
    guard size / 1032 <= stored.count else { return nil }
    var content = [UInt8](repeating: 0, count: size)
    let result = content.withUnsafeMutableBytes { target in
      stored.withUnsafeBytes { source in
        swl_inflate_exactly(source.baseAddress, source.count, target.baseAddress, target.count)
      }
    }
    return result == 0 ? content : nil
  }

  /// An archive of stored members in the order given, the same bytes every time.
  public static func write(
    _ arrays: [(name: String, array: NumericArray)]
  ) throws(ArrayFileError) -> [UInt8] {
    var file = ByteWriter()
    var directory = ByteWriter()
    for (name, array) in arrays {
      let content = Npy.write(array)
      let offset = file.count
      guard let size = UInt32(exactly: content.count), size < .max,
        let offset = UInt32(exactly: offset), name.utf8.count < 1000, arrays.count < 0xffff
      else { throw ArrayFileError.archive("too large for an archive; save it as .npy", path: name) }
      let checksum = content.withUnsafeBytes { swl_crc32($0.baseAddress, $0.count) }
      var header = ByteWriter()
      header.u16(20)
      header.u16(0x0800)
      header.u16(0)
      // The first of January 1980, midnight: ZIP's earliest moment, not the clock's.
      header.u16(0)
      header.u16(0x0021)
      header.u32(checksum)
      header.u32(size)
      header.u32(size)
      header.u16(UInt16(name.utf8.count + 4))
      header.u16(0)
      file.u32(localSignature)
      file.append(header.bytes)
      file.append(name + ".npy")
      file.append(content)
      directory.u32(directorySignature)
      directory.u16(20)
      directory.append(header.bytes)
      directory.append([UInt8](repeating: 0, count: 10))
      directory.u32(offset)
      directory.append(name + ".npy")
    }
    let start = file.count
    guard let offset = UInt32(exactly: start) else {
      throw ArrayFileError.archive("too large for an archive", path: "")
    }
    file.append(directory.bytes)
    file.u32(endSignature)
    file.u32(0)
    file.u16(UInt16(arrays.count))
    file.u16(UInt16(arrays.count))
    file.u32(UInt32(directory.count))
    file.u32(offset)
    file.u16(0)
    return file.bytes
  }
}
