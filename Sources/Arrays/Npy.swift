import Wire

/// NumPy's .npy format (NEP 1; versions 1, 2 and 3), C order, little-endian.
public enum Npy {
  private static let magic: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
  private static let headerLimit = 65_536

  /// True when `bytes` begin as a .npy file does.
  public static func isNpy(_ bytes: [UInt8]) -> Bool { bytes.starts(with: magic) }

  /// Reads a whole .npy file.
  public static func read(_ bytes: [UInt8]) throws(ArrayError) -> NumericArray {
    guard isNpy(bytes) else { throw ArrayError.notNpy }
    guard bytes.count >= 10 else { throw ArrayError.badHeader }
    let version = bytes[6]
    guard (1...3).contains(version) else { throw ArrayError.unsupportedVersion(version) }
    var start = 10
    var length = Int(bytes[8]) | Int(bytes[9]) << 8
    if version >= 2 {
      guard bytes.count >= 12, bytes[11] == 0 else { throw ArrayError.badHeader }
      length |= Int(bytes[10]) << 16
      start = 12
    }
    guard length <= headerLimit, length <= bytes.count - start else { throw ArrayError.badHeader }
    let header = bytes[start..<(start + length)]
    guard UTF8Text.isValid(Array(header)) else { throw ArrayError.badHeader }
    var parser = NpyHeaderParser(Array(header))
    let (type, shape) = try parser.header()
    let size = try ArrayShape.byteCount(shape, type)
    guard size == bytes.count - start - length else {
      throw ArrayError.sizeMismatch(expected: size, found: bytes.count - start - length)
    }
    return try NumericArray(type: type, shape: shape, bytes: Array(bytes[(start + length)...]))
  }

  /// The file NumPy itself would write (`numpy.save`), byte for byte: version 1, data at a
  /// multiple of 64.
  public static func write(_ array: NumericArray) -> [UInt8] {
    var header = Array(
      "{'descr': '\(array.type.code)', 'fortran_order': False, 'shape': \(array.shapeText), }".utf8)
    // NumPy leaves room for the first axis to grow to 21 digits.
    if let first = array.shape.first {
      header.append(contentsOf: repeatElement(0x20, count: 21 - "\(first)".utf8.count))
    }
    let unpadded = magic.count + 4 + header.count + 1
    header.append(contentsOf: repeatElement(0x20, count: (64 - unpadded % 64) % 64))
    header.append(0x0a)
    var writer = ByteWriter(capacity: 128 + array.bytes.count)
    writer.append(magic)
    writer.u8(1)
    writer.u8(0)
    writer.u16(UInt16(header.count))
    writer.append(header)
    writer.append(array.bytes)
    return writer.bytes
  }
}

/// Parses the Python dictionary of a .npy header: the three keys, in any order.
struct NpyHeaderParser {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func header() throws(ArrayError) -> (type: ArrayElementType, shape: [Int]) {
    var type: ArrayElementType?
    var shape: [Int]?
    var order: Bool?
    try expect(UInt8(ascii: "{"))
    while !take(UInt8(ascii: "}")) {
      let key = try quoted()
      try expect(UInt8(ascii: ":"))
      if key.elementsEqual("descr".utf8), type == nil {
        type = try elementType()
      } else if key.elementsEqual("fortran_order".utf8), order == nil {
        order = try boolean()
      } else if key.elementsEqual("shape".utf8), shape == nil {
        shape = try tuple()
      } else {
        throw ArrayError.badHeader
      }
      if !take(UInt8(ascii: ",")) {
        try expect(UInt8(ascii: "}"))
        break
      }
    }
    skipSpace()
    guard position == bytes.count, let type, let shape, let order else {
      throw ArrayError.badHeader
    }
    // One axis or none longer than 1 reads the same in both orders, but NumPy then says False.
    if order { throw ArrayError.fortranOrder }
    return (type, shape)
  }

  private mutating func skipSpace() {
    while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x0a {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ byte: UInt8) throws(ArrayError) {
    guard take(byte) else { throw ArrayError.badHeader }
  }

  private mutating func quoted() throws(ArrayError) -> ArraySlice<UInt8> {
    skipSpace()
    guard position < bytes.count else { throw ArrayError.badHeader }
    let quote = bytes[position]
    guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw ArrayError.badHeader
    }
    let start = position + 1
    guard let end = bytes[start...].firstIndex(of: quote) else { throw ArrayError.badHeader }
    position = end + 1
    return bytes[start..<end]
  }

  private mutating func elementType() throws(ArrayError) -> ArrayElementType {
    skipSpace()
    if position < bytes.count, bytes[position] == UInt8(ascii: "[") {
      throw ArrayError.unsupportedType("structured")
    }
    let code = try quoted()
    for type in ArrayElementType.allCases
    where type.code.utf8.dropFirst().elementsEqual(code.dropFirst()) {
      switch code.first {
      case UInt8(ascii: "<"), UInt8(ascii: "="): return type
      case UInt8(ascii: "|") where type.size == 1: return type
      case UInt8(ascii: ">"):
        if type.size == 1 { return type }
        throw ArrayError.bigEndian
      default: break
      }
    }
    throw ArrayError.unsupportedType(String(decoding: code.prefix(16), as: UTF8.self))
  }

  private mutating func boolean() throws(ArrayError) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)]
    where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw ArrayError.badHeader
  }

  private mutating func tuple() throws(ArrayError) -> [Int] {
    try expect(UInt8(ascii: "("))
    var axes: [Int] = []
    while !take(UInt8(ascii: ")")) {
      axes.append(try axis())
      guard axes.count <= 64 else { throw ArrayError.tooManyAxes(axes.count) }
      if !take(UInt8(ascii: ",")) {
        try expect(UInt8(ascii: ")"))
        break
      }
    }
    return axes
  }

  private mutating func axis() throws(ArrayError) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
      let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, more) = scaled.addingReportingOverflow(Int(bytes[position] - 0x30))
      guard !overflow, !more else { throw ArrayError.tooLarge }
      value = next
      position += 1
    }
    guard position > start else { throw ArrayError.badHeader }
    return value
  }
}
