public import PlanFormat
public import SignalChain

/// The API's edge: the only floating point at run time.
public enum EdgeCodec {
  /// q = round(x / scale) + zeroPoint, halves away from zero, clamped to int8 (TFLite's QUANTIZE).
  ///
  /// - Parameter normalization: applied to each x first; the values are raw then.
  /// - Throws: `RuntimeError.notANumber` with the element's position.
  public static func quantize(
    _ values: some Sequence<Float>, normalization: Normalization? = nil, tensor: PlanTensor,
    into bytes: UnsafeMutableRawBufferPointer
  ) throws(RuntimeError) {
    var position = 0
    for raw in values where position < bytes.count {
      var value = raw
      if let normalization {
        value = normalization.apply(raw, channel: normalization.channel(of: position))
      }
      guard !value.isNaN else { throw .notANumber(element: position) }
      bytes[position] = level(value, tensor)
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

  /// x = (q − zeroPoint) · scale.
  public static func dequantize(_ bytes: UnsafeRawBufferPointer, tensor: PlanTensor) -> [Float] {
    bytes.map { byte in
      Float(Int32(Int8(bitPattern: byte)) - tensor.zeroPoint) * tensor.scale
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
}
