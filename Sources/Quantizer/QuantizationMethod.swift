import Foundation

/// How the range of an activation is chosen.
public enum RangeMethod: String, Sendable, CaseIterable {
  /// Everything calibration saw.
  case minMax = "min-max"
  /// All but one value in ten thousand at either end.
  case percentile
  /// The range of least squared error.
  case leastSquaredError = "mse"
  /// The range whose integers are distributed most like the values.
  case entropy
}

/// How weights become integers.
public enum WeightRounding: String, Sendable, CaseIterable {
  /// Each to the nearest.
  case nearest
  /// Each making good the errors of those before it.
  case feedback = "gptq"
}

/// One way of turning a calibrated model into integers.
public struct QuantizationMethod: Sendable, Equatable {
  /// Ranges of activations.
  public var range: RangeMethod
  /// Rounding of weights.
  public var rounding: WeightRounding
  /// Whether biases take in the mean error of rounded weights.
  public var correctsBias: Bool

  /// Creates a method.
  public init(
    range: RangeMethod, rounding: WeightRounding = .nearest, correctsBias: Bool = false
  ) {
    self.range = range
    self.rounding = rounding
    self.correctsBias = correctsBias
  }

  /// Everything calibration saw, each weight to the nearest.
  public static let minMax = QuantizationMethod(range: .minMax)

  /// The method that a summary says; nil for anything else.
  public init?(summary: String) {
    var parts = summary.components(separatedBy: ", ")
    guard let range = RangeMethod(rawValue: parts.removeFirst()) else { return nil }
    self.init(range: range)
    for part in parts {
      if let rounding = WeightRounding(rawValue: part), rounding != .nearest {
        self.rounding = rounding
      } else if part == Self.correctedBias {
        correctsBias = true
      } else {
        return nil
      }
    }
  }

  private static let correctedBias = "bias corrected"

  /// For reports: `mse, gptq, bias corrected`.
  public var summary: String {
    var parts = [range.rawValue]
    if rounding != .nearest { parts.append(rounding.rawValue) }
    if correctsBias { parts.append(Self.correctedBias) }
    return parts.joined(separator: ", ")
  }
}
