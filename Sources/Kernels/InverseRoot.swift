package import PlanFormat

extension FixedPoint {
  /// 1 / √value as LiteRT's GetInvSqrtQuantizedMultiplierExp has it: multiplier · 2^(shift − 31), by
  /// five steps of Newton's method on 3 integer and 28 fraction bits.
  package static func inverseRoot(of value: Int32) -> FixedPointScale {
    guard value > 1 else { return FixedPointScale(multiplier: .max, shift: 0) }
    var (scaled, shift) = (value, Int32(11))
    while scaled >= 1 << 29 {
      scaled /= 4
      shift &+= 1
    }
    let pairs = (Int32(scaled.leadingZeroBitCount) &- 1) / 2 &- 1
    shift &-= pairs
    scaled &<<= 2 &* pairs
    let half = roundingShift(scaled &>> 1, 1)
    var x: Int32 = 1 << 28
    for _ in 0..<5 {
      let cube = saturatingShift(
        doublingHighProduct(doublingHighProduct(x, x), x), 6)
      let step =
        doublingHighProduct(3 << 27, x) &- doublingHighProduct(half, cube)
      x = saturatingShift(step, 3)
    }
    // √½ in 31 fraction bits.
    var multiplier = doublingHighProduct(x, 1_518_500_250)
    if shift < 0 {
      multiplier &<<= 0 &- shift
      shift = 0
    }
    return FixedPointScale(multiplier: multiplier, shift: 0 &- shift)
  }

  /// value · 2^exponent, saturated.
  @inline(__always)
  static func saturatingShift(_ value: Int32, _ exponent: Int32) -> Int32 {
    Int32(clamping: Int64(value) &<< Int64(exponent))
  }
}
