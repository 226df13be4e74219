extension InstructionValidator {
  func matrixProduct(
    _ parameters: MatrixProductParameters, _ left: PlanTensor, _ right: PlanTensor,
    _ result: PlanTensor
  ) throws(PlanError) {
    let rank = max(left.shape.count, right.shape.count)
    try require(
      min(left.shape.count, right.shape.count) >= 2 && result.shape.count == rank,
      "does not multiply matrices")
    func padded(_ shape: [Int]) -> [Int] { [Int](repeating: 1, count: rank - shape.count) + shape }
    let (a, b, c) = (padded(left.shape), padded(right.shape), result.shape)
    for axis in 0..<rank - 2 {
      try require(
        (a[axis] == c[axis] || a[axis] == 1) && (b[axis] == c[axis] || b[axis] == 1),
        "does not broadcast to its result")
    }
    let (row, column) = (rank - 2, rank - 1)
    let (rows, depth) = parameters.transposesLeft ? (a[column], a[row]) : (a[row], a[column])
    let (inner, columns) = parameters.transposesRight ? (b[column], b[row]) : (b[row], b[column])
    try require(
      depth == inner && c[row] == rows && c[column] == columns, "multiplies matrices that differ")
    try require(depth <= Int(Int32.max) / (255 * 255), "sums too many products")
    try zeroPoint(parameters.leftZeroPoint, left)
    try zeroPoint(parameters.rightZeroPoint, right)
    try scale(parameters.scale)
    try output(parameters.outputZeroPoint, parameters.minimum, parameters.maximum)
  }

  func reduction(
    _ parameters: ReductionParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    try require(parameters.axes.fits(rank: input.shape.count), "folds axes that do not exist")
    let count = parameters.axes.count(in: input.shape)
    try require(
      result.elementCount == input.elementCount / count, "has a result of another size")
    try require(count <= Int(Int32.max) / 255, "folds too many elements")
    try zeroPoint(parameters.inputZeroPoint, input)
    try scale(parameters.scale)
    try output(parameters.outputZeroPoint, parameters.minimum, parameters.maximum)
  }

  func normalization(
    _ parameters: NormalizationParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    let rank = input.shape.count
    try require(input.shape == result.shape, "changes the shape")
    try require(
      parameters.axes.fits(rank: rank) && parameters.affineAxes.fits(rank: rank),
      "works on axes that do not exist")
    try require(
      parameters.axes.count(in: input.shape) <= NormalizationParameters.groupElements,
      "has too large a group")
    try require(
      parameters.epsilon <= NormalizationParameters.epsilonLimit, "has an epsilon out of range")
    try require(
      (0...NormalizationParameters.shiftLimit).contains(parameters.shift),
      "has a shift out of range")
    let entries = parameters.affineAxes.count(in: input.shape)
    try constant(parameters.gain, count: [entries], times: 4)
    try constant(parameters.bias, count: [entries], times: 8)
    try zeroPoint(parameters.inputZeroPoint, input)
    try output(parameters.outputZeroPoint, parameters.minimum, parameters.maximum)
  }

  func groupedConvolution(
    _ parameters: GroupedConvolutionParameters, _ input: PlanTensor, _ result: PlanTensor,
    isTransposed: Bool
  ) throws(PlanError) {
    let (convolution, groups) = (parameters.convolution, parameters.groups)
    if isTransposed {
      try transposedWindow(convolution.window, input, result)
    } else {
      try window(convolution.window, input, result)
    }
    let channels = result.shape[3]
    try require(
      groups > 0 && channels % groups == 0 && input.shape[3] % groups == 0,
      "has groups that do not divide its channels")
    try constant(
      convolution.weights,
      count: [channels, convolution.window.height, convolution.window.width],
      times: input.shape[3] / groups)
    try weighted(convolution.bias, convolution.requantization, channels: channels)
    try zeroPoint(convolution.inputZeroPoint, input)
  }

  /// Every output gathers what reaches it, so that any size and padding reads inside the input.
  private func transposedWindow(
    _ window: Window, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    try require(
      input.shape.count == 4 && result.shape.count == 4 && input.shape[0] == 1
        && result.shape[0] == 1, "is not a window over [1, height, width, channels]")
    let steps = [
      window.height, window.width, window.strideHeight, window.strideWidth,
      window.dilationHeight, window.dilationWidth,
    ]
    try require(steps.allSatisfy { $0 > 0 }, "has an empty window or step")
  }

  private func output(
    _ zeroPoint: Int32, _ minimum: Int32, _ maximum: Int32
  ) throws(PlanError) {
    try clamp(minimum, maximum)
    try require((-128...127).contains(zeroPoint), "has a zero point out of range")
  }
}

extension Plan {
  /// |bias| within its limit: with any gain and any normalised element nothing overflows 64 bits.
  static func biasesFit(
    _ parameters: NormalizationParameters, _ weights: UnsafeRawBufferPointer
  ) -> Bool {
    for entry in 0..<parameters.bias.byteCount / 8 {
      let bias = Int64(
        littleEndian: weights.loadUnaligned(
          fromByteOffset: parameters.bias.offset + 8 * entry, as: Int64.self))
      guard bias.magnitude <= NormalizationParameters.biasLimit else { return false }
    }
    return true
  }
}
