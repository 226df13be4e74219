import Wire

extension ByteWriter {
  mutating func matrixProduct(_ parameters: MatrixProductParameters) {
    u8(parameters.transposesLeft ? 1 : 0)
    u8(parameters.transposesRight ? 1 : 0)
    i32(parameters.leftZeroPoint)
    i32(parameters.rightZeroPoint)
    scale(parameters.scale)
    output(parameters.outputZeroPoint, parameters.minimum, parameters.maximum)
  }

  mutating func reduction(_ parameters: ReductionParameters) {
    u8(parameters.kind.rawValue)
    u8(parameters.axes.bits)
    i32(parameters.inputZeroPoint)
    scale(parameters.scale)
    output(parameters.outputZeroPoint, parameters.minimum, parameters.maximum)
  }

  mutating func normalization(_ parameters: NormalizationParameters) {
    u8(parameters.isCentered ? 1 : 0)
    u8(parameters.axes.bits)
    u8(parameters.affineAxes.bits)
    i32(parameters.inputZeroPoint)
    u64(parameters.epsilon)
    reference(parameters.gain)
    reference(parameters.bias)
    u8(UInt8(parameters.shift))
    output(parameters.outputZeroPoint, parameters.minimum, parameters.maximum)
  }

  private mutating func output(_ zeroPoint: Int32, _ minimum: Int32, _ maximum: Int32) {
    i32(zeroPoint)
    i32(minimum)
    i32(maximum)
  }
}

extension ByteReader {
  /// A byte that is 0 or 1.
  private mutating func flag() throws(WireError) -> Bool {
    let start = position
    let code = try u8()
    guard code <= 1 else { throw .limitExceeded(at: start, value: UInt64(code), limit: 1) }
    return code == 1
  }

  mutating func matrixProduct() throws(WireError) -> MatrixProductParameters {
    MatrixProductParameters(
      transposesLeft: try flag(), transposesRight: try flag(), leftZeroPoint: try i32(),
      rightZeroPoint: try i32(), scale: try scale(), outputZeroPoint: try i32(),
      minimum: try i32(), maximum: try i32())
  }

  mutating func reduction() throws(WireError) -> ReductionParameters {
    let start = position
    let code = try u8()
    guard let kind = ReductionParameters.Kind(rawValue: code) else {
      throw .limitExceeded(at: start, value: UInt64(code), limit: 3)
    }
    return ReductionParameters(
      kind: kind, axes: AxisSet(bits: try u8()), inputZeroPoint: try i32(), scale: try scale(),
      outputZeroPoint: try i32(), minimum: try i32(), maximum: try i32())
  }

  mutating func normalization() throws(WireError) -> NormalizationParameters {
    NormalizationParameters(
      isCentered: try flag(), axes: AxisSet(bits: try u8()), affineAxes: AxisSet(bits: try u8()),
      inputZeroPoint: try i32(), epsilon: try u64(), gain: try reference(),
      bias: try reference(), shift: Int(try u8()), outputZeroPoint: try i32(),
      minimum: try i32(), maximum: try i32())
  }

  mutating func groupedConvolution() throws(WireError) -> GroupedConvolutionParameters {
    GroupedConvolutionParameters(
      convolution: try convolution(), groups: try bounded(PlanLimits.elements))
  }
}
