/// The functions models name, made of simpler ones. Formulas: ONNX operator set 21.
extension PointwiseExpression {
  /// A function of the variable.
  public static func of(_ function: UnaryFunction) -> PointwiseExpression {
    .unary(function, .variable)
  }

  /// max(x, 0).
  public static let relu = PointwiseExpression.binary(.maximum, .variable, .constant(0))
  /// min(max(x, 0), 6).
  public static let relu6 = clip(0, 6)

  /// min(max(x, low), high), without what does not bind.
  public static func clip(_ low: Double, _ high: Double) -> PointwiseExpression {
    var result = PointwiseExpression.variable
    if low > -Double(Float.greatestFiniteMagnitude) {
      result = .binary(.maximum, result, .constant(low))
    }
    if high < Double(Float.greatestFiniteMagnitude) {
      result = .binary(.minimum, result, .constant(high))
    }
    return result
  }

  /// x where x ≥ 0, else α · x.
  public static func leakyRelu(_ alpha: Double) -> PointwiseExpression {
    .binary(.slope, .variable, .constant(alpha))
  }

  /// γ · (max(x, 0) + α · (exp(min(x, 0) / β) − 1)): ELU, CELU and SELU.
  public static func exponentialUnit(
    alpha: Double, beta: Double = 1, gamma: Double = 1
  ) -> PointwiseExpression {
    let below = PointwiseExpression.binary(.minimum, .variable, .constant(0))
    let power = PointwiseExpression.unary(.expMinusOne, below.times(1 / beta))
    return PointwiseExpression.binary(.add, relu, power.times(alpha)).times(gamma)
  }

  /// x where x > α, else 0.
  public static func thresholdedRelu(_ alpha: Double) -> PointwiseExpression {
    .select(.binary(.greater, .variable, .constant(alpha)), .variable, .constant(0))
  }

  /// max(0, min(1, α · x + β)).
  public static func hardSigmoid(alpha: Double, beta: Double) -> PointwiseExpression {
    clip(0, 1).after(.binary(.add, variable.times(alpha), .constant(beta)))
  }

  /// x · max(0, min(1, x / 6 + ½)).
  public static let hardSwish = PointwiseExpression.binary(
    .multiply, .variable, hardSigmoid(alpha: 1 / 6, beta: 0.5))

  /// x / (1 + |x|).
  public static let softsign = PointwiseExpression.binary(
    .divide, .variable, .binary(.add, .constant(1), of(.abs)))

  /// x · tanh(ln(1 + exp x)).
  public static let mish = PointwiseExpression.binary(
    .multiply, .variable, .unary(.tanh, of(.softplus)))

  /// ½ · x · (1 + erf(x / √2)).
  public static let gelu = PointwiseExpression.binary(
    .multiply, variable.times(0.5),
    .binary(.add, .constant(1), .unary(.erf, variable.times(0.5.squareRoot()))))

  /// ½ · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))).
  public static let geluByTanh: PointwiseExpression = {
    let cube = PointwiseExpression.binary(.power, .variable, .constant(3))
    let inner = PointwiseExpression.binary(.add, .variable, cube.times(0.044715))
    return .binary(
      .multiply, variable.times(0.5),
      .binary(.add, .constant(1), .unary(.tanh, inner.times(0.7978845608028654))))
  }()

  /// x + bias below −λ, x − bias above λ, 0 between.
  public static func shrink(lambda: Double, bias: Double) -> PointwiseExpression {
    .select(
      .binary(.less, .variable, .constant(-lambda)), .binary(.add, .variable, .constant(bias)),
      .select(
        .binary(.greater, .variable, .constant(lambda)),
        .binary(.subtract, .variable, .constant(bias)), .constant(0)))
  }

  /// 1 / x.
  public static let reciprocal = PointwiseExpression.binary(.divide, .constant(1), .variable)
  /// 1 / √x.
  public static let reciprocalRoot = reciprocal.after(of(.sqrt))
  /// x².
  public static let square = PointwiseExpression.binary(.multiply, .variable, .variable)

  /// True where x is 0: the contrary of a truth value.
  public static let not = PointwiseExpression.binary(.equal, .variable, .constant(0))

  private func times(_ factor: Double) -> PointwiseExpression {
    factor == 1 ? self : .binary(.multiply, self, .constant(factor))
  }
}
