import PlanFormat

/// A linear form (`LinearSum`) whose coefficients are digits of 7 or 8 bits, so that each product and
/// each sum of them fits 16 bits: twice the lanes of 32, and no element is widened.
///
/// From the lowest digit on, each one's sum is floored and added to the next one's (swl_sum). Nested
/// floors are the floor of the whole, so this is the form to the bit, provided that nothing leaves 16
/// bits, which is verified.
struct DigitSum {
  /// Bits below each digit's floor, lowest digit first, and of outputs below the highest digit's.
  private static let shifts: [Int64] = [8, 7, 8]

  /// Four digits each; the lowest is zero where three do.
  private(set) var left: [Int8] = []
  private(set) var right: [Int8] = []
  /// The constant in three parts: the lowest digit's, the next one's and the highest one's.
  let lowestConstant: Int16
  let lowConstant: Int16
  let highConstant: Int16
  let digits: Int32

  /// The form of fewest digits that equals a sum. Three want a range without a clamp of its own.
  static func equal(to sum: ScaledSum) -> DigitSum? {
    let (minimum, maximum) = (sum.parameters.minimum, sum.parameters.maximum)
    if minimum == -128, maximum == 127, let form = DigitSum(sum, digits: 3, outputBits: 6) {
      return form
    }
    return DigitSum(sum, digits: 4, outputBits: 3)
  }

  private init?(_ sum: ScaledSum, digits: Int32, outputBits: Int64) {
    self.digits = digits
    let isLong = digits == 4
    // Bits of the constant's lowest part, and of the two lower ones.
    let lowestBits = isLong ? Self.shifts[0] : 0
    let lowerBits = lowestBits + Self.shifts[1] + Self.shifts[2]
    guard let form = LinearSum.equal(to: sum, bits: lowerBits + outputBits) else { return nil }
    var (l, r) = (form.left, form.right)
    let upper = (form.constant + 1 << (lowerBits - 1)) >> lowerBits
    let lower = form.constant - upper << lowerBits
    guard let high = Int16(exactly: upper), let low = Int16(exactly: lower >> lowestBits)
    else { return nil }
    lowestConstant = Int16(lower & (1 << lowestBits - 1))
    (lowConstant, highConstant) = (low, high)
    let starts = [lowestConstant, low, 0, high].map(Int64.init)
    // What the floors of lower digits add.
    var carry: ClosedRange<Int64> = 0...0
    for (index, shift) in (Self.shifts + [0]).enumerated() {
      let isUsed = index > 0 || isLong
      let width = isUsed ? shift : 0
      guard let leftDigit = Self.takeDigit(&l, width, isHighest: index == 3, isUsed),
        let rightDigit = Self.takeDigit(&r, width, isHighest: index == 3, isUsed)
      else { return nil }
      left.append(leftDigit)
      right.append(rightDigit)
      let (a, b) = (Self.products(leftDigit), Self.products(rightDigit))
      let least = starts[index] + a.lowerBound + b.lowerBound + carry.lowerBound
      let most = starts[index] + a.upperBound + b.upperBound + carry.upperBound
      guard least >= Int16.min, most <= Int16.max else { return nil }
      carry = least >> shift...most >> shift
    }
  }

  /// The lowest digit of a coefficient, which keeps the rest; signed, so that it is least in
  /// magnitude. The highest is all that is left.
  private static func takeDigit(
    _ value: inout Int64, _ width: Int64, isHighest: Bool, _ isUsed: Bool
  ) -> Int8? {
    guard isUsed else { return 0 }
    if isHighest { return Int8(exactly: value) }
    let rest = (value + 1 << (width - 1)) >> width
    defer { value = rest }
    return Int8(exactly: value - rest << width)
  }

  /// From the least to the greatest product of a digit and an element.
  private static func products(_ digit: Int8) -> ClosedRange<Int64> {
    let (a, b) = (Int64(digit) * -128, Int64(digit) * 127)
    return min(a, b)...max(a, b)
  }
}
