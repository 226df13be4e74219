import DriftStatistics
import Testing
import Wire

@Suite struct TapTests {
  /// The definitions, written with arrays and 64-bit arithmetic only.
  private func naive(_ function: TapFunction, _ x: [Int8], _ channels: Int) -> Int {
    func column(_ c: Int) -> [Int] {
      stride(from: c, to: x.count, by: channels).map { Int(x[$0]) }
    }
    switch function {
    case .sum(let c): return column(c).reduce(0, +)
    case .deviation(let c):
      let values = column(c)
      let total = values.reduce(0, +)
      return values.map { abs(values.count * $0 - total) }.reduce(0, +) / values.count
    case .roughness(let c):
      let values = column(c)
      return zip(values, values.dropFirst()).map { abs($1 - $0) }.reduce(0, +)
    case .projection(let seed):
      var generator = SplitMix64(seed: seed)
      var total = 0
      var bits: UInt64 = 0
      for index in x.indices {
        if index % 64 == 0 { bits = generator.next() }
        total += bits & 1 == 1 ? -Int(x[index]) : Int(x[index])
        bits >>= 1
      }
      return total
    case .margin:
      let sorted = x.sorted()
      return x.count > 1 ? Int(sorted[x.count - 1]) - Int(sorted[x.count - 2]) : 0
    case .topClass: return x.firstIndex(of: x.max() ?? 0) ?? 0
    }
  }

  @Test func evaluatorEqualsNaive() throws {
    var generator = SplitMix64(seed: 11)
    for round in 0..<300 {
      let channels = 1 + Int(generator.below(5))
      let positions = 1 + Int(generator.below(70))
      let x = generator.bytes(channels * positions).map { Int8(bitPattern: $0) }
      let c = Int(generator.below(UInt64(channels)))
      let functions: [TapFunction] = [
        .sum(channel: c), .deviation(channel: c), .roughness(channel: c),
        .projection(seed: UInt64(round)), .margin, .topClass,
      ]
      for function in functions {
        let evaluator = try TapEvaluator(function, elements: x.count, channels: channels)
        let found = x.withUnsafeBufferPointer { evaluator.evaluate($0) }
        #expect(Int(found) == naive(function, x, channels), "round \(round)")
        let wide = x.map { Int16($0) }.withUnsafeBytes { evaluator.evaluate($0, isWide: true) }
        #expect(wide == found, "round \(round)")
      }
    }
  }

  @Test func badShapesAreRefused() {
    #expect(throws: TapError.badShape(tap: 0, elements: 7, channels: 2)) {
      try TapEvaluator(.margin, elements: 7, channels: 2)
    }
    #expect(throws: TapError.channelOutOfRange(tap: 3, channel: 2, channels: 2)) {
      try TapEvaluator(.sum(channel: 2), elements: 8, channels: 2, tap: 3)
    }
  }

  @Test func accumulatorCountsBinsAndGuards() throws {
    let tap = Tap(
      name: "x", unit: "", stage: .input, source: 1, function: .sum(channel: 0),
      displayScale: 1, displayOffset: 0, edges: [-5, 0, 5], lowest: -8, highest: 8,
      categories: [])
    let sources = [TapSource(elements: 4, channels: 1), TapSource(elements: 2, channels: 2)]
    var accumulator = try WindowAccumulator(taps: [tap], sources: sources)
    let other = [Int8](repeating: 1, count: 4)
    for value in [-9, -5, -1, 0, 4, 5, 8, 9] as [Int8] {
      try other.withUnsafeBytes { first in
        try [value, 0].withUnsafeBytes { second in
          try accumulator.observe { $0 == 0 ? first : second }
        }
      }
    }
    let expected = TapCounts(bins: [1, 2, 2, 3], below: 1, above: 1)
    #expect(accumulator.counts == [expected])
    #expect(accumulator.items == 8)
    #expect(throws: TapError.tensorSize(source: 1, expected: 2, found: 4)) {
      try other.withUnsafeBytes { first in try accumulator.observe { _ in first } }
    }
    #expect(accumulator.items == 8)
    var resumed = try WindowAccumulator(taps: [tap], sources: sources)
    try resumed.restore(items: 8, counts: accumulator.counts)
    #expect(resumed.counts == accumulator.counts)
    #expect(throws: TapError.countsMismatch) {
      try resumed.restore(items: 7, counts: accumulator.counts)
    }
    accumulator.reset()
    #expect(accumulator.items == 0 && accumulator.counts[0].total == 0)
  }

  @Test func quantileEdgesShareEvenly() {
    var generator = SplitMix64(seed: 3)
    for _ in 0..<50 {
      let values = (0..<500).map { _ in Int32(generator.below(40)) }
      let edges = Tap.quantileEdges(values, bins: 16)
      let tap = Tap(
        name: "", unit: "", stage: .input, source: 0, function: .margin, displayScale: 1,
        displayOffset: 0, edges: edges, lowest: 0, highest: 40, categories: [])
      var bins = [Int](repeating: 0, count: tap.binCount)
      for value in values { bins[tap.binIndex(value)] += 1 }
      #expect(bins.allSatisfy { $0 > 0 })
      for value in values {
        #expect(tap.binIndex(value) == edges.filter { $0 <= value }.count)
      }
    }
  }
}
