import ModelGraph

/// Arrays of numbers from raw little-endian bytes.
enum LittleEndianArray {
  /// All of `raw` as integers; its length must be a multiple of their size.
  static func load<Integer: FixedWidthInteger & UnsignedInteger>(
    _ raw: ArraySlice<UInt8>, _ type: Integer.Type
  ) throws(GraphError) -> [Integer] {
    let size = Integer.bitWidth / 8
    guard raw.count % size == 0 else {
      throw GraphError.malformed(
        "a constant of \(raw.count) bytes is no array of \(size)-byte values")
    }
    var list: [Integer] = []
    list.reserveCapacity(raw.count / size)
    var position = raw.startIndex
    while position < raw.endIndex {
      var value: Integer = 0
      for index in 0..<size {
        value |= Integer(truncatingIfNeeded: raw[position + index]) << Integer(8 * index)
      }
      list.append(value)
      position += size
    }
    return list
  }

  /// All of `raw` as elements of `type`.
  static func elements(
    _ raw: ArraySlice<UInt8>, _ type: ElementType
  ) throws(GraphError) -> TensorData.Elements {
    switch type {
    case .float32: .float32(try load(raw, UInt32.self).map(Float.init(bitPattern:)))
    case .int8: .int8(raw.map(Int8.init(bitPattern:)))
    case .uint8: .uint8([UInt8](raw))
    case .int16: .int16(try load(raw, UInt16.self).map(Int16.init(bitPattern:)))
    case .int32: .int32(try load(raw, UInt32.self).map(Int32.init(bitPattern:)))
    case .int64: .int64(try load(raw, UInt64.self).map(Int64.init(bitPattern:)))
    case .bool: .bool(raw.map { $0 != 0 })
    }
  }
}
