import CMicrokernels
import PlanFormat
import Wire

/// A weighted layer's requantisation, channel by channel, with the zero point folded into the bias:
/// acc = Σ w · (x + offset) + bias, where `offset` is what the kernel's staging adds to an input.
struct ChannelScales {
  struct Scale {
    /// Within 32 bits for a layer of int8.
    var bias: Int64
    var multiplier: Int32
    /// Right shift after the high product, 0…31.
    var shift: Int32

    init(bias: Int64, multiplier: Int32, shift: Int32) {
      self.bias = bias
      self.multiplier = multiplier
      self.shift = shift
    }

    /// Of a channel without weights, however large its bias: four times the result, then a quarter.
    ///
    /// - Parameter limit: beyond ± which the clamp has the last word.
    init(constant: Int64, limit: Int64) {
      let near = Swift.min(Swift.max(constant, -limit), limit)
      self.init(bias: 4 &* near, multiplier: 1 << 30, shift: 1)
    }
  }

  /// Most places that a value with the zero point in its 8 upper bits can be shifted right by.
  private static let longestShift: Int8 = 22

  /// SWL_TWICE_CLAMPED, SWL_TWICE or SWL_ONCE.
  let rounding: Int32
  /// Whether the clamp is the range of a byte, and no scaled value leaves 16 bits.
  let fitsWords: Bool
  let zeroPoint: Int32
  let channels: [Scale]

  /// Of scales already read.
  init(rounding: Int32, zeroPoint: Int32, channels: [Scale]) {
    self.rounding = rounding
    fitsWords = false
    self.zeroPoint = zeroPoint
    self.channels = channels
  }

  /// Reads a layer's scales, of either element type.
  init?(
    _ scaling: OutputScaling, bias: ConstantReference, inputZeroPoint: Int32, offset: Int32,
    weightMin: Int8, weights: UnsafeRawBufferPointer, channelWeights: (Int, (Int8) -> Void) -> Void
  ) {
    switch scaling {
    case .bytes(let requantization):
      self.init(
        requantization, bias: bias, inputZeroPoint: inputZeroPoint, offset: offset,
        weightMin: weightMin, weights: weights, channelWeights: channelWeights)
    case .words(let requantization):
      self.init(requantization, bias: bias, weights: weights, channelWeights: channelWeights)
    }
  }

  /// Reads the scales; nil where a fast kernel's arithmetic could leave 32 bits: a scale that shifts
  /// left, an accumulator beyond ±2^30, or a weight below the least one the kernel multiplies.
  ///
  /// - Parameters:
  ///   - channelWeights: of output channel c, every weight.
  private init?(
    _ requantization: Requantization, bias: ConstantReference, inputZeroPoint: Int32, offset: Int32,
    weightMin: Int8, weights: UnsafeRawBufferPointer, channelWeights: (Int, (Int8) -> Void) -> Void
  ) {
    let entries = requantization.shifts.byteCount
    var channels: [Scale] = []
    var fits = requantization.minimum == -128 && requantization.maximum == 127
    for channel in 0..<bias.byteCount / 4 {
      let entry = entries == 1 ? 0 : channel
      let shift = weights.loadUnaligned(
        fromByteOffset: requantization.shifts.offset + entry, as: Int8.self)
      let constant = weights.int32(bias.offset + 4 * channel)
      var (sum, magnitude, isBelow) = (Int32(0), Int64(constant.magnitude), false)
      channelWeights(channel) { weight in
        if weight < weightMin { isBelow = true }
        sum &+= Int32(weight)
        magnitude += Int64(weight.magnitude) * 255
      }
      let multiplier = weights.int32(requantization.multipliers.offset + 4 * entry)
      if magnitude == Int64(constant.magnitude) {
        channels.append(
          Scale(
            constant: Int64(
              FixedPoint.scale(constant, multiplier, Int32(shift), requantization.rounding)),
            limit: 256))
        continue
      }
      guard shift <= 0, magnitude < 1 << 30, !isBelow else { return nil }
      if shift < -Self.longestShift {
        // Below a half whatever the inputs are, or nothing for this arithmetic.
        guard magnitude < 1 << Self.longestShift else { return nil }
        channels.append(Scale(bias: 0, multiplier: 0, shift: 1))
        continue
      }
      channels.append(
        Scale(
          bias: Int64(constant &- (inputZeroPoint &+ offset) &* sum), multiplier: multiplier,
          shift: -Int32(shift)))
      let greatest = FixedPoint.scaleTwice(Int32(magnitude), multiplier, Int32(shift))
      if greatest > Int16.max { fits = false }
    }
    let hasShift = channels.allSatisfy { $0.shift > 0 }
    switch requantization.rounding {
    case .once:
      guard hasShift else { return nil }
      rounding = Int32(SWL_ONCE)
    case .twice:
      let isClamped = hasShift && requantization.outputZeroPoint == -128
      rounding = Int32(isClamped ? SWL_TWICE_CLAMPED : SWL_TWICE)
    }
    zeroPoint = requantization.outputZeroPoint
    fitsWords = fits
    self.channels = channels
  }
}

extension UnsafeRawBufferPointer {
  func int32(_ offset: Int) -> Int32 {
    Int32(littleEndian: loadUnaligned(fromByteOffset: offset, as: Int32.self))
  }
}

/// How an instruction set wants the scales of one vector of channels.
enum ScaleLayout {
  /// 64-bit products of even and odd lanes, of which the high words are shifted: multiplier, the odd
  /// lanes' multipliers at even lanes, the addends of even and of odd lanes (bias, roundings and zero
  /// point folded in), shift, and below which value a high word is negative without the addend.
  case x86
  /// As x86, but instead of the shift 2^(30 − shift) and the odd lanes' at even lanes.
  case sse
  /// Bias, multiplier, shift.
  case neon

  private var rows: Int {
    switch self {
    case .x86: 6
    case .sse: 7
    case .neon: 3
    }
  }

  func bytes(lanes: Int) -> Int { rows * lanes * 4 }

  /// The rounding that a kernel is told. NEON's SWL_TWICE_CLAMPED narrows scaled values without
  /// saturation, and saturates as its only clamp: what that does not fit takes the general form.
  func rounding(of scales: ChannelScales) -> Int32 {
    let isGeneral = self == .neon && !scales.fitsWords && scales.rounding == SWL_TWICE_CLAMPED
    return isGeneral ? Int32(SWL_TWICE) : scales.rounding
  }

  /// Appends one vector's scales; lanes without a channel are nil.
  func append(
    _ lanes: [ChannelScales.Scale?], of scales: ChannelScales, to writer: inout ByteWriter
  ) {
    let lanes = lanes.map { $0 ?? ChannelScales.Scale(bias: 0, multiplier: 0, shift: 1) }
    if case .neon = self {
      for lane in lanes { writer.i32(Int32(truncatingIfNeeded: lane.bias)) }
      for lane in lanes { writer.i32(lane.multiplier) }
      for lane in lanes { writer.i32(lane.shift) }
      return
    }
    let multipliers = lanes.map { $0.multiplier }
    let terms = lanes.map { HighWord($0, scales) }
    for multiplier in multipliers { writer.i32(multiplier) }
    Self.appendOdd(multipliers, to: &writer)
    for parity in 0...1 {
      for position in stride(from: parity, to: lanes.count, by: 2) {
        writer.i64(terms[position].addend)
      }
    }
    if case .sse = self {
      let powers = terms.map { Int32(1) << (30 - $0.shift) }
      for power in powers { writer.i32(power) }
      Self.appendOdd(powers, to: &writer)
    } else {
      for term in terms { writer.i32(term.shift) }
    }
    for term in terms { writer.i32(term.zero) }
  }

  /// Of odd lanes, at the even lane before each; 0 at odd ones.
  private static func appendOdd(_ values: [Int32], to writer: inout ByteWriter) {
    for position in values.indices {
      writer.i32(position % 2 == 0 ? values[position + 1] : 0)
    }
  }
}

/// A scale as x86 computes it: output = (acc · multiplier + addend) >> 32 >> shift, with twice the
/// accumulator and one less after the first shift where the value is negative for SWL_TWICE.
private struct HighWord {
  let addend: Int64
  let shift: Int32
  /// What the first shift leaves of a value of zero: below it, values are negative.
  let zero: Int32

  init(_ scale: ChannelScales.Scale, _ scales: ChannelScales) {
    let product = scale.bias * Int64(scale.multiplier)
    let half = (Int64(1) << Int64(scale.shift)) >> 1
    if scales.rounding == Int32(SWL_TWICE) {
      shift = scale.shift
      let offset = half + Int64(scales.zeroPoint) << Int64(shift)
      addend = 2 * product + 1 << 31 + offset << 32
      // Without a second shift there is no second rounding.
      zero = shift == 0 ? .min : Int32(offset)
    } else {
      shift = scale.shift - 1
      let first: Int64 = scales.rounding == Int32(SWL_ONCE) ? 0 : 1 << 30
      let offset = Int64(scales.zeroPoint) << Int64(shift)
      addend = product + first + half << 31 + offset << 32
      zero = 0
    }
  }
}
