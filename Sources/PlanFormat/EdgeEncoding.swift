/// How one float of an input becomes a rank, the only thing trees compare on a device.
///
/// Of thresholds t_0 < t_1 < …, a value has as its rank the number of those below it, so that x ≤ t_k
/// exactly where rank ≤ k. Of a value compared for equality, the rank is 0 where x equals it, else 1.
/// What is no number has a rank of its own: where trees send missing values.
public struct RankColumn: Sendable, Equatable {
  /// Position of the float in the input.
  public var feature: Int
  /// Thresholds in ascending order, or the one value compared for equality.
  public var values: [Float]
  /// Whether it is compared for equality.
  public var isEquality: Bool
  /// The rank of NaN, at most the count of values.
  public var missingRank: Int

  /// Creates a column.
  public init(feature: Int, values: [Float], isEquality: Bool, missingRank: Int) {
    self.feature = feature
    self.values = values
    self.isEquality = isEquality
    self.missingRank = missingRank
  }

  /// Most values of a column: their ranks are int16.
  public static let valuesMax = 32_767

  /// Whether its values are in order and its ranks in range, for an input of so many floats.
  public func isValid(features: Int) -> Bool {
    guard (0..<features).contains(feature), (1...Self.valuesMax).contains(values.count),
      (0...values.count).contains(missingRank), !isEquality || values.count == 1
    else { return false }
    // Also false where one of them is NaN.
    return values[0] == values[0]
      && values.indices.dropFirst().allSatisfy { values[$0 - 1] < values[$0] }
  }

  /// The rank of a value.
  public func rank(of value: Float) -> Int {
    guard !value.isNaN else { return missingRank }
    guard !isEquality else { return value == values[0] ? 0 : 1 }
    var (low, high) = (0, values.count)
    while low < high {
      let middle = (low + high) / 2
      if values[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// What turns the sums of an output into what its users know: the link of a classifier. It keeps the
/// order of classes, so that a class is decided in integers, without it.
public enum ScoreLink: String, Sendable, CaseIterable {
  /// Sums as they are.
  case none
  /// 1 / (1 + e^−x) of each.
  case logistic
  /// e^x over the sum of all.
  case softmax
  /// The same with zeros left out of the sum, as ONNX's SOFTMAX_ZERO has it.
  case softmaxZero = "softmax-zero"

  /// Applies it to a row of scores, in float32 as onnxruntime does, with an exponential that has the
  /// same bits everywhere.
  public func apply(_ scores: [Float]) -> [Float] {
    switch self {
    case .none: return scores
    case .logistic: return scores.map(Self.logistic)
    case .softmax: return Self.softmax(scores, skippingZeros: false)
    case .softmaxZero: return Self.softmax(scores, skippingZeros: true)
    }
  }

  private static func logistic(_ score: Float) -> Float {
    let half = 1 / (1 + Float(Exponential.exp(-Double(abs(score)))))
    return score < 0 ? 1 - half : half
  }

  private static func softmax(_ scores: [Float], skippingZeros: Bool) -> [Float] {
    let largest = scores.max() ?? 0
    let atZero = Float(Exponential.exp(-Double(largest)))
    var sum: Float = 0
    let powers = scores.map { score -> Float in
      guard !skippingZeros || abs(score) > 0.0000001 else { return score * atZero }
      let power = Float(Exponential.exp(Double(score - largest)))
      sum += power
      return power
    }
    return powers.map { $0 / sum }
  }
}
