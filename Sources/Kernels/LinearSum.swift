import PlanFormat

/// q = (x·left + y·right + constant) >> bits, clamped: a sum of two scaled elements with one rounding,
/// where its definition has three.
///
/// Nothing is taken on trust: the constant is one for which the form gives the definition's result for
/// all 65,536 pairs of inputs. The coefficients are the real factors times 2^bits; where no constant
/// fits them, they are moved, by less than the definition's own roundings, towards the pairs that
/// conflict. Some sums have no such form (halves that the definition rounds away from zero, say).
struct LinearSum {
  var left: Int64
  var right: Int64
  var constant: Int64 = 0
  /// Fraction bits.
  let bits: Int64

  private static let attempts = 24

  /// The form that equals a sum, if one is found, with as many fraction bits, up to 30, as keep both
  /// coefficients below 2^30.
  static func equal(to sum: ScaledSum) -> LinearSum? {
    for bits in stride(from: Int64(30), to: 16, by: -1) {
      guard let form = nearest(to: sum.parameters, bits) else { return nil }
      // A little below 2^30: the search may move them.
      if max(form.left, form.right) < 1 << 30 - 1 << 20 {
        return form.moved(to: sum)
      }
    }
    return nil
  }

  /// The form of so many fraction bits that equals a sum, if one is found.
  static func equal(to sum: ScaledSum, bits: Int64) -> LinearSum? {
    nearest(to: sum.parameters, bits)?.moved(to: sum)
  }

  /// The form with a constant, and coefficients moved for its sake, that equals a sum.
  private func moved(to sum: ScaledSum) -> LinearSum? {
    var form = self
    let results = (-128...127 as ClosedRange<Int32>).flatMap { x in
      (-128...127 as ClosedRange<Int32>).map { y in Int16(sum.apply(x, y)) }
    }
    for _ in 0..<Self.attempts {
      let bounds = form.bounds(
        results, minimum: sum.parameters.minimum, maximum: sum.parameters.maximum)
      let conflict = bounds.lowest.value - bounds.highest.value
      if conflict <= 0 {
        form.constant = (bounds.lowest.value + bounds.highest.value) >> 1
        return form
      }
      // Raise the form where it must be higher, against where it must be lower.
      let (dx, dy) = (
        bounds.lowest.x - bounds.highest.x, bounds.lowest.y - bounds.highest.y
      )
      let reach = abs(dx) + abs(dy)
      guard reach > 0, conflict < 1 << 20 else { return nil }
      let step = conflict / reach + 1
      form.left += dx.signum() * step
      form.right += dy.signum() * step
    }
    return nil
  }

  private static func nearest(to parameters: AdditionParameters, _ bits: Int64) -> LinearSum? {
    guard let left = coefficient(parameters.left, parameters, bits),
      let right = coefficient(parameters.right, parameters, bits)
    else { return nil }
    return LinearSum(left: left, right: right, bits: bits)
  }

  /// operand · output · 2^leftShift · 2^bits, rounded; nil where it is far from 1.
  private static func coefficient(
    _ operand: FixedPointScale, _ parameters: AdditionParameters, _ bits: Int64
  ) -> Int64? {
    let product = Int64(operand.multiplier) * Int64(parameters.output.multiplier)
    // Each scale is multiplier · 2^(shift − 31).
    let right = 62 - Int64(operand.shift + parameters.output.shift + parameters.leftShift) - bits
    guard right > 0, right < 63 else { return nil }
    return ((product >> (right - 1)) + 1) >> 1
  }

  private typealias Bound = (value: Int64, x: Int64, y: Int64)

  /// The least constant that lifts every result high enough and the greatest that leaves every one low
  /// enough, with the pairs that ask for them.
  private func bounds(
    _ results: [Int16], minimum: Int32, maximum: Int32
  ) -> (lowest: Bound, highest: Bound) {
    var lowest: Bound = (-(Int64(1) << 45), 0, 0)
    var highest: Bound = (Int64(1) << 45, 0, 0)
    var position = 0
    for x in -128...127 as ClosedRange<Int64> {
      for y in -128...127 as ClosedRange<Int64> {
        let result = Int64(results[position])
        let linear = x * left + y * right
        position += 1
        let least = result << bits - linear
        if result > Int64(minimum), least > lowest.value { lowest = (least, x, y) }
        let most = (result + 1) << bits - 1 - linear
        if result < Int64(maximum), most < highest.value { highest = (most, x, y) }
      }
    }
    return (lowest, highest)
  }
}
