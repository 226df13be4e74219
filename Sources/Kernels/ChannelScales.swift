import CMicrokernels
import PlanFormat
import Wire

/// A weighted layer's requantisation, channel by channel, with the zero point folded into the bias:
/// acc = Σ w · (x + offset) + bias, where `offset` is what the kernel's staging adds to an input.
struct ChannelScales {
  struct Scale {
    var bias: Int32
    var multiplier: Int32
    /// Right shift after the high product, 0…31.
    var shift: Int32

    init(bias: Int32, multiplier: Int32, shift: Int32) {
      self.bias = bias
      self.multiplier = multiplier
      self.shift = shift
    }

    /// Of a channel without weights, however large its bias: four times the result, then a quarter.
    init(constant: Int32) {
      // Beyond ±256 the clamp has the last word.
      let near = Swift.min(Swift.max(constant, -256), 256)
      self.init(bias: 4 &* near, multiplier: 1 << 30, shift: 1)
    }
  }

  /// SWL_TWICE_CLAMPED, SWL_TWICE or SWL_ONCE.
  let rounding: Int32
  let channels: [Scale]

  /// Reads the scales; nil where a fast kernel's arithmetic could leave 32 bits: a scale that shifts
  /// left, an accumulator beyond ±2^30, or a weight below the least one the kernel multiplies.
  ///
  /// - Parameters:
  ///   - channelWeights: of output channel c, every weight.
  init?(
    _ requantization: Requantization, bias: ConstantReference, inputZeroPoint: Int32, offset: Int32,
    weightMin: Int8, weights: UnsafeRawBufferPointer, channelWeights: (Int, (Int8) -> Void) -> Void
  ) {
    let entries = requantization.shifts.byteCount
    var channels: [Scale] = []
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
            constant: FixedPoint.scale(
              constant, multiplier, Int32(shift), requantization.rounding)))
        continue
      }
      guard shift <= 0, magnitude < 1 << 30, !isBelow else { return nil }
      channels.append(
        Scale(
          bias: constant &- (inputZeroPoint &+ offset) &* sum, multiplier: multiplier,
          shift: -Int32(shift)))
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
  /// 64-bit products of even and odd lanes: multiplier, the odd lanes' multipliers at even lanes, the
  /// addends of even and of odd lanes (bias and roundings folded in), shift, half, sign.
  case x86
  /// As x86, but instead of the shift 2^(30 − shift) and the odd lanes' at even lanes; sign is a mask.
  case sse
  /// Bias, multiplier, shift.
  case neon

  private var rows: Int {
    switch self {
    case .x86: 7
    case .sse: 8
    case .neon: 3
    }
  }

  func bytes(lanes: Int) -> Int { rows * lanes * 4 }

  /// Appends one vector's scales; lanes without a channel are nil.
  func append(_ lanes: [ChannelScales.Scale?], rounding: Int32, to writer: inout ByteWriter) {
    let lanes = lanes.map { $0 ?? ChannelScales.Scale(bias: 0, multiplier: 0, shift: 1) }
    switch self {
    case .neon:
      for lane in lanes { writer.i32(lane.bias) }
      for lane in lanes { writer.i32(lane.multiplier) }
      for lane in lanes { writer.i32(lane.shift) }
    case .x86:
      Self.appendProducts(lanes, rounding, to: &writer)
      for lane in lanes { writer.i32(lane.shift - Self.done(rounding)) }
      for lane in lanes { writer.u32((UInt32(1) << UInt32(lane.shift)) >> 1) }
      for lane in lanes { writer.i32(lane.shift == 0 ? 32 : 31) }
    case .sse:
      // After 31 places only 0 is left, which 2^(30 − 31) could not express.
      let lanes = lanes.map { lane in
        lane.shift - Self.done(rounding) > 30
          ? ChannelScales.Scale(bias: 0, multiplier: 0, shift: 1) : lane
      }
      Self.appendProducts(lanes, rounding, to: &writer)
      let powers = lanes.map { Int32(1) << (30 - ($0.shift - Self.done(rounding))) }
      for power in powers { writer.i32(power) }
      Self.appendOdd(powers, to: &writer)
      for lane in lanes { writer.u32((UInt32(1) << UInt32(lane.shift)) >> 1) }
      for lane in lanes { writer.i32(lane.shift == 0 ? 0 : -1) }
    }
  }

  /// The part of the shift that taking the high word of a 64-bit sum does.
  private static func done(_ rounding: Int32) -> Int32 { rounding == Int32(SWL_TWICE) ? 0 : 1 }

  private static func appendProducts(
    _ lanes: [ChannelScales.Scale], _ rounding: Int32, to writer: inout ByteWriter
  ) {
    for lane in lanes { writer.i32(lane.multiplier) }
    appendOdd(lanes.map { $0.multiplier }, to: &writer)
    for parity in 0...1 {
      for position in stride(from: parity, to: lanes.count, by: 2) {
        writer.i64(addend(lanes[position], rounding))
      }
    }
  }

  /// Of odd lanes, at the even lane before each; 0 at odd ones.
  private static func appendOdd(_ values: [Int32], to writer: inout ByteWriter) {
    for position in values.indices {
      writer.i32(position % 2 == 0 ? values[position + 1] : 0)
    }
  }

  /// bias · multiplier and the roundings, as CMicrokernels.h states them.
  private static func addend(_ scale: ChannelScales.Scale, _ rounding: Int32) -> Int64 {
    let product = Int64(scale.bias) * Int64(scale.multiplier)
    let last = Int64(1) << Int64(30 + scale.shift)
    return switch rounding {
    case Int32(SWL_TWICE): product + 1 << 30
    case Int32(SWL_ONCE): product + last
    default: product + 1 << 30 + last
    }
  }
}
