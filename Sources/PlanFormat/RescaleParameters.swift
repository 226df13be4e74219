/// The same reals with other parameters, or in another width: int8 or int16 in and out.
public struct RescaleParameters: Sendable, Equatable {
  /// Of the operand.
  public var inputZeroPoint: Int32
  /// The operand's scale over the result's.
  public var scale: FixedPointScale
  /// Of the result.
  public var outputZeroPoint: Int32

  /// Creates the parameters.
  public init(inputZeroPoint: Int32, scale: FixedPointScale, outputZeroPoint: Int32) {
    self.inputZeroPoint = inputZeroPoint
    self.scale = scale
    self.outputZeroPoint = outputZeroPoint
  }
}

extension InstructionValidator {
  func rescale(
    _ parameters: RescaleParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    try require(input.elementCount == result.elementCount, "changes the element count")
    try zeroPoint(parameters.inputZeroPoint, input)
    try zeroPoint(parameters.outputZeroPoint, result)
    try scale(parameters.scale)
  }
}
