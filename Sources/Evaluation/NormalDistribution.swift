/// The standard normal distribution in + − × ÷ √ alone: the same bits on every host, for what is
/// computed with it goes into bundles.
package enum NormalDistribution {
  /// P(Z ≤ x), to about 1e-15: ½ + φ(x) · Σ x^(2k+1) / (1 · 3 · … · (2k+1)) (Marsaglia 2004).
  package static func cumulative(_ x: Double) -> Double {
    guard x.magnitude < 8 else { return x < 0 ? 0 : 1 }
    var (term, sum, odd) = (x, x, 1.0)
    while sum + term != sum {
      odd += 2
      term *= x * x / odd
      sum += term
    }
    return 0.5 + sum * exponential(-x * x / 2) * 0.3989422804014327
  }

  /// The x with P(Z ≤ x) = p, by halving an interval until nothing is between its ends.
  ///
  /// - Parameter p: strictly between 0 and 1.
  package static func quantile(_ p: Double) -> Double {
    guard p != 0.5 else { return 0 }
    var (low, high) = (-8.0, 8.0)
    while true {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { return middle }
      if cumulative(middle) < p { low = middle } else { high = middle }
    }
  }

  /// e^y for y in −50…0: the series of y / 64, squared six times.
  private static func exponential(_ y: Double) -> Double {
    let small = y / 64
    var (term, sum) = (1.0, 1.0)
    for k in 1...18 {
      term *= small / Double(k)
      sum += term
    }
    for _ in 0..<6 { sum *= sum }
    return sum
  }
}
