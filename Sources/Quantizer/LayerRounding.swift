import ModelGraph

/// Rounds one layer's weights and corrects its bias by what the layer sees on the calibration data.
struct LayerRounding {
  private let rounding: WeightRounding
  private let correctsBias: Bool
  private let moments: InputMoments

  /// Nil where nothing is better than the nearest integer, or nothing is known.
  init?(_ method: QuantizationMethod, moments: InputMoments?) {
    guard let moments, moments.count > 0, method.rounding != .nearest || method.correctsBias else {
      return nil
    }
    rounding = method.rounding
    correctsBias = method.correctsBias
    self.moments = moments
  }

  /// Replaces weights and bias, keeping their scales.
  ///
  /// - Parameters:
  ///   - quantized: the layer, each weight at the nearest integer.
  ///   - floats: its weights, [O, size], or [size, groups] for a depthwise layer.
  ///   - bias: its bias; nil for a layer without one, which keeps none.
  ///   - inputScale: scale of its operand.
  ///   - base: levels to keep within its dead zone.
  func improve(
    _ quantized: inout WeightQuantization, of floats: [Float], bias: [Float]?, inputScale: Float,
    keeping base: QuantizationBase.Layer? = nil
  ) {
    let channels = quantized.scales.count
    if rounding == .feedback, !moments.products.isEmpty {
      var factor: RoundingFeedback?
      for channel in 0..<channels {
        if factor == nil || moments.groups > 1 {
          factor = RoundingFeedback(moments, group: group(of: channel, channels))
        }
        let row = (0..<moments.size).map { floats[position($0, channel, channels)] }
        let levels = factor?.round(row, scale: quantized.scales[channel]) { tap, wanted in
          base?.level(position(tap, channel, channels), near: wanted)
        }
        for (tap, level) in (levels ?? []).enumerated() {
          quantized.weights[position(tap, channel, channels)] = level
        }
      }
    }
    guard correctsBias, var corrected = bias else { return }
    for channel in 0..<channels {
      var shift = 0.0
      for tap in 0..<moments.size {
        let index = position(tap, channel, channels)
        let kept = Double(quantized.weights[index]) * Double(quantized.scales[channel])
        shift +=
          (Double(floats[index]) - kept)
          * moments.mean(tap, group: group(of: channel, channels))
      }
      corrected[channel] += Float(shift)
    }
    quantized.setBias(corrected, inputScale: inputScale)
  }

  /// Channels of a depthwise layer stand in the order of their input channels, multiplier innermost.
  private func group(of channel: Int, _ channels: Int) -> Int {
    channel / (channels / moments.groups)
  }

  /// Where a channel's weight for a tap lies.
  private func position(_ tap: Int, _ channel: Int, _ channels: Int) -> Int {
    moments.groups == 1 ? channel * moments.size + tap : tap * channels + channel
  }
}
