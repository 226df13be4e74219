/// exp in + − × ÷ alone, so that it has the same bits on every host: libraries' exp differ in the
/// last place.
public enum Exponential {
  /// exp(x) within 2 units in the last place for |x| ≤ 700; 0 below −700, infinity above 700.
  ///
  /// x = k·ln 2 + r with |r| ≤ ln 2 / 2, then Taylor's series of r to the 14th power, whose
  /// remainder is below 2^-58.
  public static func exp(_ x: Double) -> Double {
    guard x > -700 else { return x.isNaN ? .nan : 0 }
    guard x < 700 else { return .infinity }
    let k = (x * 1.4426950408889634).rounded()
    // ln 2 in two parts: k times the first is exact.
    let r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10
    var sum = 1.0
    for n in stride(from: 14, through: 1, by: -1) { sum = 1 + sum * r / Double(n) }
    return Double(sign: .plus, exponent: Int(k), significand: sum)
  }
}

/// The table integer softmax reads.
public enum ExponentialTable {
  /// round(2^40 · exp(−scale · k)) for k = 0…255: 2^-40 is far below the half of 1/256 that decides a
  /// rounding of the result.
  ///
  /// - Parameter scale: β times the input's scale; finite and positive.
  public static func make(scale: Double) -> [UInt64] {
    (0..<256).map { k in
      UInt64((Exponential.exp(-scale * Double(k)) * 0x1p40).rounded(.toNearestOrAwayFromZero))
    }
  }
}
