import CBOR
import DriftStatistics
import Foundation
import Testing
import Wire

/// Draws from a correlated Gaussian-like stream: integer taps that share a common factor.
struct Stream {
  var generator: SplitMix64
  let taps: Int

  init(seed: UInt64, taps: Int) {
    generator = SplitMix64(seed: seed)
    self.taps = taps
  }

  private mutating func normal() -> Double {
    var total = -6.0
    for _ in 0..<12 { total += generator.unit() }
    return total
  }

  mutating func row(shift: Double = 0) -> [Int32] {
    let common = normal()
    return (0..<taps).map { tap in
      let own = normal()
      let moved = tap == 0 ? shift : 0
      return Int32((0.6 * common + 0.8 * own + moved) * 1000)
    }
  }

  mutating func rows(_ count: Int, shift: Double = 0) -> [[Int32]] {
    (0..<count).map { _ in row(shift: shift) }
  }
}

func makeContract(
  _ values: [[Int32]], window: Int, alarm: Double, bins: Int = 16
) -> TelemetryContract {
  let taps = values[0].indices.map { index in
    let column = values.map { $0[index] }
    return Tap(
      name: "sensor \(index) · mean", unit: "m/s²", stage: .input, source: 0,
      function: .sum(channel: index), displayScale: 0.001, displayOffset: 0,
      edges: Tap.quantileEdges(column, bins: bins), lowest: column.min() ?? 0,
      highest: column.max() ?? 0, categories: [])
  }
  return TelemetryContract(windowItems: window, samplingPeriod: 1, alarmRate: alarm, taps: taps)
}

func count(_ values: [[Int32]], _ contract: TelemetryContract) -> WindowCounts {
  var taps = contract.taps.map {
    TapCounts(bins: [UInt32](repeating: 0, count: $0.binCount), below: 0, above: 0)
  }
  for row in values {
    for index in row.indices {
      let tap = contract.taps[index]
      taps[index].bins[tap.binIndex(row[index])] += 1
      if row[index] < tap.lowest { taps[index].below += 1 }
      if row[index] > tap.highest { taps[index].above += 1 }
    }
  }
  return WindowCounts(items: UInt32(values.count), taps: taps)
}

@Suite struct StatisticsTests {
  /// Stated 1 %; 4,000 windows over 40 references. A shared reference couples its windows, so the
  /// interval is that of the binomial at 99.9 % widened by the measured spread between bundles
  /// at n/N = 0.05 (a tenth of the rate).
  @Test func falseAlarmsAreAsStated() throws {
    let seed: UInt64 = 71
    var stream = Stream(seed: seed, taps: 6)
    var alarms = 0
    var windows = 0
    for reference in 0..<40 {
      let values = stream.rows(2000)
      let contract = makeContract(values, window: 100, alarm: 0.01)
      let statistics = try ReferenceStatistics.make(
        contract: contract, values: values, draws: 5000, seed: UInt64(reference))
      for _ in 0..<100 {
        let window = count(stream.rows(100), contract)
        let verdict = try Verdict.evaluate(
          contract: contract, reference: statistics, windows: [window])
        windows += 1
        if verdict.state == .drifted { alarms += 1 }
      }
    }
    let expected = 0.01 * Double(windows)
    let spread = 3.29 * (expected * 0.99).squareRoot()
    print("false alarms: \(alarms) of \(windows) windows at a stated 1 %")
    #expect(Double(alarms) > expected - spread, "seed \(seed): \(alarms) of \(windows)")
    #expect(Double(alarms) < expected + spread, "seed \(seed): \(alarms) of \(windows)")
  }

  @Test func shiftIsFoundNamedAndDated() throws {
    var stream = Stream(seed: 5, taps: 4)
    let values = stream.rows(2000)
    let contract = makeContract(values, window: 100, alarm: 0.001)
    let statistics = try ReferenceStatistics.make(
      contract: contract, values: values, draws: 20000, seed: 3)
    var windows = [count(stream.rows(100), contract), count(stream.rows(100), contract)]
    let quiet = try Verdict.evaluate(contract: contract, reference: statistics, windows: windows)
    #expect(quiet.state == .quiet)
    #expect(quiet.promise == .averageOverReferences)
    windows.append(count(stream.rows(100, shift: -1), contract))
    windows.append(count(stream.rows(100, shift: -1), contract))
    let drifted = try Verdict.evaluate(contract: contract, reference: statistics, windows: windows)
    #expect(drifted.state == .drifted)
    #expect(drifted.since == 2)
    #expect(drifted.taps.map { $0.alarmed } == [true, false, false, false])
    #expect(drifted.sentence.hasPrefix("drifted: sensor 0 · mean fell from "))
    #expect(drifted.sentence.hasSuffix(", since window 3 of 4"))
    #expect(drifted.sentence.contains("(m/s²), p < 0.0"))
    print(drifted.sentence)
    let swapped = try Verdict.evaluate(
      contract: contract, reference: statistics, windows: [windows[0], windows[3]])
    #expect(swapped.since == 1)
    let few = try Verdict.evaluate(
      contract: contract, reference: statistics, windows: [count(stream.rows(79), contract)])
    #expect(few.state == .notEnoughData)
    let none = try Verdict.evaluate(contract: contract, reference: statistics, windows: [])
    #expect(none.state == .notEnoughData)
  }

  @Test func guardsSeeWhatBinsCannot() throws {
    var stream = Stream(seed: 8, taps: 2)
    let values = stream.rows(2000)
    let contract = makeContract(values, window: 200, alarm: 0.001)
    let statistics = try ReferenceStatistics.make(
      contract: contract, values: values, draws: 20000, seed: 3)
    var live = stream.rows(200)
    for row in 0..<7 { live[row][1] = 30000 }
    let verdict = try Verdict.evaluate(
      contract: contract, reference: statistics, windows: [count(live, contract)])
    #expect(verdict.state == .drifted)
    #expect(verdict.taps[1].above == 7)
    #expect(verdict.sentence.contains("7 of 200 items above the reference's highest"))
  }

  /// Σ from the definition: the upper tail of beta-binomial(n, 1, N) with
  /// P(X = k) = C(n, k)·B(k + 1, n − k + N)/B(1, N), by its recurrence in k.
  @Test func guardTailIsBetaBinomial() {
    let (items, reference) = (50, 300)
    var mass = Double(reference) / Double(items + reference)
    var tail = 1.0
    for k in 0...10 {
      let found = GuardTail.probability(
        count: UInt32(k), items: UInt32(items), referenceItems: UInt32(reference))
      #expect(abs(found - tail) < 1e-12)
      tail -= mass
      mass *= Double(items - k) / Double(items - k - 1 + reference)
    }
    #expect(GuardTail.probability(count: 51, items: 50, referenceItems: 300) == 0)
  }

  @Test func mergeInAnyOrderGivesTheSameBytes() throws {
    var stream = Stream(seed: 9, taps: 3)
    let contract = makeContract(stream.rows(500), window: 50, alarm: 0.01)
    let parts = (0..<6).map { _ in count(stream.rows(50), contract) }
    var generator = SplitMix64(seed: 4)
    var first: [UInt8] = []
    for _ in 0..<20 {
      var order = parts
      for index in order.indices {
        order.swapAt(index, index + Int(generator.below(UInt64(order.count - index))))
      }
      var merged = order[0]
      for part in order.dropFirst() { try merged.merge(part) }
      let bytes = CBORValue.array(merged.taps.map { $0.cbor() }).encoded()
      if first.isEmpty { first = bytes }
      #expect(bytes == first)
    }
    var full = TapCounts(bins: [UInt32.max, 0], below: 0, above: 0)
    let before = full
    #expect(throws: TapError.countOverflow) {
      try full.merge(TapCounts(bins: [1, 0], below: 0, above: 0))
    }
    #expect(full == before)
  }

  @Test func unseenBinsPoolAndGuard() {
    let cells = Cells(reference: [0, 5, 0, 7, 0])
    #expect(cells.cellOfBin == [0, 0, 0, 1, 1])
    #expect(cells.pool([1, 2, 3, 4, 5]) == [6, 9])
    #expect(cells.unseen([1, 2, 3, 4, 5]) == 9)
    #expect(Cells(reference: [0, 0]).pool([1, 1]).isEmpty)
  }

  @Test func probabilityFallsMonotonically() throws {
    var stream = Stream(seed: 2, taps: 1)
    let values = stream.rows(400)
    let contract = makeContract(values, window: 50, alarm: 0.01, bins: 5)
    let null = try ReferenceStatistics.make(
      contract: contract, values: values, draws: 999, seed: 1
    ).null
    let quantiles = null.tapQuantiles[0]
    #expect(null.probability(0, in: quantiles).value == 1)
    var last = 1.0
    for step in 0...4000 {
      let p = null.probability(Double(step) * 0.02, in: quantiles)
      #expect(p.value <= last && p.value >= null.floor)
      #expect(p.isBound == (Double(step) * 0.02 > (quantiles.last ?? 0)))
      last = p.value
    }
    #expect(last == null.floor)
    #expect(throws: TapError.tooFewReferenceItems(items: 10, needed: 80)) {
      try ReferenceStatistics.make(
        contract: contract, values: Array(values.prefix(10)), draws: 99, seed: 1)
    }
  }

  @Test func numbersReadWell() {
    #expect(DecimalText.significant(4.8712) == "4.87")
    #expect(DecimalText.significant(-0.00306, digits: 2) == "-0.0031")
    #expect(DecimalText.significant(999.96) == "1000")
    #expect(DecimalText.significant(12) == "12")
    #expect(DecimalText.significant(1_234_567) == "1230000")
    #expect(DecimalText.significant(1.25e-9, digits: 2) == "1.3e-9")
    #expect(DecimalText.significant(0) == "0")
    #expect(DecimalText.significant(.nan) == "unknown")
    #expect(DecimalText.percent(0.344) == "34 %")
  }

  @Test func stabilityIndexEqualsItsDefinition() {
    let live: [UInt32] = [10, 40, 0, 150]
    let reference: [UInt32] = [500, 500, 500, 500]
    var expected = 0.0
    for bin in 0..<4 {
      let q = (Double(live[bin]) + 0.5) / 202
      let p = 500.5 / 2002
      expected += (q - p) * log(q / p)
    }
    let found = PopulationStability.index(live: live, reference: reference)
    #expect(abs(found - expected) < 1e-12)
  }
}
