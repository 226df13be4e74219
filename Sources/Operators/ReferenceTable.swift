import Kernels
import ModelGraph
import PlanFormat

/// Functions of one int8 tensor as LiteRT's reference kernels (BUILTIN_REF) compute them, so that a
/// model quantised for LiteRT keeps its results to the last bit. The formulas were checked against
/// LiteRT for all 256 inputs under many scales (`ReferenceTableTests`).
public enum ReferenceTable: Sendable, Equatable {
  /// RELU and its kin: another scale, clamped to these reals.
  case clamped(minimum: Float, maximum: Float)
  /// LEAKY_RELU.
  case leakyRelu(alpha: Float)
  /// HARD_SWISH.
  case hardSwish
  /// ABS.
  case abs
  /// SQRT, rounded down.
  case squareRoot
  /// RSQRT, from a fixed-point root.
  case reciprocalRoot
  /// A table made in float32.
  case float(Function)

  /// What ``float(_:)`` tables hold.
  public enum Function: Sendable, Equatable {
    case logistic, tanh, elu, exp, log, gelu, geluByTanh
  }

  /// The results for −128…127; nil for parameters LiteRT does not take.
  func entries(_ input: Quantization, _ result: Quantization) -> [Int8]? {
    let levels = (Int32(-128)...127).map { $0 - input.zeroPoint }
    let (zero, unit) = (result.zeroPoint, result.scale)
    // The quotient of two floats is a float there.
    let ratio = FixedPointScale(nearestTo: Double(input.scale / unit))
    switch self {
    case .clamped(let minimum, let maximum):
      let low = Self.level(minimum, result)
      let high = Self.level(maximum, result)
      return levels.map { FixedPoint.clamp(Self.scaled($0, ratio) + zero, low, high) }
    case .leakyRelu(let alpha):
      guard alpha >= 0 else { return nil }
      let slope = FixedPointScale(nearestTo: Double(input.scale * alpha / unit))
      return levels.map {
        FixedPoint.clamp(Self.scaled($0, $0 >= 0 ? ratio : slope) + zero, -128, 127)
      }
    case .hardSwish:
      let kernel = ReferenceHardSwish(input.scale, unit)
      return levels.map { FixedPoint.clamp(kernel.apply($0) + zero, -128, 127) }
    case .abs:
      return levels.map { level in
        let size = Int32(level.magnitude)
        let scaled = input.scale == unit ? size : Self.scaled(size, ratio)
        return FixedPoint.clamp(scaled + zero, -128, 127)
      }
    case .squareRoot:
      return levels.map { level in
        let root = (Double(input.scale) * Double(max(level, 0))).squareRoot()
        let steps = (root / Double(unit)).rounded(.down) + Double(zero)
        return Int8(min(max(steps, -128), 127))
      }
    case .reciprocalRoot:
      let factor = FixedPointScale(
        nearestTo: Double(1 / (input.scale.squareRoot() * unit)))
      return levels.map { level in
        // What is not above zero has no root; LiteRT gives 0 the largest, and refuses the rest.
        guard level > 0 else { return 127 }
        let root = FixedPoint.inverseRoot(of: level)
        // 20 bits below the point in between.
        let fine = FixedPoint.scaleTwice(1, root.multiplier, root.shift + 20)
        let scaled = FixedPoint.scaleTwice(fine, factor.multiplier, factor.shift - 20)
        return FixedPoint.clamp(scaled + zero, -128, 127)
      }
    case .float(let function):
      let inverse = 1 / unit
      return levels.map { level in
        let value = function.apply(input.scale * Float(level))
        let steps = (value * inverse).rounded(.toNearestOrAwayFromZero) + Float(zero)
        return steps.isNaN ? -128 : Int8(min(max(steps, -128), 127))
      }
    }
  }

  /// Where a shift would leave 32 bits, any level but 0 saturates.
  private static func scaled(_ level: Int32, _ scale: FixedPointScale) -> Int32 {
    FixedPoint.scaleTwice(level, scale.multiplier, min(scale.shift, 22))
  }

  /// A real bound in the result's integers; an infinite one is the type's.
  private static func level(_ bound: Float, _ result: Quantization) -> Int32 {
    let steps = (bound / result.scale).rounded(.toNearestOrAwayFromZero)
    return Int32(min(max(steps + Float(result.zeroPoint), -128), 127))
  }
}

extension ReferenceTable.Function {
  /// The function in float32 arithmetic; elementary functions are rounded to float32 once.
  fileprivate func apply(_ x: Float) -> Float {
    func rounded(_ function: (Double) -> Double, _ x: Float) -> Float {
      Float(function(Double(x)))
    }
    switch self {
    case .logistic: return 1 / (1 + rounded(Exponential.exp, -x))
    case .tanh: return rounded(RealFunctions.tanh, x)
    case .elu: return x < 0 ? rounded(RealFunctions.expMinusOne, x) : x
    case .exp: return rounded(Exponential.exp, x)
    case .log: return rounded(RealFunctions.log, x)
    case .gelu: return 0.5 * x * (1 + rounded(RealFunctions.erf, x * Float(0.5.squareRoot())))
    case .geluByTanh:
      let inner = Float(0.7978845608028654) * (x + 0.044715 * x * x * x)
      return 0.5 * x * (1 + rounded(RealFunctions.tanh, inner))
    }
  }
}

/// HARD_SWISH in 16 bits.
private struct ReferenceHardSwish {
  private let output: (multiplier: Int32, shift: Int32)
  private let gate: (multiplier: Int32, shift: Int32)

  init(_ input: Float, _ result: Float) {
    let fine = (1 / 128) * input
    output = Self.reduced(fine / result)
    gate = Self.reduced(fine / (3 / 32768))
  }

  private static func reduced(_ factor: Float) -> (Int32, Int32) {
    let scale = FixedPointScale(nearestTo: Double(factor))
    return (Int32(FixedPoint.reduced(scale.multiplier)), scale.shift)
  }

  /// The result for a level above the input's zero point, less the result's zero point.
  func apply(_ level: Int32) -> Int32 {
    let fine = level << 7
    let value = Self.product(fine, output.multiplier)
    var open = fine
    if gate.shift > 0 { open = Self.saturated(open, gate.shift - 1) }
    open = Self.product(open, gate.multiplier)
    if gate.shift > 0 { open = Self.saturated(open, 1) }
    if gate.shift < 0 { open = FixedPoint.roundingShift(open, min(-gate.shift, 31)) }
    // From [−1, 1] to [0, 1].
    open = (open + 1 << 15) >> 1
    // The last product is cut, not rounded, to even out the roundings before.
    let gated = open * value / (1 << 15)
    return output.shift > 0
      ? gated << min(output.shift, 15) : FixedPoint.roundingShift(gated, -output.shift)
  }

  /// SaturatingRoundingDoublingHighMul of 16 bits.
  private static func product(_ a: Int32, _ b: Int32) -> Int32 {
    let product = a * b
    return (product + (product >= 0 ? 1 << 14 : 1 - 1 << 14)) / (1 << 15)
  }

  private static func saturated(_ value: Int32, _ shift: Int32) -> Int32 {
    Int32(min(max(Int64(value) << Int64(min(shift, 31)), -32768), 32767))
  }
}
