/// Reads little-endian values from a buffer, checking every bound. It does not own the bytes: it
/// must not outlive them.
public struct ByteReader {
  /// All the bytes.
  public let bytes: UnsafeRawBufferPointer
  /// The next byte to read.
  public private(set) var position: Int

  /// Reads `bytes` from the start.
  public init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    position = 0
  }

  /// Runs `body` with a reader over `array`.
  public static func reading<Result, Failure: Error>(
    _ array: [UInt8], _ body: (inout ByteReader) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try array.withUnsafeBufferPointer { (buffer) throws(Failure) -> Result in
      var reader = ByteReader(UnsafeRawBufferPointer(buffer))
      return try body(&reader)
    }
  }

  /// Bytes left.
  public var remaining: Int { bytes.count - position }

  /// True when nothing is left.
  public var isAtEnd: Bool { position == bytes.count }

  /// Throws ``WireError/trailing(at:)`` when bytes are left.
  public func expectEnd() throws(WireError) {
    guard isAtEnd else { throw WireError.trailing(at: position) }
  }

  /// Takes the next `count` bytes without copying.
  public mutating func take(_ count: Int) throws(WireError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else {
      throw WireError.truncated(at: position, needed: count)
    }
    let taken = UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
    position += count
    return taken
  }

  /// Copies the next `count` bytes.
  public mutating func array(_ count: Int) throws(WireError) -> [UInt8] {
    [UInt8](try take(count))
  }

  /// Steps over `count` bytes.
  public mutating func skip(_ count: Int) throws(WireError) {
    _ = try take(count)
  }

  /// Continues at `position`, counted from the start.
  public mutating func seek(to position: Int) throws(WireError) {
    guard position >= 0, position <= bytes.count else {
      throw WireError.truncated(at: position, needed: 0)
    }
    self.position = position
  }

  private mutating func load<Value: FixedWidthInteger>(
    _ type: Value.Type
  ) throws(WireError) -> Value {
    let size = Value.bitWidth / 8
    guard size <= remaining else { throw WireError.truncated(at: position, needed: size) }
    var value: Value = 0
    for index in 0..<size {
      value |= Value(truncatingIfNeeded: bytes[position + index]) << Value(8 * index)
    }
    position += size
    return value
  }

  /// One byte.
  public mutating func u8() throws(WireError) -> UInt8 {
    guard position < bytes.count else { throw WireError.truncated(at: position, needed: 1) }
    defer { position += 1 }
    return bytes[position]
  }

  /// One signed byte.
  public mutating func i8() throws(WireError) -> Int8 { Int8(bitPattern: try u8()) }
  /// Two bytes.
  public mutating func u16() throws(WireError) -> UInt16 { try load(UInt16.self) }
  /// Two bytes, signed.
  public mutating func i16() throws(WireError) -> Int16 { Int16(bitPattern: try u16()) }
  /// Four bytes.
  public mutating func u32() throws(WireError) -> UInt32 { try load(UInt32.self) }
  /// Four bytes, signed.
  public mutating func i32() throws(WireError) -> Int32 { Int32(bitPattern: try u32()) }
  /// Eight bytes.
  public mutating func u64() throws(WireError) -> UInt64 { try load(UInt64.self) }
  /// Eight bytes, signed.
  public mutating func i64() throws(WireError) -> Int64 { Int64(bitPattern: try u64()) }
  /// Four bytes, IEEE 754 binary32.
  public mutating func f32() throws(WireError) -> Float { Float(bitPattern: try u32()) }
  /// Eight bytes, IEEE 754 binary64.
  public mutating func f64() throws(WireError) -> Double { Double(bitPattern: try u64()) }

  /// A size as eight bytes, at most `limit`.
  public mutating func size(limit: Int) throws(WireError) -> Int {
    let at = position
    let value = try u64()
    guard let size = Int(exactly: value), size <= limit else {
      throw WireError.limitExceeded(at: at, value: value, limit: UInt64(limit))
    }
    return size
  }

  /// An unsigned LEB128 number of at most 64 bits; with `canonical`, only its shortest form.
  public mutating func varint(canonical: Bool = true) throws(WireError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try u8()
      let part = UInt64(byte & 0x7f)
      guard shift < 64, shift < 63 || part <= 1 else { throw WireError.overflow(at: start) }
      value |= part << shift
      if byte & 0x80 == 0 {
        if canonical, byte == 0, shift > 0 { throw WireError.notCanonical(at: start) }
        return value
      }
      shift += 7
    }
  }

  /// A signed number as the zigzag form of ``varint(canonical:)``.
  public mutating func zigzag(canonical: Bool = true) throws(WireError) -> Int64 {
    let value = try varint(canonical: canonical)
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// The next `count` bytes as UTF-8 text.
  public mutating func text(_ count: Int) throws(WireError) -> String {
    let start = position
    let view = try take(count)
    guard UTF8Text.isValid(view) else { throw WireError.invalidText(at: start) }
    return String(decoding: view, as: UTF8.self)
  }
}
