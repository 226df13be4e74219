import DeviceRuntime
import PlanFormat
import Wire

/// What tests of int16 layers and trees need of a sketch: elements of any width.
extension PlanSketch {
  mutating func constant<Element: FixedWidthInteger>(words values: [Element]) -> ConstantReference {
    constant(values.flatMap { value in withUnsafeBytes(of: value.littleEndian, Array.init) })
  }

  /// Stores scales as 16x8 layers read them.
  mutating func requantization16x8(
    _ scales: [FixedPointScale], _ rounding: Requantization16x8.Rounding,
    clamp: ClosedRange<Int32> = -32768...32767
  ) -> Requantization16x8 {
    Requantization16x8(
      multipliers: constant(scales.map(\.multiplier)),
      shifts: constant(scales.map { Int8($0.shift) }), rounding: rounding,
      minimum: clamp.lowerBound, maximum: clamp.upperBound)
  }
}

/// How a 64-bit accumulator becomes int16, drawn at random, and its definition.
struct Scaling16x8 {
  var scales: [FixedPointScale]
  var rounding: Requantization16x8.Rounding
  var clamp: ClosedRange<Int32>

  init(entries: Int, _ random: inout SplitMix64) {
    scales = (0..<entries).map { _ in
      FixedPointScale(
        multiplier: random.multiplier(),
        shift: Int32(random.one(of: [random.int(-31...7), random.int(-12...(-6))])))
    }
    rounding = random.one(of: [.reduced, .whole])
    let (a, b) = (Int32(random.int(-32768...32767)), Int32(random.int(-32768...32767)))
    clamp = random.one(of: [-32768...32767, 0...32767, min(a, b)...max(a, b), a...a])
  }

  func apply(_ accumulator: Int128, _ channel: Int) -> Int16 {
    let scale = scales[scales.count == 1 ? 0 : channel]
    let level = Self.level(accumulator, scale, rounding)
    return Int16(min(max(level, Int128(clamp.lowerBound)), Int128(clamp.upperBound)))
  }

  static func level(
    _ accumulator: Int128, _ scale: FixedPointScale, _ rounding: Requantization16x8.Rounding
  ) -> Int128 {
    switch rounding {
    case .reduced:
      // The nearest 16-bit multiplier, but for those that would round up to 2^15.
      let reduced = min(Definition.halvesUp(Int128(scale.multiplier), bits: 16), 32767)
      return Definition.halvesUp(accumulator * reduced, bits: Int(15 - scale.shift))
    case .whole:
      return Definition.halvesAway(
        accumulator * Int128(scale.multiplier), bits: Int(31 - scale.shift))
    }
  }

  func store(in sketch: inout PlanSketch) -> Requantization16x8 {
    sketch.requantization16x8(scales, rounding, clamp: clamp)
  }
}

extension SplitMix64 {
  /// int16 activations: sometimes all at one extreme.
  mutating func wideActivations(_ count: Int) -> [Int16] {
    switch int(0...9) {
    case 0: [Int16](repeating: -32768, count: count)
    case 1: [Int16](repeating: 32767, count: count)
    default: (0..<count).map { _ in Int16(int(-32768...32767)) }
    }
  }

  /// Weights −128…127: sometimes all at one extreme.
  mutating func fullWeights(_ count: Int) -> [Int8] {
    switch int(0...9) {
    case 0: [Int8](repeating: -128, count: count)
    case 1: [Int8](repeating: 127, count: count)
    default: (0..<count).map { _ in Int8(bitPattern: byte()) }
    }
  }

  mutating func wideBiases(_ count: Int) -> [Int64] {
    let limit = one(of: [0, 100, 1 << 31, 1 << 46])
    return (0..<count).map { _ in Int64(int(-limit...limit)) }
  }
}
