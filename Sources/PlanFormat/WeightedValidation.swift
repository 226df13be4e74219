/// The layers with weights.
extension InstructionValidator {
  func convolution(
    _ parameters: ConvolutionParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    try window(parameters.window, input, result)
    let channels = result.shape[3]
    try constant(
      parameters.weights, count: [channels, parameters.window.height, parameters.window.width],
      times: input.shape[3])
    try weighted(parameters.bias, parameters.requantization, channels: channels)
    try zeroPoint(parameters.inputZeroPoint, input)
  }

  func depthwiseConvolution(
    _ parameters: ConvolutionParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    try window(parameters.window, input, result)
    let channels = result.shape[3]
    try require(channels % input.shape[3] == 0, "has channels its input's do not divide")
    try constant(
      parameters.weights, count: [parameters.window.height, parameters.window.width],
      times: channels)
    try weighted(parameters.bias, parameters.requantization, channels: channels)
    try zeroPoint(parameters.inputZeroPoint, input)
  }

  func fullyConnected(
    _ parameters: FullyConnectedParameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    let features = input.shape[input.shape.count - 1]
    let outputs = result.shape[result.shape.count - 1]
    try require(
      input.elementCount / features == result.elementCount / outputs, "changes the item count")
    try constant(parameters.weights, count: [outputs], times: features)
    try weighted(parameters.bias, parameters.requantization, channels: outputs)
    try zeroPoint(parameters.inputZeroPoint, input)
  }
}
