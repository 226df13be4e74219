/// A clamp fused into the operator before it.
public enum Activation: String, Sendable, Equatable {
  case none
  case relu
  case relu6

  /// The clamped value.
  func apply(_ value: Float) -> Float {
    switch self {
    case .none: value
    case .relu: value > 0 ? value : 0
    case .relu6: value > 0 ? (value < 6 ? value : 6) : 0
    }
  }

  /// Appended to an operator's summary.
  var suffix: String { self == .none ? "" : " \(rawValue)" }
}
