import Kernels
package import ModelGraph
package import PlanFormat

extension PlanBuilder {
  /// Emits the look-up that gives int8 another scale and zero point: LiteRT's QUANTIZE of int8.
  ///
  /// - Parameters:
  ///   - input: the tensor read, with parameters `source`.
  ///   - output: the tensor written, with parameters `target` and as many elements.
  package mutating func requantize(
    _ name: String, _ input: TensorIndex, _ source: Quantization, to output: TensorIndex,
    _ target: Quantization
  ) {
    let table = constant(
      Quantization.rescaling(from: source, to: target).map { UInt8(bitPattern: $0) })
    emit(
      Instruction(
        name: name, operation: .lookup(LookupParameters(table: table)), inputs: [input],
        output: output))
  }
}

extension Quantization {
  /// What each int8 of one scale and zero point is under another, −128 first: the product with the
  /// scales' quotient rounded twice, as LiteRT's QUANTIZE has it; the same integers for equal
  /// parameters.
  package static func rescaling(from source: Quantization, to target: Quantization) -> [Int8] {
    let scale = FixedPointScale(nearestTo: Double(source.scale) / Double(target.scale))
    return (Int32(-128)...127).map { level in
      // By 2^21 and more every level but the zero point saturates; a larger shift would overflow.
      let scaled = FixedPoint.scaleTwice(
        level - source.zeroPoint, scale.multiplier, min(scale.shift, 22))
      return FixedPoint.clamp(scaled + target.zeroPoint, -128, 127)
    }
  }
}
