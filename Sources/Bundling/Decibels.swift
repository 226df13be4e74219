/// 10·log10 in + − × ÷ alone: the same bits on every host.
public enum Decibels {
  /// 10·log10(ratio) for a positive, finite ratio, to about 1e-12.
  ///
  /// ratio = m · 2^e with m in [√½, √2); ln m = 2·artanh((m − 1)/(m + 1)) by its series.
  public static func of(_ ratio: Double) -> Double {
    var mantissa = ratio.significand
    var exponent = Double(ratio.exponent)
    if mantissa > 1.4142135623730951 {
      mantissa /= 2
      exponent += 1
    }
    let t = (mantissa - 1) / (mantissa + 1)
    var power = t
    var sum = 0.0
    for term in stride(from: 1.0, through: 31, by: 2) {
      sum += power / term
      power *= t * t
    }
    return (2 * sum + exponent * 0.6931471805599453) * 4.3429448190325184
  }
}
