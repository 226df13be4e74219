import ModelGraph

/// int8 weights, symmetric per output channel, and their int32 bias.
package struct WeightQuantization {
  package var weights: [Int8]
  package var bias: [Int32]
  /// One per output channel.
  package var scales: [Float]

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
    let scales = scales
    weights = floats.enumerated().map { index, weight in
      Int8(min(max((weight / scales[channelOf(index)]).rounded(), -127), 127))
    }
    bias = zip(floatBias, scales).map { value, scale in
      let step = Double(inputScale) * Double(scale)
      return Int32(min(max((Double(value) / step).rounded(), -0x1p30), 0x1p30))
    }
  }
}
