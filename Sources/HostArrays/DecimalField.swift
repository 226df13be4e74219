import System

/// Decimal text to the nearest double.
enum DecimalField {
  /// 10^0 … 10^22: all exact.
  private static let powers: [Double] = (0...22).reduce(into: []) { powers, _ in
    powers.append((powers.last ?? 0.1) * 10)
  }

  /// The number that `bytes` are, or nil.
  ///
  /// Up to 2^53 of digits and 22 of exponent, one division or product of two exact doubles rounds
  /// once (Clinger 1990); all else goes through the C library.
  @inline(__always)
  static func parse(_ bytes: UnsafeRawBufferPointer) -> Double? {
    var position = 0
    let count = bytes.count
    var isNegative = false
    if count > 0, bytes[0] == UInt8(ascii: "-") || bytes[0] == UInt8(ascii: "+") {
      isNegative = bytes[0] == UInt8(ascii: "-")
      position = 1
    }
    var mantissa: UInt64 = 0
    var digits = 0
    var fraction = 0
    var isFraction = false
    while position < count {
      let digit = bytes[position] &- UInt8(ascii: "0")
      if digit < 10 {
        mantissa = mantissa &* 10 &+ UInt64(digit)
        digits += 1
        if isFraction { fraction += 1 }
      } else if bytes[position] == UInt8(ascii: "."), !isFraction {
        isFraction = true
      } else {
        break
      }
      position += 1
    }
    guard position == count, (1...19).contains(digits), mantissa <= 1 << 53, fraction <= 22 else {
      return slow(bytes)
    }
    let value = fraction == 0 ? Double(mantissa) : Double(mantissa) / powers[fraction]
    return isNegative ? -value : value
  }

  /// The C library reads hexadecimal numbers too, which a table does not have.
  private static func slow(_ bytes: UnsafeRawBufferPointer) -> Double? {
    guard !bytes.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }) else { return nil }
    return Number.double(String(decoding: bytes, as: UTF8.self))
  }
}
