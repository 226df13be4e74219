public import ModelGraph

/// The reals that integers of one tensor can stand for: (q − zeroPoint) · scale for q in `levels`.
public struct IntegerGrid: Sendable, Equatable {
  /// Distance between neighbours; finite and positive.
  public var scale: Float
  /// The integer that stands for 0.
  public var zeroPoint: Int
  /// The integers there are.
  public var levels: ClosedRange<Int>

  /// Creates a grid.
  public init(scale: Float, zeroPoint: Int, levels: ClosedRange<Int>) {
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.levels = levels
  }

  /// The levels of an element type: `int32` stands for the unsigned 16-bit integers, which have no
  /// type of their own here; nil for what is no type of quantised activations.
  public static func levels(of element: ElementType) -> ClosedRange<Int>? {
    switch element {
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .int32: 0...65535
    case .float32, .int64, .bool: nil
    }
  }

  /// The integer for a real, by ONNX's QuantizeLinear: float32 division, halves to even, saturated.
  public func level(of real: Float) -> Int {
    let scaled = (real / scale).rounded(.toNearestOrEven)
    guard !scaled.isNaN else { return zeroPoint }
    let bounded = min(max(scaled, -0x1p24), 0x1p24)
    return min(max(Int(bounded) + zeroPoint, levels.lowerBound), levels.upperBound)
  }

  /// The real an integer stands for.
  public func real(of level: Int) -> Float { Float(level - zeroPoint) * scale }

  /// Type and parameters of the activation on a device: unsigned integers are shifted by half their
  /// range, which changes no real; nil when the device's integers cannot hold the grid.
  public var activation: (element: ElementType, quantization: Quantization)? {
    let shift = levels.lowerBound == 0 ? (levels.upperBound + 1) / 2 : 0
    let quantization = Quantization(scale: scale, zeroPoint: Int32(zeroPoint - shift))
    switch levels.count {
    case 256: return (.int8, quantization)
    case 65536 where quantization.zeroPoint == 0: return (.int16, quantization)
    default: return nil
    }
  }

  /// `int8 0.5+3`, for tables.
  var summary: String {
    "\(Self.summary(of: levels)) scale \(scale) zero \(zeroPoint)"
  }

  /// `uint4`, for tables.
  static func summary(of levels: ClosedRange<Int>) -> String {
    "\(levels.lowerBound == 0 ? "uint" : "int")\(levels.count.trailingZeroBitCount)"
  }
}
