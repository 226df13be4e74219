import CMicrokernels
import PlanFormat
import Wire

/// The element-wise sum as one linear form, q = (x·a + y·b + c) >> bits, clamped.
///
/// The definition rounds three times. At packing, a and b are the real factors times 2^bits, and c is
/// sought such that the form gives the definition's result for all 65,536 pairs of inputs; where there
/// is none (halves that the definition rounds away from zero, say), the scalar kernel serves.
struct SumKernel {
  let loop: swl_sum_kernel?

  /// a, b, c and bits, padded.
  static let packedBytes = 64
  /// Bits of the lower half of a coefficient: both halves are 16-bit operands.
  private static let lowBits: Int64 = 15

  /// - Returns: the verified coefficients, or nil.
  static func pack(_ layer: Layer) -> [UInt8]? {
    guard case .addition(let parameters) = layer.operation else { return nil }
    // As many bits as keep both coefficients below 2^30.
    var bits: Int64 = 30
    var factors = (left: Int64(0), right: Int64(0))
    repeat {
      guard bits > lowBits, let left = coefficient(parameters.left, parameters, bits),
        let right = coefficient(parameters.right, parameters, bits)
      else { return nil }
      factors = (left, right)
      bits -= 1
    } while max(factors.left, factors.right) >= 1 << 30
    bits += 1
    guard let constant = constant(parameters, factors.left, factors.right, bits) else {
      return nil
    }
    var writer = ByteWriter(capacity: packedBytes)
    writer.i32(Int32(factors.left))
    writer.i32(Int32(factors.right))
    writer.i64(constant)
    writer.i32(Int32(bits))
    writer.align(to: packedBytes)
    return writer.bytes
  }

  /// operand · output · 2^leftShift · 2^bits, rounded; nil where it is far from 1.
  private static func coefficient(
    _ operand: FixedPointScale, _ parameters: AdditionParameters, _ bits: Int64
  ) -> Int64? {
    let product = Int64(operand.multiplier) * Int64(parameters.output.multiplier)
    // Each scale is multiplier · 2^(shift − 31).
    let right = 62 - Int64(operand.shift + parameters.output.shift + parameters.leftShift) - bits
    guard right > 0, right < 63 else { return nil }
    return ((product >> (right - 1)) + 1) >> 1
  }

  /// The middle of the constants for which the form equals the definition everywhere.
  private static func constant(
    _ parameters: AdditionParameters, _ left: Int64, _ right: Int64, _ bits: Int64
  ) -> Int64? {
    let definition = ScaledSum(parameters)
    var (lowest, highest) = (-(Int64(1) << 45), Int64(1) << 45)
    for x in -128...127 as ClosedRange<Int32> {
      for y in -128...127 as ClosedRange<Int32> {
        let result = definition.apply(x, y)
        let linear = Int64(x) * left + Int64(y) * right
        if result > parameters.minimum { lowest = max(lowest, Int64(result) << bits - linear) }
        if result < parameters.maximum {
          highest = min(highest, Int64(result + 1) << bits - 1 - linear)
        }
      }
      if lowest > highest { return nil }
    }
    return (lowest + highest) >> 1
  }

  func bind(_ layer: Layer, _ memory: LayerMemory) -> SumCall {
    guard case .addition(let parameters) = layer.operation else {
      preconditionFailure("not a sum")
    }
    let constants = UnsafeRawBufferPointer(start: memory.constants, count: Self.packedBytes)
    let constant = constants.loadUnaligned(fromByteOffset: 8, as: Int64.self)
    func halves(_ offset: Int) -> (high: Int16, low: Int16) {
      let value = Int64(constants.int32(offset))
      return (
        Int16(truncatingIfNeeded: value >> Self.lowBits),
        Int16(truncatingIfNeeded: value & (1 << Self.lowBits - 1))
      )
    }
    let (left, right) = (halves(0), halves(4))
    return SumCall(
      sum: swl_sum(
        left: UnsafePointer(memory.elements(layer.inputs[0])),
        right: UnsafePointer(memory.elements(layer.inputs[1])),
        output: memory.elements(layer.output), count: layer.output.elementCount,
        left_high: left.high, right_high: right.high, left_low: left.low, right_low: right.low,
        high: Int32(truncatingIfNeeded: constant >> Self.lowBits),
        low: Int32(truncatingIfNeeded: constant & (1 << Self.lowBits - 1)),
        shift: constants.int32(16) &- Int32(Self.lowBits), minimum: parameters.minimum,
        maximum: parameters.maximum),
      loop: loop)
  }
}

/// An element-wise sum bound to its kernel.
public struct SumCall {
  let sum: swl_sum
  let loop: swl_sum_kernel?

  /// Computes the layer.
  @inline(__always)
  func run() {
    var sum = sum
    loop?(&sum)
  }
}
