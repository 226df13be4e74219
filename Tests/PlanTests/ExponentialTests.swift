import PlanFormat
import Testing

/// The exponentials against sixty digits of decimal arithmetic. The expectations come from
///
///     python3 -c "from decimal import *; getcontext().prec = 60
///     for s in ('0.00390625', '0.1', '0.75', '3'): print([int((Decimal(2)**40 *
///     (-Decimal(s) * k).exp()).to_integral_value('ROUND_HALF_UP')) for k in (1, 2, 3, 5, 8, 13,
///     21, 34, 55, 89, 100, 128, 177, 200, 255)])"
@Suite("exponentials") struct ExponentialTests {
  static let positions = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 100, 128, 177, 200, 255]
  static let tables: [(scale: Double, values: [UInt64])] = [
    (
      0.00390625,
      [
        1_095_225_038_176, 1_090_955_160_405, 1_086_701_929_310, 1_078_245_147_803,
        1_065_683_211_334, 1_045_071_032_164, 1_012_917_576_762, 962_764_549_916, 886_940_265_348,
        776_630_845_731, 743_966_781_602, 666_887_512_957, 550_713_734_179, 503_393_104_852,
        406_070_843_375,
      ]
    ),
    (
      0.1,
      [
        994_879_262_377, 900_203_983_027, 814_538_247_708, 666_887_512_957, 494_042_420_743,
        299_651_875_380, 134_642_266_760, 36_694_298_378, 4_493_452_717, 149_961_211, 49_917_751,
        3_035_502, 22_604, 2_266, 9,
      ]
    ),
    (
      0.75,
      [
        519_372_517_311, 245_334_205_591, 115_887_672_964, 25_858_035_028, 2_725_416_841,
        64_095_661, 158_877, 9, 0, 0, 0, 0, 0, 0, 0,
      ]
    ),
    (
      3,
      [54_741_460_583, 2_725_416_841, 135_690_515, 336_343, 42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    ),
  ]

  @Test func tableIsWithinOneUnit() {
    for (scale, values) in Self.tables {
      let table = ExponentialTable.make(scale: scale)
      #expect(table.count == 256)
      #expect(table[0] == 1 << 40)
      for (position, expected) in zip(Self.positions, values) {
        let distance = max(table[position], expected) - min(table[position], expected)
        #expect(distance <= 1, "\(scale) at \(position): \(table[position]), not \(expected)")
      }
    }
  }

  @Test func tableNeverRises() {
    for scale in [1e-9, 1.0 / 256, 0.1, 0.75, 3, 1000, 1e300, .leastNonzeroMagnitude] {
      let table = ExponentialTable.make(scale: scale)
      #expect(zip(table, table.dropFirst()).allSatisfy { $0 >= $1 }, "\(scale)")
      #expect(table[0] == 1 << 40)
    }
  }

  /// Decimal(x).exp() of the same x, sixty digits cut to those a Double holds.
  static let values: [(x: Double, exp: Double)] = [
    (-20.5, 1.25015286638674262893755e-9), (-1, 0.367879441171442321595523770),
    (-0.3333333333333333, 0.716531310573789274309981116), (1e-9, 1.00000000100000000050000000),
    (0, 1), (0.5, 1.64872127070012814684865), (1, 2.71828182845904523536028747),
    (10, 22026.4657948067165169579006), (300.25, 2.49412486153492128610161431e130),
    (699, 3.73115121514077160171273376e303),
  ]

  @Test func exponentialIsWithinTwoUnits() {
    for (x, expected) in Self.values {
      let got = Exponential.exp(x)
      #expect(abs(got - expected) <= 2 * expected.ulp, "exp(\(x)) is \(got), not \(expected)")
    }
  }

  @Test func exponentialEndsWell() {
    #expect(Exponential.exp(-1e9) == 0)
    #expect(Exponential.exp(-.infinity) == 0)
    #expect(Exponential.exp(.infinity) == .infinity)
    #expect(Exponential.exp(1e9) == .infinity)
    #expect(Exponential.exp(.nan).isNaN)
    var last = Double.infinity
    for step in 0...14_000 {
      let value = Exponential.exp(Double(7000 - step) * 0.1)
      #expect(value < last || value == 0 || last == .infinity, "at step \(step)")
      last = value
    }
  }
}
