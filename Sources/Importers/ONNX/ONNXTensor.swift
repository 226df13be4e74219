import ModelGraph

/// `TensorProto`: a constant, decoded but not yet checked against its dimensions.
struct ONNXTensor {
  var name = ""
  private var dimensions: [Int64] = []
  /// `TensorProto.DataType`.
  private(set) var dataType = 0
  private var raw: ArraySlice<UInt8>?
  private var floats: [Float] = []
  private var doubles: [Double] = []
  private var narrow: [Int64] = []
  private var wide: [Int64] = []
  private var unsigned: [UInt64] = []
  private var texts: [String] = []
  private var isExternal = false

  /// Decodes the message.
  init(_ message: ProtobufReader) throws(GraphError) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: try reader.appendIntegers(field, to: &dimensions)
      case 2: dataType = try reader.integer(field)
      case 4: try reader.appendFloats(field, to: &floats)
      case 5: try reader.appendIntegers(field, to: &narrow)
      case 6:
        let text = try reader.data(field)
        texts.append(String(decoding: text.prefix(ImportLimits.nameBytes), as: UTF8.self))
      case 7: try reader.appendIntegers(field, to: &wide)
      case 8: name = try reader.string(field)
      case 9: raw = try reader.data(field)
      case 10: try reader.appendDoubles(field, to: &doubles)
      case 11:
        var bits: [Int64] = []
        try reader.appendIntegers(field, to: &bits)
        unsigned += bits.map(UInt64.init(bitPattern:))
      case 13: isExternal = true
      case 14: if try reader.integer(field) == 1 { isExternal = true }
      default: break
      }
      guard dimensions.count <= ImportLimits.rank else {
        throw GraphError.malformed("ONNX: tensor \(name) has more than 8 dimensions")
      }
    }
  }

  /// The elements of a tensor of strings; nil for others.
  var strings: [String]? { dataType == 8 && !isExternal ? texts : nil }

  /// `TensorProto.DataType.BFLOAT16`.
  static let bfloat16 = 16

  /// Takes elements of uint16 for the bits of bfloat16.
  mutating func readBitsAsBFloat16() {
    if dataType == 4 { dataType = Self.bfloat16 }
  }

  /// The element type ONNX's `TensorProto.DataType` is read as, or nil when it is not read: the
  /// other floating-point formats as float32, unsigned and 4-bit integers as the narrowest type that
  /// holds their values.
  static func elementType(_ dataType: Int) -> ElementType? {
    switch dataType {
    case 1, 10, 11, 16, 17, 18, 19, 20: .float32
    case 2, 21: .uint8
    case 3, 22: .int8
    case 4, 6: .int32
    case 5: .int16
    case 7, 12, 13: .int64
    case 9: .bool
    default: nil
    }
  }

  /// The floating-point format narrower than float32 that `TensorProto.DataType` names, if any.
  static func narrowFloat(_ dataType: Int) -> NarrowFloat? {
    switch dataType {
    case 10: .half
    case 16: .bfloat16
    case 17: .e4m3fn
    case 18: .e4m3fnuz
    case 19: .e5m2
    case 20: .e5m2fnuz
    default: nil
    }
  }

  /// The tensor, its elements as ``elementType(_:)`` says.
  func data() throws(GraphError) -> TensorData {
    guard !isExternal else {
      throw GraphError.unsupported(
        operation: "external data", node: name,
        reason: "its weights stand in another file; save the model with all data inside one file")
    }
    guard let type = Self.elementType(dataType) else {
      throw GraphError.unsupported(
        operation: "tensor", node: name,
        reason: "ONNX data type \(dataType) is not read; use one of the floating-point and integer "
          + "types, or bool")
    }
    let shape = dimensions.map(Int.init)
    guard ImportLimits.isBounded(shape) else {
      throw GraphError.malformed(
        "ONNX: tensor \(name) has shape \(shape); dimensions must not be negative and the element "
          + "count at most \(ImportLimits.elements)")
    }
    let count = shape.reduce(1, *)
    let elements =
      try raw.map { (r) throws(GraphError) in try Self.decode(r, dataType, type, count: count) }
      ?? typedElements(type, count: count)
    guard elements.count == count else {
      throw GraphError.malformed(
        "ONNX: tensor \(name) of shape \(shape) holds \(elements.count) elements")
    }
    return TensorData(shape: shape, elements: elements)
  }

  /// The elements of a list of floats or doubles, without loss.
  func doubleData() throws(GraphError) -> [Double] {
    guard dataType == 11, !isExternal else {
      guard let floats = try data().floats else {
        throw GraphError.malformed("ONNX: the elements of tensor \(name) are no floats")
      }
      return floats.map { Double($0) }
    }
    // Checks their number.
    _ = try data()
    return try raw.map { (r) throws(GraphError) in
      try LittleEndianArray.load(r, UInt64.self).map { Double(bitPattern: $0) }
    } ?? doubles
  }

  private static func decode(
    _ raw: ArraySlice<UInt8>, _ dataType: Int, _ type: ElementType, count: Int
  ) throws(GraphError) -> TensorData.Elements {
    if let format = narrowFloat(dataType) {
      let bits =
        format.bitWidth == 8 ? raw.map(UInt16.init) : try LittleEndianArray.load(raw, UInt16.self)
      return .float32(bits.map(format.float(bits:)))
    }
    switch dataType {
    case 4: return .int32(try LittleEndianArray.load(raw, UInt16.self).map(Int32.init))
    case 11:
      return .float32(
        try LittleEndianArray.load(raw, UInt64.self).map { Float(Double(bitPattern: $0)) })
    case 12: return .int64(try LittleEndianArray.load(raw, UInt32.self).map(Int64.init))
    case 13: return .int64(try LittleEndianArray.load(raw, UInt64.self).map(Int64.init(clamping:)))
    case 21, 22: return nibbles(raw, isSigned: dataType == 22, count: count)
    default: return try LittleEndianArray.elements(raw, type)
    }
  }

  /// Two 4-bit integers in a byte, the first in the lower half.
  private static func nibbles(
    _ bytes: some Collection<UInt8>, isSigned: Bool, count: Int
  ) -> TensorData.Elements {
    let all = bytes.flatMap { [$0 & 15, $0 >> 4] }
    // An odd count leaves half a byte over.
    let values = all.prefix(all.count == count + 1 ? count : all.count)
    guard isSigned else { return .uint8(Array(values)) }
    return .int8(values.map { Int8(bitPattern: $0 << 4) >> 4 })
  }

  private func typedElements(_ type: ElementType, count: Int) -> TensorData.Elements {
    if let format = Self.narrowFloat(dataType) {
      return .float32(narrow.map { format.float(bits: UInt16(truncatingIfNeeded: $0)) })
    }
    if dataType == 21 || dataType == 22 {
      let bytes = narrow.map(UInt8.init(truncatingIfNeeded:))
      return Self.nibbles(bytes, isSigned: dataType == 22, count: count)
    }
    return switch type {
    case .float32: .float32(dataType == 11 ? doubles.map(Float.init) : floats)
    case .int8: .int8(narrow.map(Int8.init(truncatingIfNeeded:)))
    case .uint8: .uint8(narrow.map(UInt8.init(truncatingIfNeeded:)))
    case .int16: .int16(narrow.map(Int16.init(truncatingIfNeeded:)))
    case .int32: .int32(narrow.map(Int32.init(truncatingIfNeeded:)))
    // uint32 and uint64 stand in a field of their own.
    case .int64: .int64(dataType == 7 ? wide : unsigned.map(Int64.init(clamping:)))
    case .bool: .bool(narrow.map { $0 != 0 })
    }
  }
}
