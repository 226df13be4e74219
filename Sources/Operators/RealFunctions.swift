import PlanFormat

/// Functions of one real number in + − × ÷ and square root alone, which IEEE 754 defines to the last
/// bit: so they have the same bits on every host, as libraries' have not. Each is within 2^-44 of the
/// true value, relative to it, where nothing else is said: far below half a step of float32.
package enum RealFunctions {
  /// ln x: x = m · 2^k with m in [√½, √2), then 2 · artanh((m − 1) / (m + 1)). Absolute error 2^-50
  /// near 1.
  package static func log(_ x: Double) -> Double {
    guard x > 0 else { return x == 0 ? -.infinity : .nan }
    guard x.isFinite else { return x }
    var (m, k) = (x.significand, Double(x.exponent))
    if m > 1.4142135623730951 { (m, k) = (m / 2, k + 1) }
    return k * 0.69314718055994531 + twiceInverseTangent((m - 1) / (m + 1))
  }

  /// ln(1 + u) for u in [0, 1].
  static func logOnePlus(_ u: Double) -> Double { twiceInverseTangent(u / (2 + u)) }

  /// 2 · artanh(s) for |s| ≤ 1/3 by its series to s^37; the remainder is below 2^-60.
  private static func twiceInverseTangent(_ s: Double) -> Double {
    let square = s * s
    var sum = 0.0
    for n in stride(from: 37, through: 1, by: -2) { sum = sum * square + 1 / Double(n) }
    return 2 * s * sum
  }

  /// exp(x) − 1; Taylor's series near 0, where the difference would cancel.
  static func expMinusOne(_ x: Double) -> Double {
    guard abs(x) < 0.5 else { return Exponential.exp(x) - 1 }
    var sum = 1.0
    for n in stride(from: 15, through: 2, by: -1) { sum = 1 + sum * x / Double(n) }
    return x * sum
  }

  /// The angle of the point (x, y), in −π…π: of signed zeros as IEEE 754 has it. The angle of the
  /// smaller over the larger coordinate is halved twice, tan φ/2 = t / (1 + √(1 + t²)), to below 0.2;
  /// there its series to t^27 leaves less than 2^-68.
  static func arcTangent(_ y: Double, _ x: Double) -> Double {
    guard !x.isNaN, !y.isNaN else { return .nan }
    let (right, up) = (abs(x), abs(y))
    var tangent = min(right, up) / max(right, up)
    if right == up { tangent = right == 0 ? 0 : 1 }
    for _ in 0..<2 { tangent /= 1 + (1 + tangent * tangent).squareRoot() }
    var sum = 0.0
    for n in stride(from: 27, through: 1, by: -2) {
      sum = (n % 4 == 1 ? 1 : -1) / Double(n) + sum * tangent * tangent
    }
    var angle = 4 * tangent * sum
    if up > right { angle = 1.5707963267948966 - angle }
    if x.sign == .minus { angle = 3.1415926535897931 - angle }
    return y.sign == .minus ? -angle : angle
  }

  /// 1 / (1 + exp(−x)).
  static func sigmoid(_ x: Double) -> Double {
    let power = Exponential.exp(-abs(x))
    return x < 0 ? power / (1 + power) : 1 / (1 + power)
  }

  /// tanh x.
  static func tanh(_ x: Double) -> Double {
    let power = expMinusOne(-2 * abs(x))
    let magnitude = -power / (power + 2)
    return x < 0 ? -magnitude : magnitude
  }

  /// ln(1 + exp x).
  static func softplus(_ x: Double) -> Double {
    max(x, 0) + logOnePlus(Exponential.exp(-abs(x)))
  }

  /// The error function: 2/√π · exp(−x²) · Σ 2^n x^(2n+1) / (2n + 1)!!, whose terms are all of one
  /// sign (Abramowitz and Stegun 7.1.6); ±1 from 6 on, where it is within 2^-55 of that.
  static func erf(_ x: Double) -> Double {
    guard abs(x) < 6 else { return x.isNaN ? .nan : x < 0 ? -1 : 1 }
    var (term, sum) = (x, x)
    var n = 3.0
    while abs(term) > abs(sum) * 0x1p-56 {
      term *= 2 * x * x / n
      sum += term
      n += 2
    }
    return 1.1283791670955126 * Exponential.exp(-x * x) * sum
  }

  /// sin x; absolute error 2^-46 for |x| ≤ 2^20, growing with |x| beyond.
  static func sin(_ x: Double) -> Double { sine(x, quarter: 0) }

  /// cos x; as ``sin(_:)``.
  static func cos(_ x: Double) -> Double { sine(x, quarter: 1) }

  /// sin(x + quarter · π/2): x less the nearest multiple of π/2, then Taylor's series of |r| ≤ π/4.
  private static func sine(_ x: Double, quarter: Int) -> Double {
    guard x.isFinite else { return .nan }
    // Beyond any use the exact remainder of a rounded 2π keeps the multiple small.
    let near = abs(x) < 0x1p30 ? x : x.remainder(dividingBy: 6.283185307179586)
    let k = (near * 0.6366197723675814).rounded()
    // π/2 in three parts: k times each of the first two is exact for |k| < 2^20.
    let r = ((near - k * 0x1.921fb544p+0) - k * 0x1.0b4611a6p-34) - k * 0x1.3198a2e037073p-69
    let square = r * r
    let turn = (Int(k) + quarter) & 3
    // sin r = r · (1 − r²/2·3 · (1 − r²/4·5 · …)), cos r = 1 − r²/1·2 · (1 − r²/3·4 · …)
    var sum = 1.0
    let first = turn & 1 == 0 ? 3 : 2
    for n in stride(from: first + 16, through: first, by: -2) {
      sum = 1 - sum * square / Double(n * (n - 1))
    }
    let value = turn & 1 == 0 ? r * sum : sum
    return turn & 2 == 0 ? value : -value
  }

  /// x^y: products where y is a small integer, the square root for ½, else exp(y · ln x), whose
  /// relative error is that of y · ln x. Zero and negative x as IEEE 754's pow.
  static func power(_ x: Double, _ y: Double) -> Double {
    if y == 0.5 { return x.squareRoot() }
    if y == y.rounded(), abs(y) <= 64 {
      var product = 1.0
      for _ in 0..<Int(abs(y)) { product *= x }
      return y < 0 ? 1 / product : product
    }
    if x > 0 { return Exponential.exp(y * log(x)) }
    if x == 0 { return y > 0 ? 0 : .infinity }
    guard y == y.rounded() else { return .nan }
    let magnitude = Exponential.exp(y * log(-x))
    return y.truncatingRemainder(dividingBy: 2) == 0 ? magnitude : -magnitude
  }
}
