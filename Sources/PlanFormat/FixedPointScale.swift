/// One multiplier for a whole tensor: M = multiplier · 2^(shift − 31).
public struct FixedPointScale: Sendable, Equatable {
  /// In [2^30, 2^31), or 0; a divided scale also in [2^29, 2^30), or less where the shift is least.
  public var multiplier: Int32
  /// Power of two; negative shifts right.
  public var shift: Int32

  /// Creates a scale from its parts.
  public init(multiplier: Int32, shift: Int32) {
    self.multiplier = multiplier
    self.shift = shift
  }

  /// The nearest scale to a real multiplier, as TFLite's QuantizeMultiplier forms it: 31 bits of
  /// significand, halves away from zero; below 2^-32 it is 0, above 2^30 the largest.
  ///
  /// - Parameter real: finite and not negative; anything else gives 0.
  public init(nearestTo real: Double) {
    guard real.isFinite, real > 0 else {
      self.init(multiplier: 0, shift: 0)
      return
    }
    var shift = Int(real.exponent) + 1
    // The significand is in [1, 2) with 52 fraction bits: keep 30 of them, halves upwards.
    var significand = (Int64(real.significand * 0x1p52) + 1 << 21) >> 22
    if significand == 1 << 31 {
      significand = 1 << 30
      shift += 1
    }
    if shift < -31 {
      self.init(multiplier: 0, shift: 0)
    } else if shift > 30 {
      self.init(multiplier: Int32.max, shift: 30)
    } else {
      self.init(multiplier: Int32(significand), shift: Int32(shift))
    }
  }

  /// This scale over a count of elements, as TFLite's MEAN divides: the multiplier gains as many
  /// bits as the count has beyond its first, never so many that the shift would leave −31…, and the
  /// quotient is truncated. The nearest scale to the real quotient can be one step away from it, and
  /// with it an output.
  ///
  /// - Parameter count: from 1 to 2^31 − 1.
  public func divided(by count: Int) -> FixedPointScale {
    let bits = min(Int32(Int.bitWidth - 1 - count.leadingZeroBitCount), 31 + shift)
    let quotient = (Int64(multiplier) << Int64(bits)) / Int64(count)
    return FixedPointScale(multiplier: Int32(quotient), shift: shift - bits)
  }
}
