public import ModelGraph

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

  /// The clamp that equals this one, then another.
  func followed(by other: Activation) -> Activation {
    self == .relu6 || other == .none ? self : other
  }

  /// Appended to an operator's summary.
  var suffix: String { self == .none ? "" : " \(rawValue)" }
}

/// An operation with room for a clamp on its results.
public protocol ActivatedOperation: Operation {
  /// The clamp, applied last.
  var activation: Activation { get set }
  /// Whether its results are numbers to clamp.
  var canActivate: Bool { get }
}

extension ActivatedOperation {
  public var canActivate: Bool { true }

  /// The same operation with a clamp behind its own.
  public func clamped(by activation: Activation) -> Self {
    var clamped = self
    clamped.activation = self.activation.followed(by: activation)
    return clamped
  }
}
