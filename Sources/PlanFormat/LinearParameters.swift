/// acc[m, n] = Σ over k of (a[m, k] − leftZeroPoint) · (b[k, n] − rightZeroPoint), for every pair of
/// matrices that the leading axes broadcast to.
public struct MatrixProductParameters: Sendable, Equatable {
  /// True when the first operand is [..., K, M].
  public var transposesLeft: Bool
  /// True when the second operand is [..., N, K].
  public var transposesRight: Bool
  /// Zero point of the first operand.
  public var leftZeroPoint: Int32
  /// Zero point of the second operand.
  public var rightZeroPoint: Int32
  /// M = leftScale · rightScale / outputScale.
  public var scale: FixedPointScale
  /// Zero point of the result.
  public var outputZeroPoint: Int32
  /// Lowest value stored.
  public var minimum: Int32
  /// Highest value stored.
  public var maximum: Int32

  /// Creates the parameters.
  public init(
    transposesLeft: Bool, transposesRight: Bool, leftZeroPoint: Int32, rightZeroPoint: Int32,
    scale: FixedPointScale, outputZeroPoint: Int32, minimum: Int32, maximum: Int32
  ) {
    self.transposesLeft = transposesLeft
    self.transposesRight = transposesRight
    self.leftZeroPoint = leftZeroPoint
    self.rightZeroPoint = rightZeroPoint
    self.scale = scale
    self.outputZeroPoint = outputZeroPoint
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// A set of a tensor's axes: bit k stands for axis k.
public struct AxisSet: Sendable, Equatable {
  /// The bits.
  public var bits: UInt8

  /// Creates a set from its bits.
  public init(bits: UInt8) { self.bits = bits }

  /// Creates a set of axes, each from 0 to 7.
  public init(_ axes: [Int]) { bits = axes.reduce(0) { $0 | 1 << UInt8($1) } }

  /// Whether it holds an axis.
  public func contains(_ axis: Int) -> Bool { bits >> UInt8(axis) & 1 == 1 }

  /// Elements along its axes together.
  public func count(in shape: [Int]) -> Int {
    shape.indices.reduce(1) { contains($1) ? $0 * shape[$1] : $0 }
  }

  /// Whether all its axes exist in a tensor of a rank.
  func fits(rank: Int) -> Bool { rank < 8 && bits >> UInt8(rank) == 0 }
}

/// Some axes folded into one element each.
public struct ReductionParameters: Sendable, Equatable {
  /// The fold.
  public enum Kind: UInt8, Sendable {
    /// Σ (x − inputZeroPoint), scaled; a mean's divisor is part of the scale.
    case scaledSum = 1
    /// The largest element.
    case maximum = 2
    /// The smallest element.
    case minimum = 3
  }

  /// The fold.
  public var kind: Kind
  /// The axes folded.
  public var axes: AxisSet
  /// Zero point of the input.
  public var inputZeroPoint: Int32
  /// M = inputScale / outputScale, for a mean then `divided(by:)` the count.
  public var scale: FixedPointScale
  /// Zero point of the result.
  public var outputZeroPoint: Int32
  /// Lowest value stored.
  public var minimum: Int32
  /// Highest value stored.
  public var maximum: Int32

  /// Creates the parameters.
  public init(
    kind: Kind, axes: AxisSet, inputZeroPoint: Int32, scale: FixedPointScale,
    outputZeroPoint: Int32, minimum: Int32, maximum: Int32
  ) {
    self.kind = kind
    self.axes = axes
    self.inputZeroPoint = inputZeroPoint
    self.scale = scale
    self.outputZeroPoint = outputZeroPoint
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// Each group of elements along some axes brought to length or variance 1, then scaled and shifted
/// (Numerics).
public struct NormalizationParameters: Sendable, Equatable {
  /// Fraction bits of a normalised element.
  public static let fractionBits = 20
  /// The most elements of a group.
  public static let groupElements = 1 << 20
  /// The largest ε.
  public static let epsilonLimit: UInt64 = 1 << 60
  /// The most that gains may be shifted by.
  public static let shiftLimit = 40
  /// The largest |bias|.
  public static let biasLimit: UInt64 = 1 << 61

  /// True when the mean is subtracted and the variance becomes 1; false for the length.
  public var isCentered: Bool
  /// Axes of a group.
  public var axes: AxisSet
  /// Axes along which gain and bias differ.
  public var affineAxes: AxisSet
  /// Zero point of the input.
  public var inputZeroPoint: Int32
  /// Added to the squares, in their units: ε · n² / inputScale² when centred, ε / inputScale² if not.
  public var epsilon: UInt64
  /// Int32 little-endian: γ / outputScale · 2^shift.
  public var gain: ConstantReference
  /// Int64 little-endian, as many: β / outputScale · 2^(shift + 20).
  public var bias: ConstantReference
  /// See `gain`.
  public var shift: Int
  /// Zero point of the result.
  public var outputZeroPoint: Int32
  /// Lowest value stored.
  public var minimum: Int32
  /// Highest value stored.
  public var maximum: Int32

  /// Creates the parameters.
  public init(
    isCentered: Bool, axes: AxisSet, affineAxes: AxisSet, inputZeroPoint: Int32, epsilon: UInt64,
    gain: ConstantReference, bias: ConstantReference, shift: Int, outputZeroPoint: Int32,
    minimum: Int32, maximum: Int32
  ) {
    self.isCentered = isCentered
    self.axes = axes
    self.affineAxes = affineAxes
    self.inputZeroPoint = inputZeroPoint
    self.epsilon = epsilon
    self.gain = gain
    self.bias = bias
    self.shift = shift
    self.outputZeroPoint = outputZeroPoint
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// A convolution whose channels are in groups that do not see each other: output channel o reads the
/// input channels of group o / (O / groups). Weights [O, KH, KW, I / groups].
public struct GroupedConvolutionParameters: Sendable, Equatable {
  /// The convolution.
  public var convolution: ConvolutionParameters
  /// Groups; they divide the channels of both sides.
  public var groups: Int

  /// Creates the parameters.
  public init(convolution: ConvolutionParameters, groups: Int) {
    self.convolution = convolution
    self.groups = groups
  }
}
