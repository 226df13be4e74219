import ModelGraph

/// `TensorProto`: a constant, decoded but not yet checked against its dimensions.
struct ONNXTensor {
  var name = ""
  private var dimensions: [Int64] = []
  private var dataType = 0
  private var raw: ArraySlice<UInt8>?
  private var floats: [Float] = []
  private var doubles: [Double] = []
  private var narrow: [Int64] = []
  private var wide: [Int64] = []
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
      case 7: try reader.appendIntegers(field, to: &wide)
      case 8: name = try reader.string(field)
      case 9: raw = try reader.data(field)
      case 10: try reader.appendDoubles(field, to: &doubles)
      case 13: isExternal = true
      case 14: if try reader.integer(field) == 1 { isExternal = true }
      default: break
      }
      guard dimensions.count <= ImportLimits.rank else {
        throw GraphError.malformed("ONNX: tensor \(name) has more than 8 dimensions")
      }
    }
  }

  /// The element type ONNX's `TensorProto.DataType` is read as, or nil when it is not read.
  static func elementType(_ dataType: Int) -> ElementType? {
    switch dataType {
    case 1, 10, 11: .float32
    case 2: .uint8
    case 3: .int8
    case 5: .int16
    // Unsigned 16-bit integers, the zero points of 16-bit activations, have no type of their own.
    case 4, 6: .int32
    case 7: .int64
    case 9: .bool
    default: nil
    }
  }

  /// The tensor: half and double precision become float.
  func data() throws(GraphError) -> TensorData {
    guard !isExternal else {
      throw GraphError.unsupported(
        operation: "external data", node: name,
        reason: "its weights stand in another file; save the model with all data inside one file")
    }
    guard let type = Self.elementType(dataType) else {
      throw GraphError.unsupported(
        operation: "tensor", node: name,
        reason: "ONNX data type \(dataType) is not read; use float32, float16, double, int8, "
          + "uint8, int16, int32, int64 or bool")
    }
    var count = 1
    var shape: [Int] = []
    for dimension in dimensions {
      guard dimension >= 0, dimension <= Int64(ImportLimits.elements) else {
        throw GraphError.malformed("ONNX: tensor \(name) has dimension \(dimension)")
      }
      shape.append(Int(dimension))
      count *= Int(dimension)
      guard count <= ImportLimits.elements else {
        throw GraphError.malformed("ONNX: tensor \(name) is too large: \(dimensions)")
      }
    }
    let elements =
      try raw.map { (r) throws(GraphError) in try Self.decode(r, dataType, type) }
      ?? typedElements(type)
    guard Self.count(elements) == count else {
      throw GraphError.malformed(
        "ONNX: tensor \(name) of shape \(shape) holds \(Self.count(elements)) elements")
    }
    return TensorData(shape: shape, elements: elements)
  }

  private static func count(_ elements: TensorData.Elements) -> Int {
    switch elements {
    case .float32(let e): e.count
    case .int8(let e): e.count
    case .uint8(let e): e.count
    case .int16(let e): e.count
    case .int32(let e): e.count
    case .int64(let e): e.count
    case .bool(let e): e.count
    }
  }

  private static func decode(
    _ raw: ArraySlice<UInt8>, _ dataType: Int, _ type: ElementType
  ) throws(GraphError) -> TensorData.Elements {
    switch dataType {
    case 4: .int32(try LittleEndianArray.load(raw, UInt16.self).map { Int32($0) })
    case 10: .float32(try LittleEndianArray.load(raw, UInt16.self).map(HalfPrecision.float))
    case 11:
      .float32(try LittleEndianArray.load(raw, UInt64.self).map { Float(Double(bitPattern: $0)) })
    default: try LittleEndianArray.elements(raw, type)
    }
  }

  private func typedElements(_ type: ElementType) -> TensorData.Elements {
    switch type {
    case .float32:
      switch dataType {
      case 10: .float32(narrow.map { HalfPrecision.float(UInt16(truncatingIfNeeded: $0)) })
      case 11: .float32(doubles.map(Float.init))
      default: .float32(floats)
      }
    case .int8: .int8(narrow.map(Int8.init(truncatingIfNeeded:)))
    case .uint8: .uint8(narrow.map(UInt8.init(truncatingIfNeeded:)))
    case .int16: .int16(narrow.map(Int16.init(truncatingIfNeeded:)))
    case .int32: .int32(narrow.map(Int32.init(truncatingIfNeeded:)))
    case .int64: .int64(wide)
    case .bool: .bool(narrow.map { $0 != 0 })
    }
  }
}
