import PlanFormat

/// An activation function inside a recurrent layer.
public enum RecurrentFunction: Sendable, Equatable {
  case sigmoid
  case tanh
  case hardSigmoid(alpha: Float, beta: Float)
  case softsign
  case relu
  case leakyRelu(alpha: Float)
  case affine(alpha: Float, beta: Float)

  /// The value, in + − × ÷ of float64 alone.
  public func apply(_ x: Double) -> Double {
    switch self {
    case .sigmoid: RealFunctions.sigmoid(x)
    case .tanh: RealFunctions.tanh(x)
    case .hardSigmoid(let alpha, let beta): min(max(Double(alpha) * x + Double(beta), 0), 1)
    case .softsign: x / (1 + abs(x))
    case .relu: max(x, 0)
    case .leakyRelu(let alpha): x < 0 ? Double(alpha) * x : x
    case .affine(let alpha, let beta): Double(alpha) * x + Double(beta)
    }
  }

  /// The exponent of the domain an integer kernel samples; nil where values leave [-1, 1] or are not
  /// within 2^-15 of their limits at its ends.
  package var domainExponent: Int? {
    switch self {
    // 1 − sigmoid(16) and 1 − tanh(8) are below 2^-21.
    case .sigmoid: 4
    case .tanh: 3
    case .hardSigmoid(let alpha, let beta):
      (0...6).first { exponent in
        let end = Double(alpha) * Double(1 << exponent)
        return alpha > 0 && end + Double(beta) >= 1 && Double(beta) - end <= 0
      }
    case .softsign, .relu, .leakyRelu, .affine: nil
    }
  }

  /// The samples a plan holds, in steps of 2^-15, halves away from zero; 1 becomes 32767.
  package func samples(exponent: Int) -> [Int16] {
    let half = RecurrentParameters.SampledFunction.count / 2
    return (-half...half).map { position in
      let x = Double(position) * Double(1 << exponent) / Double(half)
      return Int16(min(max((apply(x) * 0x1p15).rounded(.toNearestOrAwayFromZero), -32768), 32767))
    }
  }

  /// Name for tables and messages.
  var summary: String {
    switch self {
    case .sigmoid: "sigmoid"
    case .tanh: "tanh"
    case .hardSigmoid: "hard sigmoid"
    case .softsign: "softsign"
    case .relu: "relu"
    case .leakyRelu: "leaky relu"
    case .affine: "affine"
    }
  }
}
