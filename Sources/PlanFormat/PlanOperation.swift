/// What an instruction computes. A kernel serves each case; adding one is a compile error until
/// every switch over it does.
public enum PlanOperation: Sendable, Equatable {
  /// 2-D convolution; weights [O, KH, KW, I] int8.
  case convolution2D(ConvolutionParameters)
  /// Depthwise 2-D convolution; weights [KH, KW, I · depthMultiplier] int8.
  case depthwiseConvolution2D(ConvolutionParameters)
  /// Matrix product with weights [O, I] int8; the input is read as [items, I].
  case fullyConnected(FullyConnectedParameters)
  /// Element-wise sum of two int8 tensors of one shape.
  case addition(AdditionParameters)
  /// Average over windows; input and output share scale and zero point.
  case averagePool2D(PoolParameters)
  /// Maximum over windows; input and output share scale and zero point.
  case maximumPool2D(PoolParameters)
  /// Mean over height and width of [1, H, W, C], requantised.
  case spatialMean(SpatialMeanParameters)
  /// Softmax over the last axis.
  case softmax(SoftmaxParameters)
  /// Axes permuted; the element type and parameters stay.
  case transpose(TransposeParameters)
  /// output[i] = table[input[i] + 128], int8 to int8.
  case lookup(LookupParameters)
  /// 2-D convolution of int16; weights [O, KH, KW, I] int8.
  case convolution16x8(Convolution16x8Parameters)
  /// Depthwise 2-D convolution of int16; weights [KH, KW, I · depthMultiplier] int8.
  case depthwiseConvolution16x8(Convolution16x8Parameters)
  /// Matrix product of int16 with weights [O, I] int8; the input is read as [items, I].
  case fullyConnected16x8(FullyConnected16x8Parameters)
  /// Element-wise sum of two int16 tensors of one shape.
  case addition16(AdditionParameters)
  /// Decision trees over ranks, int16 or int32 [items, features], to sums, int32 or int64.
  case treeEnsemble(TreeEnsembleParameters)
  /// Products of two stacks of int8 matrices.
  case matrixProduct(MatrixProductParameters)
  /// Some axes folded into one element each.
  case reduction(ReductionParameters)
  /// Groups of elements brought to variance or length 1.
  case normalization(NormalizationParameters)
  /// Transposed 2-D convolution; weights [O, KH, KW, I / groups] int8.
  case transposedConvolution(GroupedConvolutionParameters)
  /// 2-D convolution in groups; weights [O, KH, KW, I / groups] int8.
  case groupedConvolution(GroupedConvolutionParameters)
  /// Element-wise function of two int8 or two int16 tensors, or of one and a constant, broadcast.
  case elementwise(ElementwiseParameters)
  /// int8, int16 or int32 to int8 or int16 of another scale, one slope above zero and one below.
  case rescale(RescaleParameters)
  /// Elements copied in blocks; operands and result are of one element type, any.
  case move(MoveParameters)
  /// An image resampled; input and output share scale and zero point.
  case resize(ResizeParameters)
  /// An LSTM, a GRU or a simple recurrent layer over time.
  case recurrent(RecurrentParameters)
  /// The position of the first largest element along the last axis, of any element, as int32.
  case topClass
}

/// How an accumulator becomes an output: q = zeroPoint + round(acc · multiplier · 2^shift).
///
/// The real multiplier M is stored as `multiplier` in [2^30, 2^31) and `shift`, M = multiplier ·
/// 2^(shift − 31). One entry, or one per output channel.
public struct Requantization: Sendable, Equatable {
  /// Which rounding the product gets. Both are BUILTIN_REF's (Numerics).
  public enum Rounding: UInt8, Sendable {
    /// Rounding doubling high multiplication, then a rounding right shift (conv, depthwise, add).
    case twice = 1
    /// One rounding shift of the 64-bit product (fully connected).
    case once = 2
  }
  /// Int32 little-endian, one per channel, or a single one.
  public var multipliers: ConstantReference
  /// Int8, as many as the multipliers; negative shifts right.
  public var shifts: ConstantReference
  /// Rounding.
  public var rounding: Rounding
  /// Added after scaling.
  public var outputZeroPoint: Int32
  /// Lowest value stored (the fused activation's clamp).
  public var minimum: Int32
  /// Highest value stored.
  public var maximum: Int32

  /// Creates a requantisation.
  public init(
    multipliers: ConstantReference, shifts: ConstantReference, rounding: Rounding,
    outputZeroPoint: Int32, minimum: Int32, maximum: Int32
  ) {
    self.multipliers = multipliers
    self.shifts = shifts
    self.rounding = rounding
    self.outputZeroPoint = outputZeroPoint
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// A window sliding over height and width. Padding at the bottom and right follows from the shapes.
public struct Window: Sendable, Equatable {
  /// Kernel rows.
  public var height: Int
  /// Kernel columns.
  public var width: Int
  /// Step down.
  public var strideHeight: Int
  /// Step across.
  public var strideWidth: Int
  /// Rows between taps.
  public var dilationHeight: Int
  /// Columns between taps.
  public var dilationWidth: Int
  /// Rows of padding above.
  public var paddingTop: Int
  /// Columns of padding to the left.
  public var paddingLeft: Int

  /// Creates a window.
  public init(
    height: Int, width: Int, strideHeight: Int = 1, strideWidth: Int = 1, dilationHeight: Int = 1,
    dilationWidth: Int = 1, paddingTop: Int = 0, paddingLeft: Int = 0
  ) {
    self.height = height
    self.width = width
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.paddingTop = paddingTop
    self.paddingLeft = paddingLeft
  }
}

/// Parameters of both convolutions. acc = bias + Σ w · (x − inputZeroPoint); padding adds nothing.
public struct ConvolutionParameters: Sendable, Equatable {
  /// The window.
  public var window: Window
  /// Zero point of the input.
  public var inputZeroPoint: Int32
  /// int8 weights, layout as the operation states.
  public var weights: ConstantReference
  /// Int32 little-endian, one per output channel.
  public var bias: ConstantReference
  /// Accumulator to output, per channel.
  public var requantization: Requantization

  /// Creates the parameters.
  public init(
    window: Window, inputZeroPoint: Int32, weights: ConstantReference, bias: ConstantReference,
    requantization: Requantization
  ) {
    self.window = window
    self.inputZeroPoint = inputZeroPoint
    self.weights = weights
    self.bias = bias
    self.requantization = requantization
  }
}

/// acc[o] = bias[o] + Σ w[o, i] · (x[i] − inputZeroPoint).
public struct FullyConnectedParameters: Sendable, Equatable {
  /// Zero point of the input.
  public var inputZeroPoint: Int32
  /// int8 weights [O, I].
  public var weights: ConstantReference
  /// Int32 little-endian, one per output.
  public var bias: ConstantReference
  /// Accumulator to output, one entry or one per output.
  public var requantization: Requantization

  /// Creates the parameters.
  public init(
    inputZeroPoint: Int32, weights: ConstantReference, bias: ConstantReference,
    requantization: Requantization
  ) {
    self.inputZeroPoint = inputZeroPoint
    self.weights = weights
    self.bias = bias
    self.requantization = requantization
  }
}

/// q = outputZeroPoint + out · (left · ((a − za) << leftShift) + right · ((b − zb) << leftShift)),
/// every product rounded twice (TFLite's ADD).
public struct AdditionParameters: Sendable, Equatable {
  /// Bits of headroom given to both operands before scaling (20 for int8, 15 for int16).
  public var leftShift: Int32
  /// Zero point of the first operand.
  public var leftZeroPoint: Int32
  /// Zero point of the second operand.
  public var rightZeroPoint: Int32
  /// Scale of the first operand.
  public var left: FixedPointScale
  /// Scale of the second operand.
  public var right: FixedPointScale
  /// Scale of the sum.
  public var output: FixedPointScale
  /// Zero point of the result.
  public var outputZeroPoint: Int32
  /// Lowest value stored.
  public var minimum: Int32
  /// Highest value stored.
  public var maximum: Int32

  /// Creates the parameters.
  public init(
    leftShift: Int32, leftZeroPoint: Int32, rightZeroPoint: Int32, left: FixedPointScale,
    right: FixedPointScale, output: FixedPointScale, outputZeroPoint: Int32, minimum: Int32,
    maximum: Int32
  ) {
    self.leftShift = leftShift
    self.leftZeroPoint = leftZeroPoint
    self.rightZeroPoint = rightZeroPoint
    self.left = left
    self.right = right
    self.output = output
    self.outputZeroPoint = outputZeroPoint
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// A pooling window with the fused clamp. Padding is left out of averages and maxima.
public struct PoolParameters: Sendable, Equatable {
  /// The window.
  public var window: Window
  /// Lowest value stored.
  public var minimum: Int32
  /// Highest value stored.
  public var maximum: Int32

  /// Creates the parameters.
  public init(window: Window, minimum: Int32, maximum: Int32) {
    self.window = window
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// acc[c] = Σ over positions of (x − inputZeroPoint); the divisor is part of the scale.
public struct SpatialMeanParameters: Sendable, Equatable {
  /// Zero point of the input.
  public var inputZeroPoint: Int32
  /// M = inputScale / outputScale, then `divided(by:)` the positions.
  public var scale: FixedPointScale
  /// Zero point of the result.
  public var outputZeroPoint: Int32
  /// Lowest value stored.
  public var minimum: Int32
  /// Highest value stored.
  public var maximum: Int32

  /// Creates the parameters.
  public init(
    inputZeroPoint: Int32, scale: FixedPointScale, outputZeroPoint: Int32, minimum: Int32,
    maximum: Int32
  ) {
    self.inputZeroPoint = inputZeroPoint
    self.scale = scale
    self.outputZeroPoint = outputZeroPoint
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// q[i] = −128 + round(256 · e[i] / Σ e), halves up, with e[i] = table[max − x[i]]; the output's
/// scale is 1/256.
public struct SoftmaxParameters: Sendable, Equatable {
  /// 256 UInt64 little-endian: round(2^40 · exp(−β · inputScale · k)), k = 0…255.
  public var table: ConstantReference

  /// Creates the parameters.
  public init(table: ConstantReference) { self.table = table }
}

/// output axis k is input axis `permutation[k]`.
public struct TransposeParameters: Sendable, Equatable {
  /// A permutation of 0 ..< rank.
  public var permutation: [Int]

  /// Creates the parameters.
  public init(permutation: [Int]) { self.permutation = permutation }
}

/// An element-wise function of one int8 tensor.
public struct LookupParameters: Sendable, Equatable {
  /// 256 int8: the result for inputs −128 … 127.
  public var table: ConstantReference

  /// Creates the parameters.
  public init(table: ConstantReference) { self.table = table }
}
