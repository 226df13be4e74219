extension InstructionValidator {
  func convolution16x8(
    _ parameters: Convolution16x8Parameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    let channels = try filters(parameters.weights, parameters.window, input, result)
    try weighted(parameters.bias, parameters.requantization, channels: channels)
  }

  func depthwiseConvolution16x8(
    _ parameters: Convolution16x8Parameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    let channels = try depthwiseFilters(parameters.weights, parameters.window, input, result)
    try weighted(parameters.bias, parameters.requantization, channels: channels)
  }

  func fullyConnected16x8(
    _ parameters: FullyConnected16x8Parameters, _ input: PlanTensor, _ result: PlanTensor
  ) throws(PlanError) {
    let channels = try denseRows(parameters.weights, input, result)
    try weighted(parameters.bias, parameters.requantization, channels: channels)
  }

  private func weighted(
    _ bias: ConstantReference, _ requantization: Requantization16x8, channels: Int
  ) throws(PlanError) {
    try constant(bias, count: [channels], times: 8)
    let entries = requantization.shifts.byteCount
    try require(entries == 1 || entries == channels, "has scales for other channels")
    try constant(requantization.shifts, count: [entries], times: 1)
    try constant(requantization.multipliers, count: [entries], times: 4)
    try clamp(requantization.minimum, requantization.maximum, -32768...32767)
  }
}

extension Plan {
  /// Every accumulator stays below 2^47, so that its product with 16 bits fits 64, and every
  /// multiplier and shift is in range.
  static func isSafe(
    _ weights: UnsafeRawBufferPointer, _ reference: ConstantReference, _ bias: ConstantReference,
    _ requantization: Requantization16x8, isDepthwise: Bool
  ) -> Bool {
    for entry in 0..<requantization.shifts.byteCount {
      let shift = weights.loadUnaligned(
        fromByteOffset: requantization.shifts.offset + entry, as: Int8.self)
      let multiplier = weights.loadUnaligned(
        fromByteOffset: requantization.multipliers.offset + 4 * entry, as: Int32.self)
      guard (-31...7).contains(shift), Int32(littleEndian: multiplier) >= 0 else { return false }
    }
    let channels = bias.byteCount / 8
    let taps = reference.byteCount / channels
    for channel in 0..<channels {
      let start = reference.offset + (isDepthwise ? channel : channel * taps)
      let step = isDepthwise ? channels : 1
      let constant = weights.loadUnaligned(
        fromByteOffset: bias.offset + 8 * channel, as: Int64.self)
      var magnitude = Int64(littleEndian: constant).magnitude
      for tap in 0..<taps {
        let weight = weights.loadUnaligned(fromByteOffset: start + tap * step, as: Int8.self)
        magnitude += UInt64(weight.magnitude) << 15
      }
      guard magnitude < 1 << 47 else { return false }
    }
    return true
  }
}
