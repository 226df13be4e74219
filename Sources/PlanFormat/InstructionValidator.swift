/// The rules of each operation: operand shapes, constants' sizes, parameters within their ranges.
struct InstructionValidator {
  let plan: Plan
  let instruction: Instruction

  func validate(_ operands: [PlanTensor], _ result: PlanTensor) throws(PlanError) {
    let counts =
      switch instruction.operation {
      case .addition, .addition16, .matrixProduct: 2...2
      case .elementwise(let parameters): parameters.constant == nil ? 2...2 : 1...1
      case .move: 1...PlanLimits.ports
      case .recurrent: 1...3
      default: 1...1
      }
    try require(counts.contains(operands.count), "has the wrong number of operands")
    let input = operands[0]
    if case .recurrent = instruction.operation {
      // States may be wider than the input they are updated from.
      for state in operands.dropFirst() {
        try require(state.element == .int8 || state.element == .int16, Self.unserved)
      }
    } else {
      for tensor in operands { try require(tensor.element == input.element, Self.unserved) }
    }
    let served: Bool =
      switch instruction.operation {
      case .convolution16x8, .depthwiseConvolution16x8, .fullyConnected16x8, .addition16:
        input.element == .int16 && result.element == .int16
      case .treeEnsemble:
        (input.element == .int16 || input.element == .int32)
          && (result.element == .int32 || result.element == .int64)
      case .elementwise:
        input.element == result.element && (input.element == .int8 || input.element == .int16)
      case .rescale:
        input.element != .int64 && (result.element == .int8 || result.element == .int16)
      case .move: input.element == result.element
      case .recurrent:
        (input.element == .int8 || input.element == .int16)
          && (result.element == .int8 || result.element == .int16)
      case .topClass: result.element == .int32
      default: input.element == .int8 && result.element == .int8
      }
    try require(served, Self.unserved)
    try validate(operands, input, result)
  }

  private static let unserved = "works on an element type it does not serve"

  private func validate(
    _ operands: [PlanTensor], _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    switch instruction.operation {
    case .convolution2D(let parameters):
      try convolution(parameters, input, result)
    case .depthwiseConvolution2D(let parameters):
      try depthwiseConvolution(parameters, input, result)
    case .fullyConnected(let parameters):
      try fullyConnected(parameters, input, result)
    case .addition(let parameters):
      try addition(parameters, operands, result, headroom: 20, Self.int8)
    case .addition16(let parameters):
      try addition(parameters, operands, result, headroom: 15, Self.int16)
    case .averagePool2D(let parameters), .maximumPool2D(let parameters):
      if case .averagePool2D = instruction.operation {
        let taps = parameters.window.height * parameters.window.width
        try require(taps <= PlanLimits.averagedTaps, "averages too many elements")
      }
      try window(parameters.window, input, result)
      try require(input.shape[3] == result.shape[3], "changes the channel count")
      try clamp(parameters.minimum, parameters.maximum)
    case .spatialMean(let parameters):
      try spatialMean(parameters, input, result)
    case .softmax(let parameters):
      try require(input.shape == result.shape, "changes the shape")
      try require(
        input.shape[input.shape.count - 1] <= PlanLimits.softmaxRow, "has too long a row")
      try constant(parameters.table, count: [256], times: 8)
    case .transpose(let parameters):
      let axes = parameters.permutation
      try require(
        axes.count == input.shape.count && axes.sorted() == Array(0..<axes.count)
          && axes.map { input.shape[$0] } == result.shape, "does not permute its operand's axes")
    case .lookup(let parameters):
      try require(input.elementCount == result.elementCount, "changes the element count")
      try constant(parameters.table, count: [256], times: 1)
    case .convolution16x8(let parameters):
      try convolution16x8(parameters, input, result)
    case .depthwiseConvolution16x8(let parameters):
      try depthwiseConvolution16x8(parameters, input, result)
    case .fullyConnected16x8(let parameters):
      try fullyConnected16x8(parameters, input, result)
    case .treeEnsemble(let parameters): try treeEnsemble(parameters, input, result)
    case .elementwise(let parameters): try elementwise(parameters, operands, result)
    case .move(let parameters): try move(parameters, operands, result)
    case .resize(let parameters): try resize(parameters, input, result)
    case .rescale(let parameters): try rescale(parameters, input, result)
    case .recurrent(let parameters): try recurrent(parameters, operands, result)
    case .topClass: try topClass(input, result)
    case .matrixProduct(let parameters):
      try matrixProduct(parameters, input, operands[1], result)
    case .reduction(let parameters): try reduction(parameters, input, result)
    case .normalization(let parameters): try normalization(parameters, input, result)
    case .transposedConvolution(let parameters):
      try groupedConvolution(parameters, input, result, isTransposed: true)
    case .groupedConvolution(let parameters):
      try groupedConvolution(parameters, input, result, isTransposed: false)
    }
  }

  private static let int8: ClosedRange<Int32> = -128...127
  private static let int16: ClosedRange<Int32> = -32768...32767

  private func spatialMean(
    _ parameters: SpatialMeanParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    try require(
      input.shape.count == 4 && input.shape[0] == 1 && result.elementCount == input.shape[3],
      "does not average [1, height, width, channels] to channels")
    try zeroPoint(parameters.inputZeroPoint, input)
    try scale(parameters.scale)
    try clamp(parameters.minimum, parameters.maximum)
    try require((-128...127).contains(parameters.outputZeroPoint), "has a zero point out of range")
  }

  /// - Parameter headroom: the most bits an operand's element leaves free of 31.
  private func addition(
    _ parameters: AdditionParameters, _ operands: [PlanTensor], _ result: PlanTensor,
    headroom: Int32, _ range: ClosedRange<Int32>
  ) throws(PlanError) {
    try require(
      operands[0].elementCount == result.elementCount
        && operands[1].elementCount == result.elementCount, "adds tensors of different sizes")
    try require((0...headroom).contains(parameters.leftShift), "has a shift out of range")
    try zeroPoint(parameters.leftZeroPoint, operands[0])
    try zeroPoint(parameters.rightZeroPoint, operands[1])
    // With both operands scaled to at most 1 and that headroom the sum stays below 2^31.
    for factor in [parameters.left, parameters.right] {
      try scale(factor)
      try require(factor.shift <= 0, "scales an operand up")
    }
    try scale(parameters.output)
    try clamp(parameters.minimum, parameters.maximum, range)
    let zeroPoints = range == Self.int8 ? range : 0...0
    try require(
      zeroPoints.contains(parameters.outputZeroPoint), "has a zero point out of range")
  }

  /// Every window starts inside the input or its leading padding, and the padding is smaller than
  /// the kernel's reach: so each holds at least one element of a contiguous run inside the input.
  func window(
    _ window: Window, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    try require(
      input.shape.count == 4 && result.shape.count == 4 && input.shape[0] == 1
        && result.shape[0] == 1, "is not a window over [1, height, width, channels]")
    let axes = [
      (
        window.height, window.strideHeight, window.dilationHeight, window.paddingTop,
        input.shape[1], result.shape[1]
      ),
      (
        window.width, window.strideWidth, window.dilationWidth, window.paddingLeft, input.shape[2],
        result.shape[2]
      ),
    ]
    for (kernel, stride, dilation, padding, size, outputs) in axes {
      try require(kernel > 0 && stride > 0 && dilation > 0, "has an empty window or step")
      try require(padding < size + (kernel - 1) * dilation, "has more padding than input")
      try require(padding <= (kernel - 1) * dilation, "has padding beyond its kernel")
      // The last window starts at most at the input's last element (64-bit: 2^26 · 2^12).
      let last = Int64(outputs - 1) * Int64(stride) - Int64(padding)
      try require(last < Int64(size), "has windows beyond its input")
    }
  }

  func weighted(
    _ bias: ConstantReference, _ requantization: Requantization, channels: Int
  ) throws(PlanError) {
    try constant(bias, count: [channels], times: 4)
    let entries = requantization.shifts.byteCount
    try require(entries == 1 || entries == channels, "has scales for other channels")
    try constant(requantization.shifts, count: [entries], times: 1)
    try constant(requantization.multipliers, count: [entries], times: 4)
    try clamp(requantization.minimum, requantization.maximum)
    try require(
      (-128...127).contains(requantization.outputZeroPoint), "has a zero point out of range")
  }

  func constant(
    _ reference: ConstantReference, count: [Int], times last: Int
  ) throws(PlanError) {
    var expected = last
    for factor in count {
      let (product, overflow) = expected.multipliedReportingOverflow(by: factor)
      try require(!overflow && product <= PlanLimits.bytes, "has too many weights")
      expected = product
    }
    try require(reference.byteCount == expected, "has constants of the wrong size")
    try require(
      reference.offset % 16 == 0 && reference.byteCount <= plan.weightsBytes
        && reference.offset <= plan.weightsBytes - reference.byteCount,
      "has constants outside the weights section")
  }

  func zeroPoint(_ value: Int32, _ tensor: PlanTensor) throws(PlanError) {
    try require(value == tensor.zeroPoint, "has another zero point than its operand")
  }

  func scale(_ scale: FixedPointScale) throws(PlanError) {
    try require(
      scale.multiplier >= 0 && (-31...30).contains(scale.shift), "has a scale out of range")
  }

  func clamp(
    _ minimum: Int32, _ maximum: Int32, _ range: ClosedRange<Int32> = -128...127
  ) throws(PlanError) {
    try require(
      minimum >= range.lowerBound && maximum <= range.upperBound && minimum <= maximum,
      "has an empty or too wide clamp")
  }

  func require(_ condition: Bool, _ rule: String) throws(PlanError) {
    guard condition else { throw .invalid("\(instruction.name) \(rule)") }
  }
}
