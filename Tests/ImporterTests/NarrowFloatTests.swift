import ModelGraph
import Testing

/// Narrow floating-point formats: every number of each, and what ONNX says of those beyond.
@Suite struct NarrowFloatTests {
  static let formats: [(NarrowFloat, Float)] = [
    (.half, 65504), (.bfloat16, 0x1.FEp127), (.e4m3fn, 448), (.e4m3fnuz, 240), (.e5m2, 57344),
    (.e5m2fnuz, 57344),
  ]

  @Test(arguments: formats) func numbersAreKept(_ format: NarrowFloat, _ greatest: Float) {
    #expect(format.greatestFinite == greatest)
    var finite: Set<Float> = []
    for bits in 0..<UInt32(1) << UInt32(format.bitWidth) {
      let value = format.float(bits: UInt16(bits))
      guard value.isFinite else { continue }
      finite.insert(value)
      let again = format.rounded(value, saturating: true)
      guard again == value, again.sign == value.sign else {
        Issue.record("\(bits): \(value) becomes \(again)")
        return
      }
    }
    // Between two neighbours the nearer one is taken.
    let sorted = finite.sorted()
    for (low, high) in zip(sorted, sorted.dropFirst()) {
      let middle = Float((Double(low) + Double(high)) / 2)
      let rounded = format.rounded(middle, saturating: false)
      #expect(rounded == low || rounded == high)
      #expect(format.rounded(middle.nextDown, saturating: false) == low)
      #expect(format.rounded(middle.nextUp, saturating: false) == high)
    }
  }

  @Test func tiesGoToEven() {
    #expect(NarrowFloat.half.rounded(1 + 0x1p-11, saturating: false) == 1)
    #expect(NarrowFloat.half.rounded(1 + 0x3p-11, saturating: false) == 1 + 0x1p-9)
    #expect(NarrowFloat.e4m3fn.rounded(0x1p-10, saturating: false) == 0)
  }

  @Test func beyondTheGreatest() {
    let inf = Float.infinity
    let table: [(NarrowFloat, Float, Float, Float, Float)] = [
      // Infinity and 10⁶, saturated; then not.
      (.e4m3fn, 448, 448, .nan, .nan), (.e4m3fnuz, 240, 240, .nan, .nan),
      (.e5m2, 57344, 57344, inf, inf), (.e5m2fnuz, 57344, 57344, .nan, .nan),
    ]
    for (format, saturatedInfinity, saturated, plainInfinity, plain) in table {
      let results = [
        format.rounded(-inf, saturating: true), format.rounded(-1e6, saturating: true),
        format.rounded(-inf, saturating: false), format.rounded(-1e6, saturating: false),
      ]
      for (result, wanted) in zip(results, [saturatedInfinity, saturated, plainInfinity, plain]) {
        #expect(result == -wanted || result.isNaN && wanted.isNaN)
      }
    }
    #expect(NarrowFloat.half.rounded(65520, saturating: false) == inf)
    #expect(NarrowFloat.half.rounded(65519, saturating: false) == 65504)
    #expect(NarrowFloat.e4m3fnuz.rounded(-0.0, saturating: true).sign == .plus)
  }
}
