/// How a 64-bit accumulator becomes an int16 output: q = round(acc · multiplier · 2^(shift − 31)).
///
/// One entry, or one per output channel. Zero points are 0.
public struct Requantization16x8: Sendable, Equatable {
  /// Which rounding the product gets. Both are BUILTIN_REF's (Numerics).
  public enum Rounding: UInt8, Sendable {
    /// The multiplier rounded to 16 bits, then the product, halves up (conv, depthwise).
    case reduced = 1
    /// The product with all 31 bits rounded once, halves away from zero (fully connected).
    case whole = 2
  }
  /// Int32 little-endian, one per channel, or a single one.
  public var multipliers: ConstantReference
  /// Int8, as many as the multipliers; negative shifts right.
  public var shifts: ConstantReference
  /// Rounding.
  public var rounding: Rounding
  /// Lowest value stored (the fused activation's clamp).
  public var minimum: Int32
  /// Highest value stored.
  public var maximum: Int32

  /// Creates a requantisation.
  public init(
    multipliers: ConstantReference, shifts: ConstantReference, rounding: Rounding,
    minimum: Int32, maximum: Int32
  ) {
    self.multipliers = multipliers
    self.shifts = shifts
    self.rounding = rounding
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// Parameters of both convolutions of int16. acc = bias + Σ w · x; padding adds nothing.
public struct Convolution16x8Parameters: Sendable, Equatable {
  /// The window.
  public var window: Window
  /// int8 weights, layout as the operation states.
  public var weights: ConstantReference
  /// Int64 little-endian, one per output channel.
  public var bias: ConstantReference
  /// Accumulator to output, per channel.
  public var requantization: Requantization16x8

  /// Creates the parameters.
  public init(
    window: Window, weights: ConstantReference, bias: ConstantReference,
    requantization: Requantization16x8
  ) {
    self.window = window
    self.weights = weights
    self.bias = bias
    self.requantization = requantization
  }
}

/// acc[o] = bias[o] + Σ w[o, i] · x[i].
public struct FullyConnected16x8Parameters: Sendable, Equatable {
  /// int8 weights [O, I].
  public var weights: ConstantReference
  /// Int64 little-endian, one per output.
  public var bias: ConstantReference
  /// Accumulator to output, one entry or one per output.
  public var requantization: Requantization16x8

  /// Creates the parameters.
  public init(
    weights: ConstantReference, bias: ConstantReference, requantization: Requantization16x8
  ) {
    self.weights = weights
    self.bias = bias
    self.requantization = requantization
  }
}
