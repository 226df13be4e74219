import PlanFormat
import Wire

/// The numerics once more, from their definitions: exact integers wide enough for anything, floors
/// and signs written out. Nothing here is shared with the kernels.
enum Definition {
  /// ⌊a / b⌋ for b > 0.
  static func floorDivide(_ a: Int128, _ b: Int128) -> Int128 {
    a >= 0 ? a / b : -((-a + b - 1) / b)
  }

  /// a / 2^bits to the nearest integer, halves towards +∞.
  static func halvesUp(_ a: Int128, bits: Int) -> Int128 {
    floorDivide(2 * a + (1 << Int128(bits)), 1 << Int128(bits + 1))
  }

  /// a / 2^bits to the nearest integer, halves away from zero.
  static func halvesAway(_ a: Int128, bits: Int) -> Int128 {
    a < 0 ? -halvesUp(-a, bits: bits) : halvesUp(a, bits: bits)
  }

  /// value · multiplier · 2^(shift − 31), rounded at the product and at the shift.
  static func twice(_ value: Int64, _ multiplier: Int32, _ shift: Int32) -> Int64 {
    let raised = Int128(value) << Int128(max(0, shift))
    let product = halvesUp(raised * Int128(multiplier), bits: 31)
    return Int64(halvesAway(product, bits: Int(max(0, -shift))))
  }

  /// value · multiplier · 2^(shift − 31), rounded once.
  static func once(_ value: Int64, _ multiplier: Int32, _ shift: Int32) -> Int64 {
    Int64(halvesUp(Int128(value) * Int128(multiplier), bits: Int(31 - shift)))
  }

  static func clamp(_ value: Int64, _ range: ClosedRange<Int32>) -> Int8 {
    if value < Int64(range.lowerBound) { return Int8(range.lowerBound) }
    if value > Int64(range.upperBound) { return Int8(range.upperBound) }
    return Int8(value)
  }

  /// A window visited tap by tap: nil for one in the padding.
  static func taps(
    _ window: Window, row: Int, column: Int, height: Int, width: Int,
    _ visit: (_ ky: Int, _ kx: Int, _ position: Int) -> Void
  ) {
    for ky in 0..<window.height {
      for kx in 0..<window.width {
        let y = row * window.strideHeight + ky * window.dilationHeight - window.paddingTop
        let x = column * window.strideWidth + kx * window.dilationWidth - window.paddingLeft
        if y < 0 || y >= height || x < 0 || x >= width { continue }
        visit(ky, kx, y * width + x)
      }
    }
  }
}

/// How an accumulator becomes an output, drawn at random.
struct Scaling {
  var multipliers: [Int32]
  var shifts: [Int8]
  var rounding: Requantization.Rounding
  var zeroPoint: Int32
  var clamp: ClosedRange<Int32>

  /// Shifts stay where an accumulator below 2^29 cannot leave 32 bits.
  init(entries: Int, rounding: Requantization.Rounding, _ random: inout SplitMix64) {
    multipliers = []
    shifts = []
    for _ in 0..<entries {
      multipliers.append(random.multiplier())
      shifts.append(Int8(random.one(of: [random.int(-31...1), random.int(-14...(-4))])))
    }
    self.rounding = rounding
    zeroPoint = random.zeroPoint()
    clamp = random.clamp()
  }

  /// A scaling that spreads sums of `terms` random products over the whole of int8.
  init(entries: Int, spreading terms: Int, rounding: Requantization.Rounding) {
    let scale = FixedPointScale(nearestTo: 1 / (80 * Double(terms).squareRoot()))
    multipliers = [Int32](repeating: scale.multiplier, count: entries)
    shifts = [Int8](repeating: Int8(scale.shift), count: entries)
    self.rounding = rounding
    zeroPoint = 4
    clamp = -128...127
  }

  func store(in sketch: inout PlanSketch) -> Requantization {
    Requantization(
      multipliers: sketch.constant(multipliers), shifts: sketch.constant(shifts),
      rounding: rounding, outputZeroPoint: zeroPoint, minimum: clamp.lowerBound,
      maximum: clamp.upperBound)
  }

  func apply(_ accumulator: Int64, _ channel: Int) -> Int8 {
    let entry = multipliers.count == 1 ? 0 : channel
    let shift = Int32(shifts[entry])
    let scaled =
      switch rounding {
      case .twice: Definition.twice(accumulator, multipliers[entry], shift)
      case .once: Definition.once(accumulator, multipliers[entry], shift)
      }
    return Definition.clamp(scaled + Int64(zeroPoint), clamp)
  }
}

/// A window over an input and the output's size, drawn at random within the format's rules.
struct WindowCase {
  var window: Window
  var input: (height: Int, width: Int)
  var output: (height: Int, width: Int)

  init(_ random: inout SplitMix64) {
    func axis(_ random: inout SplitMix64) -> (k: Int, s: Int, d: Int, p: Int, size: Int, out: Int) {
      let (kernel, stride, dilation) = (random.int(1...4), random.int(1...3), random.int(1...3))
      let padding = random.one(of: [0, random.int(0...(kernel - 1) * dilation)])
      let size = random.int(1...9)
      return (
        kernel, stride, dilation, padding, size, random.int(1...(size - 1 + padding) / stride + 1)
      )
    }
    let (y, x) = (axis(&random), axis(&random))
    window = Window(
      height: y.k, width: x.k, strideHeight: y.s, strideWidth: x.s, dilationHeight: y.d,
      dilationWidth: x.d, paddingTop: y.p, paddingLeft: x.p)
    input = (y.size, x.size)
    output = (y.out, x.out)
  }
}
