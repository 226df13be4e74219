/// The kind of an array's elements, little-endian.
public enum ArrayElementType: Equatable, Sendable, CaseIterable {
  case float32, float64, int8, uint8, int16, uint16, int32, uint32, int64, uint64, bool

  /// Bytes of one element.
  public var size: Int {
    switch self {
    case .int8, .uint8, .bool: return 1
    case .int16, .uint16: return 2
    case .float32, .int32, .uint32: return 4
    case .float64, .int64, .uint64: return 8
    }
  }

  /// The code of NumPy's `descr`, such as `<f4`.
  public var code: String {
    switch self {
    case .float32: return "<f4"
    case .float64: return "<f8"
    case .int8: return "|i1"
    case .uint8: return "|u1"
    case .int16: return "<i2"
    case .uint16: return "<u2"
    case .int32: return "<i4"
    case .uint32: return "<u4"
    case .int64: return "<i8"
    case .uint64: return "<u8"
    case .bool: return "|b1"
    }
  }

  /// The name a person reads, such as `float32`.
  public var name: String {
    switch self {
    case .float32: return "float32"
    case .float64: return "float64"
    case .int8: return "int8"
    case .uint8: return "uint8"
    case .int16: return "int16"
    case .uint16: return "uint16"
    case .int32: return "int32"
    case .uint32: return "uint32"
    case .int64: return "int64"
    case .uint64: return "uint64"
    case .bool: return "bool"
    }
  }
}

/// An array in C order with its elements as little-endian bytes.
public struct NumericArray: Equatable, Sendable {
  /// The kind of the elements.
  public let type: ArrayElementType
  /// Axes, outermost first; empty for a scalar.
  public let shape: [Int]
  /// The elements; count(shape) times the element's size.
  public let bytes: [UInt8]

  /// Checks that `bytes` are as many as `shape` needs.
  public init(
    type: ArrayElementType, shape: [Int], bytes: [UInt8]
  ) throws(ArrayError) {
    let size = try ArrayShape.byteCount(shape, type)
    guard size == bytes.count else {
      throw ArrayError.sizeMismatch(expected: size, found: bytes.count)
    }
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }

  private init(_ type: ArrayElementType, _ shape: [Int], _ bytes: [UInt8]) {
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }

  /// An array of floats; throws ``ArrayError/sizeMismatch(expected:found:)`` when they do not fill
  /// `shape`.
  public init(floats: [Float], shape: [Int]) throws(ArrayError) {
    try self.init(type: .float32, shape: shape, bytes: LittleEndian.bytes(floats))
  }

  /// An array of signed bytes.
  public init(int8 values: [Int8], shape: [Int]) throws(ArrayError) {
    try self.init(type: .int8, shape: shape, bytes: values.map { UInt8(bitPattern: $0) })
  }

  /// An array of 32-bit integers.
  public init(int32 values: [Int32], shape: [Int]) throws(ArrayError) {
    try self.init(type: .int32, shape: shape, bytes: LittleEndian.bytes(values))
  }

  /// An array of 64-bit integers.
  public init(int64 values: [Int64], shape: [Int]) throws(ArrayError) {
    try self.init(type: .int64, shape: shape, bytes: LittleEndian.bytes(values))
  }

  /// Elements.
  public var count: Int { bytes.count / type.size }

  /// The shape as a person reads it, such as `(1, 28, 28)`.
  public var shapeText: String { ArrayShape.text(shape) }

  /// The same elements in another shape of as many elements.
  public func reshaped(_ shape: [Int]) throws(ArrayError) -> NumericArray {
    try NumericArray(type: type, shape: shape, bytes: bytes)
  }

  /// Items `range` of the outermost axis.
  public func items(_ range: Range<Int>) throws(ArrayError) -> NumericArray {
    guard let first = shape.first, range.lowerBound >= 0, range.upperBound <= first else {
      throw ArrayError.indexOutOfRange(range.upperBound, count: shape.first ?? 0)
    }
    let stride = first == 0 ? 0 : bytes.count / first
    var sliced = shape
    sliced[0] = range.count
    return NumericArray(
      type, sliced, Array(bytes[(range.lowerBound * stride)..<(range.upperBound * stride)]))
  }

  /// All elements as floats: integers and doubles rounded to the nearest float, bools 0 and 1.
  public func asFloats() -> [Float] {
    switch type {
    case .float32: return LittleEndian.values(bytes, UInt32.self) { Float(bitPattern: $0) }
    case .float64: return LittleEndian.values(bytes, UInt64.self) { Float(Double(bitPattern: $0)) }
    case .int8: return bytes.map { Float(Int8(bitPattern: $0)) }
    case .uint8: return bytes.map { Float($0) }
    case .bool: return bytes.map { $0 == 0 ? 0 : 1 }
    case .int16: return LittleEndian.values(bytes, Int16.self) { Float($0) }
    case .uint16: return LittleEndian.values(bytes, UInt16.self) { Float($0) }
    case .int32: return LittleEndian.values(bytes, Int32.self) { Float($0) }
    case .uint32: return LittleEndian.values(bytes, UInt32.self) { Float($0) }
    case .int64: return LittleEndian.values(bytes, Int64.self) { Float($0) }
    case .uint64: return LittleEndian.values(bytes, UInt64.self) { Float($0) }
    }
  }

  /// All elements as doubles: 64-bit integers rounded to the nearest double, bools 0 and 1.
  public func asDoubles() -> [Double] {
    switch type {
    case .float64: return LittleEndian.values(bytes, UInt64.self) { Double(bitPattern: $0) }
    case .int32: return LittleEndian.values(bytes, Int32.self) { Double($0) }
    case .uint32: return LittleEndian.values(bytes, UInt32.self) { Double($0) }
    case .int64: return LittleEndian.values(bytes, Int64.self) { Double($0) }
    case .uint64: return LittleEndian.values(bytes, UInt64.self) { Double($0) }
    default: return asFloats().map { Double($0) }
    }
  }

  /// All elements as 64-bit integers; throws ``ArrayError/wrongType(expected:found:)`` for floats
  /// and ``ArrayError/valueOutOfRange(index:)`` for a uint64 above 2^63-1.
  public func asInt64() throws(ArrayError) -> [Int64] {
    switch type {
    case .int8: return bytes.map { Int64(Int8(bitPattern: $0)) }
    case .uint8: return bytes.map { Int64($0) }
    case .bool: return bytes.map { $0 == 0 ? 0 : 1 }
    case .int16: return LittleEndian.values(bytes, Int16.self) { Int64($0) }
    case .uint16: return LittleEndian.values(bytes, UInt16.self) { Int64($0) }
    case .int32: return LittleEndian.values(bytes, Int32.self) { Int64($0) }
    case .uint32: return LittleEndian.values(bytes, UInt32.self) { Int64($0) }
    case .int64: return LittleEndian.values(bytes, Int64.self) { $0 }
    case .uint64:
      let values = LittleEndian.values(bytes, UInt64.self) { $0 }
      if let index = values.firstIndex(where: { $0 > UInt64(Int64.max) }) {
        throw ArrayError.valueOutOfRange(index: index)
      }
      return values.map { Int64($0) }
    case .float32, .float64:
      throw ArrayError.wrongType(expected: "an integer type", found: type)
    }
  }

  /// The elements of an int8 array; throws ``ArrayError/wrongType(expected:found:)`` for others.
  public func asInt8() throws(ArrayError) -> [Int8] {
    guard type == .int8 else { throw ArrayError.wrongType(expected: "int8", found: type) }
    return bytes.map { Int8(bitPattern: $0) }
  }
}

/// Little-endian bytes to numbers and back, whatever the CPU.
enum LittleEndian {
  static func values<Raw: FixedWidthInteger, Value>(
    _ bytes: [UInt8], _ type: Raw.Type, _ convert: (Raw) -> Value
  ) -> [Value] {
    let size = MemoryLayout<Raw>.size
    var values: [Value] = []
    values.reserveCapacity(bytes.count / size)
    bytes.withUnsafeBytes { buffer in
      for offset in stride(from: 0, to: buffer.count - size + 1, by: size) {
        let raw = buffer.loadUnaligned(fromByteOffset: offset, as: Raw.self)
        values.append(convert(Raw(littleEndian: raw)))
      }
    }
    return values
  }

  static func bytes<Raw: FixedWidthInteger>(_ values: [Raw]) -> [UInt8] {
    let size = MemoryLayout<Raw>.size
    var bytes = [UInt8](repeating: 0, count: values.count * size)
    bytes.withUnsafeMutableBytes { buffer in
      for index in values.indices {
        buffer.storeBytes(of: values[index].littleEndian, toByteOffset: index * size, as: Raw.self)
      }
    }
    return bytes
  }

  static func bytes(_ values: [Float]) -> [UInt8] {
    bytes(values.map { $0.bitPattern })
  }
}
