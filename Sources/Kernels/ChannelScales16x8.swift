import CMicrokernels
import PlanFormat

extension ChannelScales {
  /// Reads the scales of a layer of int16; nil where a fast kernel's arithmetic, 32 bits of accumulator
  /// and 64 of product, could not hold a value, or could not round it as the definition does.
  init?(
    _ requantization: Requantization16x8, bias: ConstantReference, weights: UnsafeRawBufferPointer,
    channelWeights: (Int, (Int8) -> Void) -> Void
  ) {
    let entries = requantization.shifts.byteCount
    var channels: [Scale] = []
    for channel in 0..<bias.byteCount / 8 {
      let entry = entries == 1 ? 0 : channel
      let shift = Int32(
        weights.loadUnaligned(fromByteOffset: requantization.shifts.offset + entry, as: Int8.self))
      let multiplier = weights.int32(requantization.multipliers.offset + 4 * entry)
      let constant = weights.int64(bias.offset + 8 * channel)
      var magnitude: Int64 = 0
      channelWeights(channel) { magnitude += Int64($0.magnitude) << 15 }
      if magnitude == 0 {
        let level =
          requantization.rounding == .whole
          ? FixedPoint.scaleWhole(constant, multiplier, shift)
          : FixedPoint.scaleReduced(constant, multiplier, shift)
        channels.append(Scale(constant: level, limit: 1 << 16))
        continue
      }
      let largest = magnitude + abs(constant)
      let scale =
        requantization.rounding == .whole
        ? Scale(whole: multiplier, shift, bias: constant, largest: largest)
        : Scale(reduced: multiplier, shift, bias: constant)
      guard magnitude < 1 << 31, let scale, scale.holds(largest) else { return nil }
      channels.append(scale)
    }
    self.init(rounding: Int32(SWL_ONCE), zeroPoint: 0, channels: channels)
  }
}

/// Scales of SWL_ONCE: (value · multiplier + 2^(30 + shift)) >> (31 + shift), shift > 0.
extension ChannelScales.Scale {
  /// FixedPoint.scaleReduced: a multiplier of 15 bits, raised where it shifts by less than a word.
  fileprivate init?(reduced multiplier: Int32, _ shift: Int32, bias: Int64) {
    let total = 15 - shift
    let raise = Swift.max(32 - total, 0)
    guard raise <= 16 else { return nil }
    let reduced = Int32(truncatingIfNeeded: FixedPoint.reduced(multiplier))
    self.init(bias: bias, multiplier: reduced << raise, shift: total + raise - 31)
  }

  /// FixedPoint.scaleWhole, but for halves below zero, which SWL_ONCE would round up.
  ///
  /// A multiplier with t zeros at its end makes a half only of values that have the other factors of
  /// two, 2^(30 − shift − t). Where values are that large, but below 2^t, one more in the multiplier
  /// moves them away from zero by less than what parts two results.
  ///
  /// - Parameter largest: no value's magnitude is above it.
  fileprivate init?(whole multiplier: Int32, _ shift: Int32, bias: Int64, largest: Int64) {
    guard shift < 0 else { return nil }
    guard multiplier > 0 else {
      self.init(bias: 0, multiplier: 0, shift: 1)
      return
    }
    let zeros = Int32(multiplier.trailingZeroBitCount)
    if largest < 1 << Int64(30 - shift - zeros) {
      self.init(bias: bias, multiplier: multiplier, shift: -shift)
    } else if largest < 1 << Int64(zeros) {
      self.init(bias: bias, multiplier: multiplier + 1, shift: -shift)
    } else {
      return nil
    }
  }

  /// Whether 64 bits hold the sum that is shifted, for values up to ± `largest`.
  fileprivate func holds(_ largest: Int64) -> Bool {
    let (product, leaves) = largest.multipliedReportingOverflow(by: Int64(multiplier))
    return !leaves && !product.addingReportingOverflow(1 << Int64(30 + shift)).overflow
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func int64(_ offset: Int) -> Int64 {
    Int64(littleEndian: loadUnaligned(fromByteOffset: offset, as: Int64.self))
  }
}
