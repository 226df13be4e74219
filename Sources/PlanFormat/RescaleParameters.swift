import Wire

/// Integers of another type, scale or zero point, with one slope above zero and one below:
/// QUANTIZE between integers, and of int16 what has no table, RELU and LEAKY_RELU.
///
/// q = clamp(outputZeroPoint + d · (d ≥ 0 ? above : below)), d = x − inputZeroPoint, rounded twice.
public struct RescaleParameters: Sendable, Equatable {
  /// Zero point of the operand.
  public var inputZeroPoint: Int32
  /// Factor of what is not below zero.
  public var above: FixedPointScale
  /// Factor of what is.
  public var below: FixedPointScale
  /// Zero point of the result.
  public var outputZeroPoint: Int32
  /// Lowest value stored.
  public var minimum: Int32
  /// Highest value stored.
  public var maximum: Int32

  /// Creates the parameters.
  public init(
    inputZeroPoint: Int32, above: FixedPointScale, below: FixedPointScale, outputZeroPoint: Int32,
    minimum: Int32, maximum: Int32
  ) {
    self.inputZeroPoint = inputZeroPoint
    self.above = above
    self.below = below
    self.outputZeroPoint = outputZeroPoint
    self.minimum = minimum
    self.maximum = maximum
  }

  /// The largest shift of a factor: an operand less its zero point is below 2^8, of int16 at most 2^15,
  /// of int32 at most 2^31, and must fit 32 bits when it is raised; nil for what is not rescaled.
  public static func largestShift(_ operand: PlanElement) -> Int32? {
    switch operand {
    case .int8: 22
    case .int16: 15
    case .int32: 0
    case .int64: nil
    }
  }
}

extension InstructionValidator {
  func rescale(
    _ parameters: RescaleParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    try require(input.elementCount == result.elementCount, "changes the element count")
    try zeroPoint(parameters.inputZeroPoint, input)
    try zeroPoint(parameters.outputZeroPoint, result)
    let largest = RescaleParameters.largestShift(input.element) ?? -32
    for factor in [parameters.above, parameters.below] {
      try scale(factor)
      try require(factor.shift <= largest, "has a scale that could overflow")
    }
    let range: ClosedRange<Int32> = result.element == .int16 ? -32768...32767 : -128...127
    try clamp(parameters.minimum, parameters.maximum, range)
  }
}

extension ByteWriter {
  mutating func rescale(_ parameters: RescaleParameters) {
    i32(parameters.inputZeroPoint)
    scale(parameters.above)
    scale(parameters.below)
    i32(parameters.outputZeroPoint)
    i32(parameters.minimum)
    i32(parameters.maximum)
  }
}

extension ByteReader {
  mutating func rescale() throws(WireError) -> RescaleParameters {
    RescaleParameters(
      inputZeroPoint: try i32(), above: try scale(), below: try scale(),
      outputZeroPoint: try i32(), minimum: try i32(), maximum: try i32())
  }
}
