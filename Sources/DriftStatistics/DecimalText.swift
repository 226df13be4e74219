/// Numbers as people read them, without libm or Foundation: the same text on every machine.
public enum DecimalText {
  /// `value` rounded to `digits` significant digits (1...9), without trailing zeros after the
  /// point: `0.0031`, `12`, `-4.87`; beyond 1e-6 and 1e12 with an exponent: `1.2e-9`.
  public static func significant(_ value: Double, digits: Int = 3) -> String {
    guard value.isFinite else { return value.isNaN ? "unknown" : value < 0 ? "-inf" : "inf" }
    if value == 0 { return "0" }
    let sign = value < 0 ? "-" : ""
    let (mantissa, power) = scaled(value < 0 ? -value : value)
    var exponent = power
    let digits = min(max(digits, 1), 9)
    var unit = 1.0
    for _ in 1..<digits { unit *= 10 }
    var number = Int64(mantissa * unit + 0.5)
    if Double(number) >= unit * 10 {
      number /= 10
      exponent += 1
    }
    var text: [UInt8] = Array("\(number)".utf8)
    if exponent < -6 || exponent >= 12 {
      return sign + point(trim(text, keep: 1), after: 1) + "e\(exponent)"
    }
    if exponent < 0 {
      text = [UInt8](repeating: 0x30, count: -exponent) + text
      return sign + point(trim(text, keep: 1), after: 1)
    }
    while text.count <= exponent { text.append(0x30) }
    return sign + point(trim(text, keep: exponent + 1), after: exponent + 1)
  }

  /// `share` (0...1) as a percentage: `34 %`, `0.8 %`.
  public static func percent(_ share: Double) -> String {
    significant(share * 100, digits: 2) + " %"
  }

  /// value = mantissa · 10^exponent, 1 ≤ mantissa < 10.
  private static func scaled(_ value: Double) -> (mantissa: Double, exponent: Int) {
    var mantissa = value
    var exponent = 0
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 1 {
      mantissa *= 10
      exponent -= 1
    }
    return (mantissa, exponent)
  }

  private static func trim(_ text: [UInt8], keep: Int) -> [UInt8] {
    var text = text
    while text.count > keep, text.last == 0x30 { text.removeLast() }
    return text
  }

  private static func point(_ text: [UInt8], after: Int) -> String {
    guard text.count > after else { return String(decoding: text, as: UTF8.self) }
    let whole = String(decoding: text[..<after], as: UTF8.self)
    return whole + "." + String(decoding: text[after...], as: UTF8.self)
  }
}
