import CMicrokernels
import PlanFormat

/// The element-wise sum of int16 with the definition's own three roundings: too many pairs of inputs to
/// verify one linear form on all of them, as `SumKernel` does.
struct WordSumKernel {
  let loop: swl_word_sum_kernel?

  /// Whether it computes a layer: no scale shifts left, and no rounding leaves 32 bits.
  func serves(_ layer: Layer) -> Bool {
    guard case .addition16(let parameters) = layer.operation, parameters.output.shift <= 0 else {
      return false
    }
    // All grows with the magnitude of the inputs; none is larger than −2^15.
    let operand = Int32(-1) << (15 + parameters.leftShift)
    let sum = [parameters.left, parameters.right].reduce(Int64(0)) {
      $0 + Int64(FixedPoint.scaleTwice(operand, $1.multiplier, $1.shift))
    }
    guard let sum = Int32(exactly: sum) else { return false }
    return Self.holds(operand, parameters.left) && Self.holds(operand, parameters.right)
      && Self.holds(sum, parameters.output)
  }

  /// Whether half of what the second rounding divides by can be added.
  private static func holds(_ value: Int32, _ scale: FixedPointScale) -> Bool {
    let product = FixedPoint.doublingHighProduct(value, scale.multiplier)
    let half = (Int64(1) << Int64(-scale.shift)) >> 1
    return Int64(product.magnitude) + half < 1 << 31
  }

  func bind(_ layer: Layer, _ memory: LayerMemory) -> WordSumCall {
    guard case .addition16(let parameters) = layer.operation else {
      preconditionFailure("not a sum of int16")
    }
    func scale(_ scale: FixedPointScale) -> swl_scale {
      swl_scale(multiplier: scale.multiplier, shift: 0 &- scale.shift)
    }
    return WordSumCall(
      sum: swl_word_sum(
        left: UnsafePointer(memory.elements(layer.inputs[0], as: Int16.self)),
        right: UnsafePointer(memory.elements(layer.inputs[1], as: Int16.self)),
        output: memory.elements(layer.output, as: Int16.self), count: layer.output.elementCount,
        headroom: parameters.leftShift, left_scale: scale(parameters.left),
        right_scale: scale(parameters.right), output_scale: scale(parameters.output),
        minimum: parameters.minimum, maximum: parameters.maximum),
      loop: loop)
  }
}

/// A sum of int16 bound to its kernel.
public struct WordSumCall {
  let sum: swl_word_sum
  let loop: swl_word_sum_kernel?

  /// Computes the layer.
  @inline(__always)
  func run(_ share: WorkShare) {
    let range = share.range(sum.count, step: 64)
    var sum = sum
    sum.left += range.lowerBound
    sum.right += range.lowerBound
    sum.output += range.lowerBound
    sum.count = range.count
    if !range.isEmpty { loop?(&sum) }
  }
}
