import ModelGraph

/// A function of two numbers, applied element by element.
public enum BinaryFunction: String, Sendable, Equatable, CaseIterable {
  case add, subtract, multiply, divide, power, maximum, minimum
  /// (a − b)².
  case squaredDifference
  /// a where a ≥ 0, else a · b.
  case slope
  /// ⌊a / b⌋.
  case floorDivide
  /// a − b · ⌊a / b⌋: the sign of b.
  case modulo
  /// What division towards zero leaves: the sign of a.
  case remainder
  /// The angle of the point at b across and a up, in −π…π.
  case arcTangent
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
  case and, or, xor

  /// True if the result is a truth value.
  public var isLogical: Bool {
    switch self {
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or, .xor: true
    default: false
    }
  }

  /// The function of reals. + − × ÷ rounded to float32 afterwards equal those of float32, since a
  /// double has more than twice its digits.
  func apply(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .power: RealFunctions.power(a, b)
    case .maximum: a > b ? a : b
    case .minimum: a < b ? a : b
    case .squaredDifference: (a - b) * (a - b)
    case .slope: a < 0 ? a * b : a
    case .floorDivide: (a / b).rounded(.down)
    case .arcTangent: RealFunctions.arcTangent(a, b)
    case .modulo: Self.modulo(a, b)
    case .remainder: a.truncatingRemainder(dividingBy: b)
    default: decides(a, b, 0) ? 1 : 0
    }
  }

  private static func modulo(_ a: Double, _ b: Double) -> Double {
    let rest = a.truncatingRemainder(dividingBy: b)
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  }

  /// The function of integers, wrapping as two's complement; division goes towards zero and leaves 0
  /// where the divisor is 0.
  func apply(_ a: Int, _ b: Int) -> Int {
    switch self {
    case .add: return a &+ b
    case .subtract: return a &- b
    case .multiply: return a &* b
    case .divide: return b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
    case .power: return Self.power(a, b)
    case .maximum: return max(a, b)
    case .minimum: return min(a, b)
    case .squaredDifference: return (a &- b) &* (a &- b)
    case .slope: return a < 0 ? a &* b : a
    case .floorDivide:
      guard b != 0 else { return 0 }
      let quotient = a.dividedReportingOverflow(by: b).partialValue
      return quotient &* b != a && (a < 0) != (b < 0) ? quotient &- 1 : quotient
    case .modulo: return a &- b &* Self.floorDivide.apply(a, b)
    case .arcTangent: return Int(RealFunctions.arcTangent(Double(a), Double(b)))
    case .remainder: return b == 0 ? 0 : a.remainderReportingOverflow(dividingBy: b).partialValue
    default: return decides(a, b, 0) ? 1 : 0
    }
  }

  private static func power(_ base: Int, _ exponent: Int) -> Int {
    guard exponent >= 0 else {
      return base == 1 || base == -1 ? (exponent & 1 == 0 ? 1 : base) : 0
    }
    var (result, square, rest) = (1, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result &*= square }
      square &*= square
      rest >>= 1
    }
    return result
  }

  private func decides<Number: Comparable>(_ a: Number, _ b: Number, _ zero: Number) -> Bool {
    switch self {
    case .equal: a == b
    case .notEqual: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    case .and: a != zero && b != zero
    case .or: a != zero || b != zero
    default: (a != zero) != (b != zero)
    }
  }

  /// As tables print it between its operands, or before them.
  var symbol: (text: String, isInfix: Bool) {
    switch self {
    case .add: ("+", true)
    case .subtract: ("-", true)
    case .multiply: ("*", true)
    case .divide: ("/", true)
    case .power: ("^", true)
    case .equal: ("==", true)
    case .notEqual: ("!=", true)
    case .less: ("<", true)
    case .lessOrEqual: ("<=", true)
    case .greater: (">", true)
    case .greaterOrEqual: (">=", true)
    case .maximum: ("max", false)
    case .minimum: ("min", false)
    default: (rawValue, false)
    }
  }
}
