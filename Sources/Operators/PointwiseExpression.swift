import PlanFormat

/// A function of one number that nothing simpler makes up.
public enum UnaryFunction: String, Sendable, Equatable, CaseIterable {
  case abs, negate, exp, expMinusOne, log, sqrt, erf, floor, ceil
  /// To the nearest integer, halves to the even one.
  case round
  case sign, sigmoid, tanh, softplus, sin, cos

  /// The value at x.
  func apply(_ x: Double) -> Double {
    switch self {
    case .abs: x.magnitude
    case .negate: -x
    case .exp: Exponential.exp(x)
    case .expMinusOne: RealFunctions.expMinusOne(x)
    case .log: RealFunctions.log(x)
    case .sqrt: x.squareRoot()
    case .erf: RealFunctions.erf(x)
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x
    case .sigmoid: RealFunctions.sigmoid(x)
    case .tanh: RealFunctions.tanh(x)
    case .softplus: RealFunctions.softplus(x)
    case .sin: RealFunctions.sin(x)
    case .cos: RealFunctions.cos(x)
    }
  }
}

/// A function of one variable, composed of others.
public indirect enum PointwiseExpression: Sendable, Equatable {
  /// The variable, x.
  case variable
  /// A number.
  case constant(Double)
  /// A function of a sub-expression.
  case unary(UnaryFunction, PointwiseExpression)
  /// A function of two sub-expressions.
  case binary(BinaryFunction, PointwiseExpression, PointwiseExpression)
  /// The second where the first is not 0, else the third.
  case select(PointwiseExpression, PointwiseExpression, PointwiseExpression)

  /// The values at many points.
  func evaluate(_ points: [Double]) -> [Double] {
    switch self {
    case .variable: return points
    case .constant(let value): return [Double](repeating: value, count: points.count)
    case .unary(let function, let operand): return operand.evaluate(points).map(function.apply)
    case .binary(let function, let left, let right):
      return zip(left.evaluate(points), right.evaluate(points)).map(function.apply)
    case .select(let condition, let left, let right):
      let (a, b) = (left.evaluate(points), right.evaluate(points))
      return condition.evaluate(points).enumerated().map { $1 != 0 ? a[$0] : b[$0] }
    }
  }

  /// The expression with another in the variable's place: this after that.
  public func after(_ inner: PointwiseExpression) -> PointwiseExpression {
    switch self {
    case .variable: inner
    case .constant: self
    case .unary(let function, let operand): .unary(function, operand.after(inner))
    case .binary(let function, let left, let right):
      .binary(function, left.after(inner), right.after(inner))
    case .select(let condition, let left, let right):
      .select(condition.after(inner), left.after(inner), right.after(inner))
    }
  }

  /// Number of its parts.
  public var size: Int {
    switch self {
    case .variable, .constant: 1
    case .unary(_, let operand): 1 + operand.size
    case .binary(_, let left, let right): 1 + left.size + right.size
    case .select(let condition, let left, let right): 1 + condition.size + left.size + right.size
    }
  }

  /// True if its value is a truth value.
  var isLogical: Bool {
    if case .binary(let function, _, _) = self { function.isLogical } else { false }
  }

  /// f(a · x) = a · f(x) for a > 0, as its structure shows; false does not mean the contrary.
  var isPositivelyHomogeneous: Bool {
    switch self {
    case .variable: return true
    case .constant(let value): return value == 0
    case .unary(.abs, let operand), .unary(.negate, let operand):
      return operand.isPositivelyHomogeneous
    case .binary(.add, let left, let right), .binary(.subtract, let left, let right),
      .binary(.maximum, let left, let right), .binary(.minimum, let left, let right):
      return left.isPositivelyHomogeneous && right.isPositivelyHomogeneous
    case .binary(.multiply, let operand, .constant), .binary(.multiply, .constant, let operand),
      .binary(.slope, let operand, .constant), .binary(.divide, let operand, .constant):
      return operand.isPositivelyHomogeneous
    default: return false
    }
  }

  /// (a, b) if it is a · x + b by its structure.
  public var line: (factor: Double, addend: Double)? {
    switch self {
    case .variable: return (1, 0)
    case .constant(let value): return (0, value)
    case .unary(.negate, let operand):
      return operand.line.map { (-$0.factor, -$0.addend) }
    case .binary(let function, let left, let right):
      guard let a = left.line, let b = right.line else { return nil }
      switch function {
      case .add: return (a.factor + b.factor, a.addend + b.addend)
      case .subtract: return (a.factor - b.factor, a.addend - b.addend)
      case .multiply where b.factor == 0: return (a.factor * b.addend, a.addend * b.addend)
      case .multiply where a.factor == 0: return (b.factor * a.addend, b.addend * a.addend)
      case .divide where b.factor == 0 && b.addend != 0:
        return (a.factor / b.addend, a.addend / b.addend)
      default: return nil
      }
    default: return nil
    }
  }
}

extension PointwiseExpression: CustomStringConvertible {
  /// A formula, e.g. `x * sigmoid(x)`.
  public var description: String {
    switch self {
    case .variable: return "x"
    case .constant(let value):
      let short = Float(value)
      return short == short.rounded() && short.magnitude < 1e6 ? "\(Int(short))" : "\(short)"
    case .unary(let function, let operand): return "\(function.rawValue)(\(operand))"
    case .binary(let function, let left, let right):
      let (symbol, isInfix) = function.symbol
      return isInfix
        ? "\(left.term) \(symbol) \(right.term)" : "\(symbol)(\(left), \(right))"
    case .select(let condition, let left, let right):
      return "\(condition.term) ? \(left.term) : \(right.term)"
    }
  }

  /// With brackets where it is a sum or the like.
  private var term: String {
    switch self {
    case .binary(let function, _, _) where function.symbol.isInfix: "(\(self))"
    case .select: "(\(self))"
    default: description
    }
  }
}
