import ModelGraph

/// Bounds-checked loads from a FlatBuffers file, at any alignment.
///
/// Format: FlatBuffers internals. Every offset in the file is taken for hostile: it must lead
/// forward, inside the buffer.
struct FlatBuffer {
  private let bytes: [UInt8]

  /// Wraps a whole file.
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Number of bytes.
  var count: Int { bytes.count }

  /// True if the file carries the four-character identifier at offset 4.
  static func hasIdentifier(_ identifier: String, in bytes: [UInt8]) -> Bool {
    bytes.count >= 8 && bytes[4..<8].elementsEqual(identifier.utf8)
  }

  /// The root table.
  func root() throws(GraphError) -> FlatTable {
    try FlatTable(self, at: try target(of: 0))
  }

  /// Throws unless `length` bytes stand at `position`.
  func check(_ position: Int, _ length: Int) throws(GraphError) {
    guard position >= 0, length >= 0, position <= bytes.count, length <= bytes.count - position
    else {
      throw GraphError.malformed(
        "flatbuffer: \(length) bytes at \(position) lie outside the file of \(bytes.count) bytes")
    }
  }

  /// The unsigned integer of `size` bytes at `position`.
  func unsigned(_ position: Int, size: Int) throws(GraphError) -> UInt64 {
    try check(position, size)
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    return value
  }

  /// A signed 32-bit integer.
  func int32(_ position: Int) throws(GraphError) -> Int32 {
    Int32(truncatingIfNeeded: try unsigned(position, size: 4))
  }

  /// Where the unsigned offset stored at `position` leads.
  func target(of position: Int) throws(GraphError) -> Int {
    let offset = Int(try unsigned(position, size: 4))
    guard offset >= 4, offset <= bytes.count - position else {
      throw GraphError.malformed("flatbuffer: the offset at byte \(position) leads out of the file")
    }
    return position + offset
  }

  /// The bytes of a checked range.
  func slice(_ range: Range<Int>) throws(GraphError) -> ArraySlice<UInt8> {
    try check(range.lowerBound, range.count)
    return bytes[range]
  }
}

/// A table: its fields are found through its vtable.
struct FlatTable {
  private let buffer: FlatBuffer
  private let position: Int
  private let virtualTable: Int
  private let virtualSize: Int
  private let inlineSize: Int

  /// Reads the table's frame at `position`.
  init(_ buffer: FlatBuffer, at position: Int) throws(GraphError) {
    self.buffer = buffer
    self.position = position
    virtualTable = position - Int(try buffer.int32(position))
    guard virtualTable >= 0 else {
      throw GraphError.malformed("flatbuffer: the vtable of the table at \(position) lies outside")
    }
    virtualSize = Int(try buffer.unsigned(virtualTable, size: 2))
    inlineSize = Int(try buffer.unsigned(virtualTable + 2, size: 2))
    guard virtualSize >= 4, virtualSize % 2 == 0, inlineSize >= 4 else {
      throw GraphError.malformed("flatbuffer: the vtable at \(virtualTable) is not valid")
    }
    try buffer.check(virtualTable, virtualSize)
    try buffer.check(position, inlineSize)
  }

  /// Where field `id` of `size` bytes stands, or nil when it is absent.
  private func place(_ id: Int, size: Int) throws(GraphError) -> Int? {
    let slot = 4 + 2 * id
    guard slot + 2 <= virtualSize else { return nil }
    let offset = Int(try buffer.unsigned(virtualTable + slot, size: 2))
    guard offset != 0 else { return nil }
    guard offset >= 4, offset + size <= inlineSize else {
      throw GraphError.malformed(
        "flatbuffer: field \(id) of the table at \(position) lies outside of it")
    }
    return position + offset
  }

  /// An unsigned byte (also enum and union tags).
  func uint8(_ id: Int, default value: UInt8 = 0) throws(GraphError) -> UInt8 {
    guard let place = try place(id, size: 1) else { return value }
    return UInt8(truncatingIfNeeded: try buffer.unsigned(place, size: 1))
  }

  /// A boolean.
  func bool(_ id: Int) throws(GraphError) -> Bool { try uint8(id) != 0 }

  /// A signed 32-bit integer.
  func int32(_ id: Int, default value: Int = 0) throws(GraphError) -> Int {
    guard let place = try place(id, size: 4) else { return value }
    return Int(try buffer.int32(place))
  }

  /// An unsigned 32-bit integer.
  func uint32(_ id: Int, default value: Int = 0) throws(GraphError) -> Int {
    guard let place = try place(id, size: 4) else { return value }
    return Int(try buffer.unsigned(place, size: 4))
  }

  /// An unsigned 64-bit integer.
  func uint64(_ id: Int) throws(GraphError) -> UInt64 {
    guard let place = try place(id, size: 8) else { return 0 }
    return try buffer.unsigned(place, size: 8)
  }

  /// A float.
  func float(_ id: Int, default value: Float = 0) throws(GraphError) -> Float {
    guard let place = try place(id, size: 4) else { return value }
    return Float(bitPattern: UInt32(truncatingIfNeeded: try buffer.unsigned(place, size: 4)))
  }

  /// A nested table (or the table of a union).
  func table(_ id: Int) throws(GraphError) -> FlatTable? {
    guard let place = try place(id, size: 4) else { return nil }
    return try FlatTable(buffer, at: try buffer.target(of: place))
  }

  /// Bounds of the elements of a vector, each of `stride` bytes; nil when absent.
  private func vector(_ id: Int, stride: Int) throws(GraphError) -> (start: Int, count: Int)? {
    guard let place = try place(id, size: 4) else { return nil }
    let start = try buffer.target(of: place)
    let count = Int(try buffer.unsigned(start, size: 4))
    try buffer.check(start + 4, count * stride)
    return (start + 4, count)
  }

  /// The bytes of a vector of bytes.
  func bytes(_ id: Int) throws(GraphError) -> ArraySlice<UInt8> {
    guard let (start, count) = try vector(id, stride: 1) else { return [] }
    return try buffer.slice(start..<(start + count))
  }

  /// A UTF-8 string of bounded length.
  func string(_ id: Int) throws(GraphError) -> String {
    let raw = try bytes(id)
    guard raw.count <= ImportLimits.nameBytes, let text = ModelName.text(raw) else {
      throw GraphError.malformed(
        "flatbuffer: a name in the table at \(position) is too long, is not valid UTF-8 or holds a "
          + "control character")
    }
    return text
  }

  /// A vector of signed 32-bit integers, at most `limit`.
  func int32s(_ id: Int, limit: Int) throws(GraphError) -> [Int] {
    try elements(id, stride: 4, limit: limit) { (buffer, place) throws(GraphError) in
      Int(try buffer.int32(place))
    }
  }

  /// A vector of unsigned 16-bit integers, at most `limit`.
  func uint16s(_ id: Int, limit: Int) throws(GraphError) -> [Int] {
    try elements(id, stride: 2, limit: limit) { (buffer, place) throws(GraphError) in
      Int(try buffer.unsigned(place, size: 2))
    }
  }

  /// A vector of signed 64-bit integers, at most `limit`.
  func int64s(_ id: Int, limit: Int) throws(GraphError) -> [Int64] {
    try elements(id, stride: 8, limit: limit) { (buffer, place) throws(GraphError) in
      Int64(bitPattern: try buffer.unsigned(place, size: 8))
    }
  }

  /// A vector of floats, at most `limit`.
  func floats(_ id: Int, limit: Int) throws(GraphError) -> [Float] {
    try elements(id, stride: 4, limit: limit) { (buffer, place) throws(GraphError) in
      Float(bitPattern: UInt32(truncatingIfNeeded: try buffer.unsigned(place, size: 4)))
    }
  }

  /// A vector of tables, at most `limit`.
  func tables(_ id: Int, limit: Int) throws(GraphError) -> [FlatTable] {
    try elements(id, stride: 4, limit: limit) { (buffer, place) throws(GraphError) in
      try FlatTable(buffer, at: try buffer.target(of: place))
    }
  }

  private func elements<Element>(
    _ id: Int, stride: Int, limit: Int,
    _ load: (FlatBuffer, Int) throws(GraphError) -> Element
  ) throws(GraphError) -> [Element] {
    guard let (start, count) = try vector(id, stride: stride) else { return [] }
    guard count <= limit else {
      throw GraphError.malformed(
        "flatbuffer: \(count) elements in field \(id) of the table at \(position), limit \(limit)")
    }
    var list: [Element] = []
    list.reserveCapacity(count)
    for index in 0..<count { list.append(try load(buffer, start + index * stride)) }
    return list
  }
}
