public import PlanFormat
public import SignalChain

/// The API's edge: the only floating point at run time.
public enum EdgeCodec {
  /// q = round(x / scale) + zeroPoint, halves away from zero, clamped to the tensor's element (TFLite's
  /// QUANTIZE); to 32 bits of a float's 24 for int32 and int64.
  ///
  /// - Parameter normalization: applied to each x first; the values are raw then.
  /// - Throws: `RuntimeError.notANumber` with the element's position.
  public static func quantize(
    _ values: some Sequence<Float>, normalization: Normalization? = nil, tensor: PlanTensor,
    into bytes: UnsafeMutableRawBufferPointer
  ) throws(RuntimeError) {
    let (lowest, highest): (Float, Float) =
      switch tensor.element {
      case .int8: (-128, 127)
      case .int16: (-32768, 32767)
      // The largest floats inside int32.
      case .int32, .int64: (-2_147_483_648, 2_147_483_520)
      }
    let count = bytes.count / tensor.element.byteCount
    var position = 0
    for raw in values where position < count {
      var value = raw
      if let normalization {
        value = normalization.apply(raw, channel: normalization.channel(of: position))
      }
      guard !value.isNaN else { throw .notANumber(element: position) }
      let level = (value / tensor.scale).rounded(.toNearestOrAwayFromZero)
      let shifted = min(max(level + Float(tensor.zeroPoint), lowest), highest)
      store(Int64(shifted), at: position, tensor.element, bytes)
      position += 1
    }
  }

  private static func level(_ value: Float, _ tensor: PlanTensor) -> UInt8 {
    let level = (value / tensor.scale).rounded(.toNearestOrAwayFromZero)
    let shifted = min(max(level + Float(tensor.zeroPoint), -128), 127)
    return UInt8(bitPattern: Int8(shifted))
  }

  /// What `quantize` makes of each raw byte: 256 results per channel, for loading without floating
  /// point.
  public static func byteTable(
    _ normalization: Normalization, tensor: PlanTensor
  ) -> [UInt8] {
    var table: [UInt8] = []
    table.reserveCapacity(256 * normalization.channels)
    for channel in 0..<normalization.channels {
      for byte in UInt8.min...UInt8.max {
        table.append(level(normalization.apply(Float(byte), channel: channel), tensor))
      }
    }
    return table
  }

  /// Raw unsigned bytes through a table of `byteTable`.
  public static func loadRawBytes(
    _ values: some Sequence<UInt8>, normalization: Normalization, table: [UInt8],
    into bytes: UnsafeMutableRawBufferPointer
  ) {
    for (position, value) in values.enumerated() where position < bytes.count {
      bytes[position] = table[normalization.channel(of: position) << 8 | Int(value)]
    }
  }

  /// The ranks of an item's floats among a port's thresholds: one per column, NaN has its own.
  public static func rank(
    _ values: ArraySlice<Float>, columns: [RankColumn], tensor: PlanTensor,
    into bytes: UnsafeMutableRawBufferPointer
  ) {
    let count = bytes.count / tensor.element.byteCount
    for (position, column) in columns.enumerated() where position < count {
      let rank = column.rank(of: values[values.startIndex + column.feature])
      store(Int64(rank), at: position, tensor.element, bytes)
    }
  }

  /// x = (q − zeroPoint) · scale.
  public static func dequantize(_ bytes: UnsafeRawBufferPointer, tensor: PlanTensor) -> [Float] {
    levels(bytes, tensor.element).map { level in
      // Sums of trees have more bits than a float: the product is formed in double.
      tensor.element == .int8
        ? Float(Int32(level) - tensor.zeroPoint) * tensor.scale
        : Float(Double(level) * Double(tensor.scale))
    }
  }

  /// The integers of a tensor's bytes.
  public static func levels(_ bytes: UnsafeRawBufferPointer, _ element: PlanElement) -> [Int64] {
    (0..<bytes.count / element.byteCount).map { index in
      switch element {
      case .int8: Int64(bytes.loadUnaligned(fromByteOffset: index, as: Int8.self))
      case .int16: Int64(bytes.loadUnaligned(fromByteOffset: 2 * index, as: Int16.self))
      case .int32: Int64(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self))
      case .int64: bytes.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self)
      }
    }
  }

  /// Raw unsigned bytes of an input whose zero point is −128: q = u − 128.
  public static func loadRawBytes(
    _ values: some Sequence<UInt8>, into bytes: UnsafeMutableRawBufferPointer
  ) {
    for (position, value) in values.enumerated() where position < bytes.count {
      bytes[position] = value ^ 0x80
    }
  }

  private static func store(
    _ level: Int64, at index: Int, _ element: PlanElement, _ bytes: UnsafeMutableRawBufferPointer
  ) {
    switch element {
    case .int8:
      bytes.storeBytes(of: Int8(truncatingIfNeeded: level), toByteOffset: index, as: Int8.self)
    case .int16:
      bytes.storeBytes(
        of: Int16(truncatingIfNeeded: level), toByteOffset: 2 * index, as: Int16.self)
    case .int32:
      bytes.storeBytes(
        of: Int32(truncatingIfNeeded: level), toByteOffset: 4 * index, as: Int32.self)
    case .int64: bytes.storeBytes(of: level, toByteOffset: 8 * index, as: Int64.self)
    }
  }
}
