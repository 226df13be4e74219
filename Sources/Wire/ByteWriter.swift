/// Builds little-endian bytes.
public struct ByteWriter: Sendable {
  /// What was written.
  public private(set) var bytes: [UInt8]

  /// An empty writer with room for `capacity` bytes.
  public init(capacity: Int = 0) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// Bytes written.
  public var count: Int { bytes.count }

  private mutating func store<Value: FixedWidthInteger>(_ value: Value) {
    for index in 0..<(Value.bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> Value(8 * index)))
    }
  }

  /// One byte.
  public mutating func u8(_ value: UInt8) { bytes.append(value) }
  /// One signed byte.
  public mutating func i8(_ value: Int8) { bytes.append(UInt8(bitPattern: value)) }
  /// Two bytes.
  public mutating func u16(_ value: UInt16) { store(value) }
  /// Two bytes, signed.
  public mutating func i16(_ value: Int16) { store(UInt16(bitPattern: value)) }
  /// Four bytes.
  public mutating func u32(_ value: UInt32) { store(value) }
  /// Four bytes, signed.
  public mutating func i32(_ value: Int32) { store(UInt32(bitPattern: value)) }
  /// Eight bytes.
  public mutating func u64(_ value: UInt64) { store(value) }
  /// Eight bytes, signed.
  public mutating func i64(_ value: Int64) { store(UInt64(bitPattern: value)) }
  /// Four bytes, IEEE 754 binary32.
  public mutating func f32(_ value: Float) { store(value.bitPattern) }
  /// Eight bytes, IEEE 754 binary64.
  public mutating func f64(_ value: Double) { store(value.bitPattern) }

  /// An unsigned LEB128 number in its shortest form.
  public mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// A signed number, zigzag: small magnitudes of either sign stay short.
  public mutating func zigzag(_ value: Int64) {
    varint(UInt64(bitPattern: value << 1) ^ UInt64(bitPattern: value >> 63))
  }

  /// Bytes as they are.
  public mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }
  /// Bytes as they are.
  public mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
  /// The UTF-8 bytes of `text`, without a length.
  public mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// Zeros up to the next multiple of `alignment` (a positive number).
  public mutating func align(to alignment: Int) {
    let over = bytes.count % alignment
    if over > 0 { bytes.append(contentsOf: repeatElement(0, count: alignment - over)) }
  }

  /// Overwrites four bytes at `offset`, which must have been written.
  public mutating func patch(u32 value: UInt32, at offset: Int) {
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }

  /// Overwrites eight bytes at `offset`, which must have been written.
  public mutating func patch(u64 value: UInt64, at offset: Int) {
    for index in 0..<8 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }
}
