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

extension PlanBuilder {
  /// Emits what holds the same reals with the parameters of the result: of bytes a look-up, else a
  /// rescaling.
  mutating func requantize(_ node: LoweringNode) throws(GraphError) {
    guard node.isOfBytes else { return try rescale(node) }
    let input = try QuantizedOperand(0, of: node)
    let result = try QuantizedOperand(resultOf: node)
    requantize(
      node.name, try input.activation(node), input.quantization,
      to: try result.activation(node), result.quantization)
  }

  /// Emits what gives integers another element type, scale or zero point: of int8 alone a look-up, else
  /// a rescaling, whose factors are LiteRT's. `slope` is the factor below zero, `clamp` what of the
  /// result is kept.
  mutating func rescale(
    _ node: LoweringNode, slope: Float = 1, bounds: ClosedRange<Float> = -.infinity ... .infinity
  ) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node, nil)
    let result = try QuantizedOperand(resultOf: node, nil)
    let elements = [node.operands[0], node.results.first].map { $0?.value.type.element }
    let source: PlanElement? =
      switch elements[0] {
      case .int8: .int8
      case .int16: .int16
      case .int32: .int32
      default: nil
      }
    guard elements[1] == .int8 || elements[1] == .int16, slope >= 0,
      let largest = source.flatMap(RescaleParameters.largestShift)
    else {
      throw .unsupported(
        operation: "rescaling", node: node.name,
        reason:
          "its operand and result are not integers that stand for reals, or its slope is negative")
    }
    let unit = result.quantization.scale
    func factor(_ real: Double) -> FixedPointScale {
      let scale = FixedPointScale(nearestTo: real)
      // Beyond it every level but the zero point saturates.
      return FixedPointScale(multiplier: scale.multiplier, shift: min(scale.shift, largest))
    }
    // A function's quotient of scales is a float, that of a mere rescaling is not.
    let isPlain = slope == 1 && bounds.lowerBound == -.infinity && bounds.upperBound == .infinity
    let ratio =
      isPlain
      ? Double(input.quantization.scale) / Double(unit) : Double(input.quantization.scale / unit)
    let range: ClosedRange<Float> = elements[1] == .int16 ? -32768...32767 : -128...127
    func level(_ bound: Float) -> Int32 {
      let steps = (bound / unit).rounded(.toNearestOrAwayFromZero)
      return Int32(
        min(max(steps + Float(result.quantization.zeroPoint), range.lowerBound), range.upperBound))
    }
    let parameters = RescaleParameters(
      inputZeroPoint: input.quantization.zeroPoint, above: factor(ratio),
      below: slope == 1 ? factor(ratio) : factor(Double(input.quantization.scale * slope / unit)),
      outputZeroPoint: result.quantization.zeroPoint, minimum: level(bounds.lowerBound),
      maximum: level(bounds.upperBound))
    emit(
      Instruction(
        name: node.name, operation: .rescale(parameters), inputs: [try input.activation(node)],
        output: try result.activation(node)))
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
