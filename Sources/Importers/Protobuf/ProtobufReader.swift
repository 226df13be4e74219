import ModelGraph

/// Reads one protobuf message field by field, over bytes it shares with its parent.
///
/// Wire format: protobuf encoding specification, "Message structure". Groups (wire types 3 and 4)
/// are refused; unknown fields are simply not looked at.
struct ProtobufReader {
  /// What stands after a tag.
  enum Payload: Equatable {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    /// Bounds of a length-delimited payload, inside the message.
    case delimited(Range<Int>)
  }

  /// A tag and its payload.
  struct Field: Equatable {
    var number: Int
    var payload: Payload
  }

  /// Deepest nesting of messages.
  static let depthLimit = 16

  private let bytes: [UInt8]
  private var position: Int
  private let end: Int
  private let depth: Int

  /// Reads all of `bytes` as one message.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = 0
    end = bytes.count
    depth = 0
  }

  private init(bytes: [UInt8], range: Range<Int>, depth: Int) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
    self.depth = depth
  }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(GraphError) -> Field? {
    guard position < end else { return nil }
    let start = position
    let tag = try varint()
    let number = tag >> 3
    guard number >= 1, number <= 0x1FFF_FFFF else {
      throw GraphError.malformed("protobuf: field number \(number) at byte \(start) is not valid")
    }
    return Field(number: Int(number), payload: try payload(wireType: tag & 7, at: start))
  }

  private mutating func payload(wireType: UInt64, at start: Int) throws(GraphError) -> Payload {
    switch wireType {
    case 0: return .varint(try varint())
    case 1: return .fixed64(try little(8))
    case 2:
      let length = try varint()
      guard length <= UInt64(end - position) else {
        throw GraphError.malformed(
          "protobuf: the field at byte \(start) states \(length) bytes, \(end - position) are left")
      }
      let range = position..<(position + Int(length))
      position = range.upperBound
      return .delimited(range)
    case 5: return .fixed32(UInt32(truncatingIfNeeded: try little(4)))
    default:
      throw GraphError.malformed(
        "protobuf: wire type \(wireType) at byte \(start) is not supported; is this an ONNX file?")
    }
  }

  private mutating func varint() throws(GraphError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    let start = position
    while position < end {
      let byte = bytes[position]
      position += 1
      // The tenth byte holds the last bit only (10 · 7 = 70 bits).
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
      if shift > 63 { break }
    }
    throw GraphError.malformed("protobuf: the number at byte \(start) is cut off or too long")
  }

  private mutating func little(_ count: Int) throws(GraphError) -> UInt64 {
    guard end - position >= count else {
      throw GraphError.malformed("protobuf: truncated at byte \(position)")
    }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    position += count
    return value
  }

  // MARK: Typed payloads

  /// A signed or unsigned 64-bit number (int64, int32, enum).
  func integer(_ field: Field) throws(GraphError) -> Int {
    guard case .varint(let value) = field.payload else { throw mismatch(field, "a number") }
    return Int(Int64(bitPattern: value))
  }

  /// A float.
  func float(_ field: Field) throws(GraphError) -> Float {
    guard case .fixed32(let value) = field.payload else { throw mismatch(field, "a float") }
    return Float(bitPattern: value)
  }

  /// The bytes of a length-delimited field.
  func data(_ field: Field) throws(GraphError) -> ArraySlice<UInt8> {
    guard case .delimited(let range) = field.payload else { throw mismatch(field, "bytes") }
    return bytes[range]
  }

  /// A UTF-8 string of bounded length.
  func string(_ field: Field) throws(GraphError) -> String {
    let slice = try data(field)
    guard slice.count <= ImportLimits.nameBytes else {
      throw GraphError.malformed(
        "protobuf: a name of \(slice.count) bytes is beyond the limit of \(ImportLimits.nameBytes)")
    }
    guard let text = ModelName.text(slice) else {
      throw GraphError.malformed(
        "protobuf: field \(field.number) is not valid UTF-8, or holds a control character")
    }
    return text
  }

  /// A nested message.
  func message(_ field: Field) throws(GraphError) -> ProtobufReader {
    guard case .delimited(let range) = field.payload else { throw mismatch(field, "a message") }
    guard depth < Self.depthLimit else {
      throw GraphError.malformed("protobuf: messages nest deeper than \(Self.depthLimit)")
    }
    return ProtobufReader(bytes: bytes, range: range, depth: depth + 1)
  }

  /// Appends the elements of a repeated number, packed or not.
  func appendIntegers(_ field: Field, to list: inout [Int64]) throws(GraphError) {
    switch field.payload {
    case .varint(let value): list.append(Int64(bitPattern: value))
    case .delimited(let range):
      var inner = ProtobufReader(bytes: bytes, range: range, depth: depth)
      while inner.position < inner.end { list.append(Int64(bitPattern: try inner.varint())) }
    default: throw mismatch(field, "numbers")
    }
  }

  /// Appends the elements of a repeated float, packed or not.
  func appendFloats(_ field: Field, to list: inout [Float]) throws(GraphError) {
    switch field.payload {
    case .fixed32(let value): list.append(Float(bitPattern: value))
    case .delimited(let range):
      var inner = ProtobufReader(bytes: bytes, range: range, depth: depth)
      while inner.position < inner.end {
        list.append(Float(bitPattern: UInt32(truncatingIfNeeded: try inner.little(4))))
      }
    default: throw mismatch(field, "floats")
    }
  }

  /// Appends the elements of a repeated double, packed or not.
  func appendDoubles(_ field: Field, to list: inout [Double]) throws(GraphError) {
    switch field.payload {
    case .fixed64(let value): list.append(Double(bitPattern: value))
    case .delimited(let range):
      var inner = ProtobufReader(bytes: bytes, range: range, depth: depth)
      while inner.position < inner.end { list.append(Double(bitPattern: try inner.little(8))) }
    default: throw mismatch(field, "doubles")
    }
  }

  private func mismatch(_ field: Field, _ expected: String) -> GraphError {
    GraphError.malformed(
      "protobuf: field \(field.number) is not \(expected); is this an ONNX file?")
  }
}
