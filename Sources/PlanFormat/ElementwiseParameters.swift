/// An element-wise function of two tensors, or of a tensor and a constant, broadcast by NumPy's rules
/// to the result's shape: a shape is that of the result, or has 1 or nothing where it repeats.
public struct ElementwiseParameters: Sendable, Equatable {
  /// What is computed of a and b, the operands less their zero points. `left`, `right`, `output` are
  /// the scales and `headroom` the left shift of ``arithmetic``; every product is rounded twice.
  public enum Function: UInt8, Sendable, CaseIterable {
    /// output · (left · (a << headroom) + right · (b << headroom)).
    case add = 1
    /// The difference of the same.
    case subtract = 2
    /// output · (a · b).
    case multiply = 3
    /// output · ((a << headroom) / b), the quotient to the nearest, halves away from zero; by 0 the
    /// highest or lowest value, 0 / 0 the zero point.
    case divide = 4
    /// output · the larger of the two terms of the sum.
    case maximum = 5
    /// output · the smaller.
    case minimum = 6
    /// output · the square of the difference's two terms.
    case squaredDifference = 7
    /// left · a where a ≥ 0, else output · (a · b).
    case slope = 8
  }

  /// One operand that is the same for every run.
  public struct Constant: Sendable, Equatable {
    /// True for the first operand, a.
    public var isLeft: Bool
    /// Its shape.
    public var shape: [Int]
    /// Its elements, of the operand's type, little-endian.
    public var elements: ConstantReference

    /// Creates a constant.
    public init(isLeft: Bool, shape: [Int], elements: ConstantReference) {
      self.isLeft = isLeft
      self.shape = shape
      self.elements = elements
    }
  }

  /// The function.
  public var function: Function
  /// Zero points, scales, clamp.
  public var arithmetic: AdditionParameters
  /// The constant operand, if one is.
  public var constant: Constant?

  /// Creates the parameters.
  public init(function: Function, arithmetic: AdditionParameters, constant: Constant? = nil) {
    self.function = function
    self.arithmetic = arithmetic
    self.constant = constant
  }
}
