/// The layers with weights, and the geometry they share whatever their activations' width.
extension InstructionValidator {
  func convolution(
    _ parameters: ConvolutionParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    let channels = try filters(parameters.weights, parameters.window, input, result)
    try weighted(parameters.bias, parameters.requantization, channels: channels)
    try zeroPoint(parameters.inputZeroPoint, input)
  }

  func depthwiseConvolution(
    _ parameters: ConvolutionParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    let channels = try depthwiseFilters(parameters.weights, parameters.window, input, result)
    try weighted(parameters.bias, parameters.requantization, channels: channels)
    try zeroPoint(parameters.inputZeroPoint, input)
  }

  func fullyConnected(
    _ parameters: FullyConnectedParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    let channels = try denseRows(parameters.weights, input, result)
    try weighted(parameters.bias, parameters.requantization, channels: channels)
    try zeroPoint(parameters.inputZeroPoint, input)
  }

  /// Weights [O, KH, KW, I] under a window; returns O.
  func filters(
    _ weights: ConstantReference, _ window: Window, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) -> Int {
    try self.window(window, input, result)
    let channels = result.shape[3]
    try constant(weights, count: [channels, window.height, window.width], times: input.shape[3])
    return channels
  }

  /// Weights [KH, KW, C · multiplier] under a window; returns C · multiplier.
  func depthwiseFilters(
    _ weights: ConstantReference, _ window: Window, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) -> Int {
    try self.window(window, input, result)
    let channels = result.shape[3]
    try require(channels % input.shape[3] == 0, "has channels its input's do not divide")
    try constant(weights, count: [window.height, window.width], times: channels)
    return channels
  }

  /// Weights [O, I] of rows along the last axis; returns O.
  func denseRows(
    _ weights: ConstantReference, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) -> Int {
    let features = input.shape[input.shape.count - 1]
    let outputs = result.shape[result.shape.count - 1]
    try require(
      input.elementCount / features == result.elementCount / outputs, "changes the item count")
    try constant(weights, count: [outputs], times: features)
    return outputs
  }
}
