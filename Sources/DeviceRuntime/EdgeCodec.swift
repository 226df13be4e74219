public import PlanFormat

/// The API's edge: the only floating point at run time.
public enum EdgeCodec {
  /// q = round(x / scale) + zeroPoint, halves away from zero, clamped to int8 (TFLite's QUANTIZE).
  ///
  /// - Throws: `RuntimeError.notANumber` with the element's position.
  public static func quantize(
    _ values: some Sequence<Float>, tensor: PlanTensor, into bytes: UnsafeMutableRawBufferPointer
  ) throws(RuntimeError) {
    var position = 0
    for value in values where position < bytes.count {
      guard !value.isNaN else { throw .notANumber(element: position) }
      let level = (value / tensor.scale).rounded(.toNearestOrAwayFromZero)
      let shifted = min(max(level + Float(tensor.zeroPoint), -128), 127)
      bytes[position] = UInt8(bitPattern: Int8(shifted))
      position += 1
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
