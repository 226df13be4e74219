/// Floating-point formats narrower than binary32. Their values are floats; what they lack is
/// precision and range, which ``rounded(_:saturating:)`` takes away.
public struct NarrowFloat: Sendable, Equatable {
  /// What the highest bit patterns stand for.
  enum Specials: Sendable {
    /// The highest exponent: infinity with fraction 0, NaN with any other (IEEE 754).
    case infinitiesAndNaNs
    /// All bits of exponent and fraction: NaN; no infinity (OCP 8-bit, "FN").
    case oneNaN
    /// The pattern of minus zero: NaN; no infinity ("FNUZ").
    case minusZeroIsNaN
  }

  private let exponentBits: Int
  private let fractionBits: Int
  private let bias: Int
  private let specials: Specials

  /// IEEE 754 binary16.
  public static let half = NarrowFloat(
    exponentBits: 5, fractionBits: 10, bias: 15, specials: .infinitiesAndNaNs)
  /// The upper half of binary32.
  public static let bfloat16 = NarrowFloat(
    exponentBits: 8, fractionBits: 7, bias: 127, specials: .infinitiesAndNaNs)
  /// ONNX FLOAT8E4M3FN.
  public static let e4m3fn = NarrowFloat(
    exponentBits: 4, fractionBits: 3, bias: 7, specials: .oneNaN)
  /// ONNX FLOAT8E4M3FNUZ.
  public static let e4m3fnuz = NarrowFloat(
    exponentBits: 4, fractionBits: 3, bias: 8, specials: .minusZeroIsNaN)
  /// ONNX FLOAT8E5M2.
  public static let e5m2 = NarrowFloat(
    exponentBits: 5, fractionBits: 2, bias: 15, specials: .infinitiesAndNaNs)
  /// ONNX FLOAT8E5M2FNUZ.
  public static let e5m2fnuz = NarrowFloat(
    exponentBits: 5, fractionBits: 2, bias: 16, specials: .minusZeroIsNaN)

  /// Bits of one number.
  public var bitWidth: Int { 1 + exponentBits + fractionBits }

  /// The number with these bits.
  public func float(bits: UInt16) -> Float {
    let isNegative = bits >> UInt16(exponentBits + fractionBits) & 1 == 1
    let exponent = Int(bits >> UInt16(fractionBits)) & (1 << exponentBits - 1)
    let fraction = Int(bits) & (1 << fractionBits - 1)
    let highest = 1 << exponentBits - 1
    switch specials {
    case .infinitiesAndNaNs where exponent == highest:
      let magnitude = fraction == 0 ? Float.infinity : .nan
      return isNegative ? -magnitude : magnitude
    case .oneNaN where exponent == highest && fraction == 1 << fractionBits - 1: return .nan
    case .minusZeroIsNaN where isNegative && exponent == 0 && fraction == 0: return .nan
    default: break
    }
    // Subnormals have the lowest exponent and no leading one.
    let significand = exponent == 0 ? fraction : fraction + 1 << fractionBits
    let magnitude = Double(
      sign: .plus, exponent: max(exponent, 1) - bias - fractionBits, significand: 1)
    let value = Float(Double(significand) * magnitude)
    return isNegative ? -value : value
  }

  /// The largest finite number.
  public var greatestFinite: Float {
    switch specials {
    case .infinitiesAndNaNs:
      float(bits: UInt16((1 << exponentBits - 1) << fractionBits) - 1)
    case .oneNaN: float(bits: UInt16(1 << (exponentBits + fractionBits)) - 2)
    case .minusZeroIsNaN: float(bits: UInt16(1 << (exponentBits + fractionBits)) - 1)
    }
  }

  /// The nearest number of the format, ties to even. Beyond ``greatestFinite`` it is that number when
  /// `saturating`, else infinity, or NaN where the format has none; so is infinity itself (ONNX's
  /// node tests of Cast).
  public func rounded(_ value: Float, saturating: Bool) -> Float {
    guard !value.isNaN else { return .nan }
    let beyond = saturating ? greatestFinite : specials == .infinitiesAndNaNs ? .infinity : .nan
    var magnitude = value.magnitude
    if magnitude == .infinity {
      magnitude = beyond
    } else if magnitude != 0 {
      let exponent = max(Int(magnitude.exponent), 1 - bias) - fractionBits
      let unit = Double(sign: .plus, exponent: exponent, significand: 1)
      magnitude = Float((Double(magnitude) / unit).rounded(.toNearestOrEven) * unit)
      if magnitude > greatestFinite { magnitude = beyond }
    }
    if magnitude == 0, specials == .minusZeroIsNaN { return 0 }
    return value.sign == .minus ? -magnitude : magnitude
  }
}
