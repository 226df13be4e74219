/// Functions that tables are made of, in integers: the same on every CPU, whatever its library.
enum FixedMath {
  /// 2π · 2^60, to the nearest.
  private static let fullTurn: UInt64 = 7_244_019_458_077_122_842
  /// ln 2 · 2^30, to the nearest.
  static let naturalOfTwo: Int64 = 744_261_118

  /// a · b / 2^shift, truncated; the result must fit 64 bits.
  @inline(__always)
  static func product(_ a: UInt64, _ b: UInt64, shift: UInt64) -> UInt64 {
    let wide = a.multipliedFullWidth(by: b)
    return wide.high &<< (64 &- shift) | wide.low &>> shift
  }

  /// cos(2π · part / whole) · 2^30, halves away from zero; the error is below one unit.
  ///
  /// - Parameters:
  ///   - part: from 0 to `whole`.
  ///   - whole: from 1 to 2^32.
  static func cosine(_ part: UInt64, of whole: UInt64) -> Int32 {
    // A half turn mirrors, a quarter turn changes the sign: angles to a quarter are left.
    let half = part * 2 > whole ? whole - part : part
    let isNegative = half * 4 > whole
    // In halves, so that whole / 2 − half is a whole number.
    let quarter = isNegative ? whole - half * 2 : half * 2
    let wide = fullTurn.multipliedFullWidth(by: quarter)
    let angle = (whole * 2).dividingFullWidth((wide.high, wide.low)).quotient
    let square = product(angle, angle, shift: 60)
    // Taylor's series by pairs of terms, in 2^-60; at π/2 the 13th pair is below one unit.
    var term: UInt64 = 1 << 60
    var (plus, minus): (UInt64, UInt64) = (term, 0)
    var order: UInt64 = 1
    while term > 0 {
      term = product(term, square, shift: 60) / (order * (order + 1))
      minus += term
      term = product(term, square, shift: 60) / ((order + 2) * (order + 3))
      plus += term
      order += 4
    }
    let value = plus > minus ? plus - minus : 0
    let level = Int32(truncatingIfNeeded: (value + 1 << 29) >> 30)
    return isNegative ? -level : level
  }

  /// sin(2π · part / whole) · 2^30, by the cosine a quarter turn before.
  static func sine(_ part: UInt64, of whole: UInt64) -> Int32 {
    let quarter = part * 4 + whole * 3
    return cosine(quarter % (whole * 4), of: whole * 4)
  }

  /// log₂(value) · 2^24, truncated, of a number above 0: bit by bit, each squaring doubles the
  /// logarithm of what is left.
  static func logarithm(_ value: UInt64) -> Int64 {
    let exponent = 63 - value.leadingZeroBitCount
    var mantissa = value << UInt64(63 - exponent)
    var result: UInt64 = 0
    for _ in 0..<24 {
      let wide = mantissa.multipliedFullWidth(by: mantissa)
      // 2^126 stands for 1: a set bit 127 says that the square is 2 or more.
      result <<= 1
      if wide.high >> 63 == 1 {
        result |= 1
        mantissa = wide.high
      } else {
        mantissa = wide.high << 1 | wide.low >> 63
      }
    }
    return Int64(exponent) << 24 + Int64(result)
  }

  /// ⌊√value⌋.
  static func squareRoot(_ value: UInt64) -> UInt64 {
    guard value > 0 else { return 0 }
    var rest = value
    var root: UInt64 = 0
    var bit: UInt64 = 1 &<< UInt64((63 - value.leadingZeroBitCount) & ~1)
    while bit != 0 {
      if rest >= root &+ bit {
        rest &-= root &+ bit
        root = root &>> 1 &+ bit
      } else {
        root = root &>> 1
      }
      bit = bit &>> 2
    }
    return root
  }
}
