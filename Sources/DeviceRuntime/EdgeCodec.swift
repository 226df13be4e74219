public import PlanFormat

/// The API's edge: the only floating point at run time.
public enum EdgeCodec {
  /// q = round(x / scale) + zeroPoint, halves away from zero, clamped to the tensor's element (TFLite's
  /// QUANTIZE); to 32 bits of a float's 24 for int32 and int64.
  ///
  /// - Throws: `RuntimeError.notANumber` with the element's position.
  public static func quantize(
    _ values: some Sequence<Float>, tensor: PlanTensor, into bytes: UnsafeMutableRawBufferPointer
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
    for value in values where position < count {
      guard !value.isNaN else { throw .notANumber(element: position) }
      let level = (value / tensor.scale).rounded(.toNearestOrAwayFromZero)
      let shifted = min(max(level + Float(tensor.zeroPoint), lowest), highest)
      store(Int64(shifted), at: position, tensor.element, bytes)
      position += 1
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
