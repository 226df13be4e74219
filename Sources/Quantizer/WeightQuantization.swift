package import ModelGraph

/// int8 weights, symmetric per output channel, and their bias: int32, or int64 where the layer computes
/// in 16 bits.
package struct WeightQuantization {
  package var weights: [Int8]
  package var bias: [Int64]
  /// One per output channel.
  package var scales: [Float]
  /// One per output channel; 0 unless the weights came quantised otherwise.
  package var zeroPoints: [Int32]
  /// What an accumulator holds beside its sum: 2^30 of 32 bits, 2^46 of the 48 that 16-bit layers
  /// requantise.
  private let biasMax: Double

  /// Quantises a layer: w = scale · q with q in −127…127, bias in steps of inputScale · scale.
  ///
  /// - Parameters:
  ///   - channels: output channel of each weight.
  ///   - inputScale: scale of the layer's input.
  ///   - outputScale: scale of its result; bounds the scale of channels that are all zero.
  ///   - isWide: whether it computes in 16 bits.
  package init(
    weights floats: [Float], bias floatBias: [Float], channelOf: (Int) -> Int, inputScale: Float,
    outputScale: Float, isWide: Bool = false
  ) {
    let biasMax = Self.biasMax(isWide: isWide)
    self.biasMax = biasMax
    var ranges = [Float](repeating: 0, count: floatBias.count)
    for (index, weight) in floats.enumerated() {
      let channel = channelOf(index)
      ranges[channel] = max(ranges[channel], abs(weight))
    }
    // A channel of tiny weights and a large bias would overflow the bias.
    scales = zip(ranges, floatBias).map { range, bias in
      let forBias = abs(bias) / inputScale / Float(biasMax)
      let least = range == 0 ? outputScale / inputScale * 0x1p-20 : 0
      return max(range / 127, forBias, least, .leastNormalMagnitude)
    }
    zeroPoints = [Int32](repeating: 0, count: scales.count)
    let scales = scales
    weights = floats.enumerated().map { index, weight in
      Int8(min(max((weight / scales[channelOf(index)]).rounded(), -127), 127))
    }
    bias = []
    setBias(floatBias, inputScale: inputScale)
  }

  /// Finds the integers of weights that came quantised: each is (q − zeroPoint) · scale rounded to
  /// float32, whose quotient by the scale is nearer to q − zeroPoint than a half.
  package init(
    given floats: [Float], grid: Quantization, bias floatBias: [Float], channelOf: (Int) -> Int,
    inputScale: Float, isWide: Bool = false
  ) {
    biasMax = Self.biasMax(isWide: isWide)
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
    self.scales = scales
    self.zeroPoints = isCentred ? [Int32](repeating: 0, count: zeroPoints.count) : zeroPoints
    bias = []
    setBias(floatBias, inputScale: inputScale)
  }

  /// A bias in steps of inputScale · scale; what the accumulator cannot hold beside its sum saturates.
  mutating func setBias(_ floats: [Float], inputScale: Float) {
    bias = zip(floats, scales).map { value, scale in
      let step = Double(inputScale) * Double(scale)
      return Int64(min(max((Double(value) / step).rounded(), -biasMax), biasMax))
    }
  }

  private static func biasMax(isWide: Bool) -> Double { isWide ? 0x1p46 : 0x1p30 }
}
