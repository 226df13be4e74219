package import ModelGraph

/// int8 weights, symmetric per output channel, and their int32 bias.
package struct WeightQuantization {
  package var weights: [Int8]
  package var bias: [Int32]
  /// One per output channel.
  package var scales: [Float]
  /// One per output channel; 0 unless the weights came quantised otherwise.
  package var zeroPoints: [Int32]

  /// Quantises a layer: w = scale · q with q in −127…127, bias in steps of inputScale · scale.
  ///
  /// - Parameters:
  ///   - channels: output channel of each weight.
  ///   - inputScale: scale of the layer's input.
  ///   - outputScale: scale of its result; bounds the scale of channels that are all zero.
  package init(
    weights floats: [Float], bias floatBias: [Float], channelOf: (Int) -> Int, inputScale: Float,
    outputScale: Float
  ) {
    var ranges = [Float](repeating: 0, count: floatBias.count)
    for (index, weight) in floats.enumerated() {
      let channel = channelOf(index)
      ranges[channel] = max(ranges[channel], abs(weight))
    }
    // A channel of tiny weights and a large bias would overflow the int32 bias: 2^30 leaves the
    // accumulator its other half.
    scales = zip(ranges, floatBias).map { range, bias in
      let forBias = abs(bias) / inputScale / 0x1p30
      let least = range == 0 ? outputScale / inputScale * 0x1p-20 : 0
      return max(range / 127, forBias, least, .leastNormalMagnitude)
    }
    zeroPoints = [Int32](repeating: 0, count: scales.count)
    let scales = scales
    weights = floats.enumerated().map { index, weight in
      Int8(min(max((weight / scales[channelOf(index)]).rounded(), -127), 127))
    }
    bias = Self.bias(floatBias, scales, inputScale)
  }

  /// Finds the integers of weights that came quantised: each is (q − zeroPoint) · scale rounded to
  /// float32, whose quotient by the scale is nearer to q − zeroPoint than a half.
  package init(
    given floats: [Float], grid: Quantization, bias floatBias: [Float], channelOf: (Int) -> Int,
    inputScale: Float
  ) {
    let channels = floatBias.indices
    let scales = channels.map { grid.scales[grid.isPerTensor ? 0 : $0] }
    let zeroPoints = channels.map { grid.zeroPoints[grid.isPerTensor ? 0 : $0] }
    let steps = floats.enumerated().map { index, weight in
      Int((weight / scales[channelOf(index)]).rounded())
    }
    // Where the steps themselves are int8, the zero point of uint8 weights is not needed.
    let isCentred = steps.allSatisfy { (-128...127).contains($0) }
    weights = steps.enumerated().map { index, step in
      Int8(clamping: isCentred ? step : step + Int(zeroPoints[channelOf(index)]))
    }
    bias = Self.bias(floatBias, scales, inputScale)
    self.scales = scales
    self.zeroPoints = isCentred ? [Int32](repeating: 0, count: zeroPoints.count) : zeroPoints
  }

  /// int32 in steps of inputScale · scale; what the accumulator cannot hold beside its sum saturates.
  static func bias(_ floats: [Float], _ scales: [Float], _ inputScale: Float) -> [Int32] {
    zip(floats, scales).map { value, scale in
      let step = Double(inputScale) * Double(scale)
      return Int32(min(max((Double(value) / step).rounded(), -0x1p30), 0x1p30))
    }
  }
}
