import Kernels
import PlanFormat
import Testing
import Wire

/// The four primitives on every edge value, against wide exact integers.
@Suite("fixed point") struct FixedPointTests {
  /// Values around every power of two, and the ends.
  static let values: [Int32] = {
    var values: Set<Int32> = [0, .min, .max, .min + 1, .max - 1]
    for bit in 0..<31 {
      for near in -2...2 as ClosedRange<Int32> {
        values.insert((1 << bit) &+ near)
        values.insert(0 &- (1 << bit) &+ near)
      }
    }
    return values.sorted()
  }()

  static let multipliers: [Int32] = [
    0, 1, 2, 3, 1 << 15, 1 << 30, (1 << 30) + 1, (1 << 30) - 1, 1_518_500_250, .max - 1, .max,
  ]

  /// The low 32 bits: a value that leaves them wraps, on every CPU the same way.
  private func wrapped(_ value: Int128) -> Int32 { Int32(truncatingIfNeeded: value) }

  @Test func doublingHighProduct() {
    for a in Self.values {
      for b in Self.multipliers {
        let expected = wrapped(Definition.halvesUp(Int128(a) * Int128(b), bits: 31))
        #expect(FixedPoint.doublingHighProduct(a, b) == expected, "\(a) · \(b)")
      }
    }
  }

  @Test func roundingShift() {
    for value in Self.values {
      for exponent in 0...31 as ClosedRange<Int32> {
        let expected = wrapped(Definition.halvesAway(Int128(value), bits: Int(exponent)))
        #expect(FixedPoint.roundingShift(value, exponent) == expected, "\(value) >> \(exponent)")
      }
    }
  }

  @Test func scaling() {
    for value in Self.values {
      for multiplier in Self.multipliers {
        for shift in -31...30 as ClosedRange<Int32> {
          let once = Int128(value) * Int128(multiplier)
          #expect(
            FixedPoint.scaleOnce(value, multiplier, shift)
              == wrapped(Definition.halvesUp(once, bits: Int(31 - shift))),
            "\(value) · \(multiplier) · 2^\(shift) once")
          let raised = Int128(wrapped(Int128(value) << Int128(max(shift, 0))))
          let product = Definition.halvesUp(raised * Int128(multiplier), bits: 31)
          #expect(
            FixedPoint.scaleTwice(value, multiplier, shift)
              == wrapped(Definition.halvesAway(product, bits: Int(max(-shift, 0)))),
            "\(value) · \(multiplier) · 2^\(shift) twice")
        }
      }
    }
  }

  @Test func clamp() {
    for value in Self.values {
      for (low, high) in [(-128, 127), (0, 127), (-128, -1), (5, 5)] as [(Int32, Int32)] {
        let expected = Definition.clamp(Int64(value), low...high)
        #expect(FixedPoint.clamp(value, low, high) == expected)
      }
    }
  }

  /// The nearest of all scales with a 31-bit significand.
  @Test func nearestScale() {
    var random = SplitMix64(seed: 0x5ca1e)
    for round in 0..<2000 {
      let real =
        round < 100
        ? Double(sign: .plus, exponent: round - 31, significand: 2 - 0x1p-52)
        : Double(sign: .plus, exponent: random.int(-31...28), significand: 1 + random.unit())
      let scale = FixedPointScale(nearestTo: real)
      guard scale.shift <= 30, scale.multiplier != .max || real < 0x1p29 else { continue }
      let ulp = Double(sign: .plus, exponent: Int(scale.shift) - 31, significand: 1)
      #expect(
        abs(Double(scale.multiplier) * ulp - real) <= ulp / 2, "seed 5ca1e, round \(round)")
      #expect(scale.multiplier >= 1 << 30 && (-31...30).contains(scale.shift))
    }
    for bad in [0, -1, .nan, .infinity, -.infinity, 0x1p-34, .leastNonzeroMagnitude] {
      #expect(FixedPointScale(nearestTo: bad).multiplier == 0, "\(bad)")
    }
    #expect(FixedPointScale(nearestTo: 1e300) == FixedPointScale(multiplier: .max, shift: 30))
    #expect(FixedPointScale(nearestTo: 0.5) == FixedPointScale(multiplier: 1 << 30, shift: 0))
  }
}
