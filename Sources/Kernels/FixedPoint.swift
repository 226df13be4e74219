package import PlanFormat

/// The arithmetic between an accumulator and an output (gemmlowp, doc/quantization.md; TFLite's
/// MultiplyByQuantizedMultiplier). Inputs are validated: multipliers ≥ 0, shifts in −31…30.
package enum FixedPoint {
  /// round(value · multiplier · 2^(shift − 31)), rounded twice: to 32 bits at the product, halves
  /// upwards, then at the shift, halves away from zero.
  @inline(__always)
  package static func scaleTwice(_ value: Int32, _ multiplier: Int32, _ shift: Int32) -> Int32 {
    let raised = value &<< max(shift, 0)
    return roundingShift(doublingHighProduct(raised, multiplier), max(0 &- shift, 0))
  }

  /// ``scaleTwice(_:_:_:)`` by at most 1: shift in −31…0.
  @inline(__always)
  package static func lowerTwice(_ value: Int32, _ multiplier: Int32, _ shift: Int32) -> Int32 {
    roundingShift(doublingHighProduct(value, multiplier), 0 &- shift)
  }

  /// round(value · multiplier · 2^(shift − 31)), rounded once, halves upwards.
  @inline(__always)
  package static func scaleOnce(_ value: Int32, _ multiplier: Int32, _ shift: Int32) -> Int32 {
    let total = Int64(31 &- shift)
    let product = Int64(value) &* Int64(multiplier)
    return Int32(truncatingIfNeeded: (product &+ (1 &<< (total &- 1))) &>> total)
  }

  /// round(value · multiplier · 2^(shift − 31)), the multiplier rounded to its 16 upper bits first,
  /// then the product, halves upwards: TFLite's for 64-bit accumulators. |value| < 2^47, shift in
  /// −31…7.
  @inline(__always)
  package static func scaleReduced(_ value: Int64, _ multiplier: Int32, _ shift: Int32) -> Int64 {
    let total = Int64(15 &- shift)
    return (value &* reduced(multiplier) &+ (1 &<< (total &- 1))) &>> total
  }

  /// A multiplier rounded to its 16 upper bits, halves upwards, but below 2^15.
  @inline(__always)
  package static func reduced(_ multiplier: Int32) -> Int64 {
    min((Int64(multiplier) &+ 1 &<< 15) &>> 16, Int64(Int16.max))
  }

  /// round(value · multiplier · 2^(shift − 31)), rounded once, halves away from zero. |value| < 2^47,
  /// shift in −31…7.
  @inline(__always)
  package static func scaleWhole(_ value: Int64, _ multiplier: Int32, _ shift: Int32) -> Int64 {
    // 78 bits of product in two parts: value = high · 2^16 + low. The sum's 16 last bits are below
    // the rounding bit, and dropping them first changes no floor.
    let magnitude = Int64(value.magnitude)
    let (high, low) = (magnitude &>> 16, magnitude & 0xffff)
    let total = Int64(15 &- shift)
    let product = high &* Int64(multiplier) &+ (low &* Int64(multiplier)) &>> 16
    let level = (product &+ (1 &<< (total &- 1))) &>> total
    return value < 0 ? 0 &- level : level
  }

  /// Either, as a plan asks.
  @inline(__always)
  package static func scale(
    _ value: Int32, _ multiplier: Int32, _ shift: Int32, _ rounding: Requantization.Rounding
  ) -> Int32 {
    rounding == .once
      ? scaleOnce(value, multiplier, shift) : scaleTwice(value, multiplier, shift)
  }

  /// SaturatingRoundingDoublingHighMul: the high half of 2·a·b. It cannot saturate, since b ≥ 0.
  @inline(__always)
  package static func doublingHighProduct(_ a: Int32, _ b: Int32) -> Int32 {
    let product = Int64(a) &* Int64(b)
    let nudge: Int64 = product >= 0 ? 1 &<< 30 : 1 &- (1 &<< 30)
    // Division truncates towards zero, as the definition does; an arithmetic shift would not.
    return Int32(truncatingIfNeeded: (product &+ nudge) / (1 &<< 31))
  }

  /// RoundingDivideByPOT: value / 2^exponent, halves away from zero.
  @inline(__always)
  package static func roundingShift(_ value: Int32, _ exponent: Int32) -> Int32 {
    let mask = Int32(truncatingIfNeeded: (Int64(1) &<< Int64(exponent)) &- 1)
    let remainder = value & mask
    let threshold = (mask &>> 1) &+ (value < 0 ? 1 : 0)
    return (value &>> exponent) &+ (remainder > threshold ? 1 : 0)
  }

  /// A value clamped to [minimum, maximum] ⊂ [−128, 127].
  @inline(__always)
  package static func clamp(_ value: Int32, _ minimum: Int32, _ maximum: Int32) -> Int8 {
    Int8(truncatingIfNeeded: min(max(value, minimum), maximum))
  }
}
