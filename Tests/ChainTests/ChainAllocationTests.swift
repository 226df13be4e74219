import CAllocationCounter
import SignalChain
import Testing
import Wire

/// A device takes its memory when it starts: what runs per sample, row or item takes none.
@Suite("allocations of the chain") struct ChainAllocationTests {
  private func allocations(_ body: () -> Void) -> UInt64 {
    let before = swiftlet_test_allocation_count()
    body()
    return swiftlet_test_allocation_count() - before
  }

  @Test func theCounterCounts() {
    #expect(
      allocations {
        let array = [UInt8](repeating: 0, count: 4096)
        withExtendedLifetime(array) {}
      } > 0)
  }

  @Test func soundStreamsAndDecisionsTakeNone() throws {
    let rule = AudioRule(
      rate: 16_000, frame: 480, hop: 320, transform: 512, window: .hann, spectrum: .magnitude,
      bands: 40, low: 20, high: 4000, offset: 1074, coefficients: 10)
    var frontEnd = try #require(AudioFrontEnd(rule))
    var random = SplitMix64(seed: 1)
    var rows = 0
    #expect(
      allocations {
        for _ in 0..<4800 where frontEnd.append(Int16(truncatingIfNeeded: random.next())) {
          rows += 1
        }
      } == 0)
    #expect(rows == 14)
    let streamRule = try #require(
      StreamRule(rows: 49, channels: 10, hop: 7, isChannelsFirst: false))
    var window = StreamWindow(streamRule)
    let judgement = DecisionRule.Judgement.reconstruction(
      ReconstructionError(inputScale: 1, outputScale: 0.5, isWide: false), input: 0, threshold: 9)
    let decisionRule = try #require(
      DecisionRule(judgement: judgement, output: 0, needed: 2, window: 3))
    var decider = Decider(
      decisionRule, output: LevelFormat(zeroPoint: 0), inputBytes: 490)
    let item = UnsafeMutableRawBufferPointer.allocate(byteCount: 490, alignment: 1)
    defer { item.deallocate() }
    item.initializeMemory(as: UInt8.self, repeating: 3)
    let row = UnsafeRawBufferPointer(rebasing: item[0..<10])
    var (items, alarms) = (0, 0)
    #expect(
      allocations {
        for _ in 0..<100 where window.append(row) {
          window.copy(into: item)
          decider.keep(UnsafeRawBufferPointer(item))
          items += 1
          if decider.decide(UnsafeRawBufferPointer(item)).isAlarm { alarms += 1 }
        }
      } == 0)
    #expect(items == 8 && alarms == 7)
  }
  @Test func boxesTakeNone() throws {
    let rule = BoxRule(
      boxes: .init(output: 0, first: 0, stride: 4, step: 1),
      scores: .init(output: 1, first: 0, stride: 3, step: 1), count: 50, classes: 3, form: .centre,
      tables: (0..<1024).map { Int32($0 % 256 - 128) * 512 }, isXFirst: false, threshold: -20,
      overlap: 20_000, perClass: 20, detections: 30)
    #expect(rule.fault == nil)
    var decoder = BoxDecoder(rule)
    var random = SplitMix64(seed: 2)
    let bytes = random.bytes(200)
    var found = 0
    #expect(
      allocations {
        bytes.withUnsafeBytes { boxes in
          for _ in 0..<20 {
            decoder.decode(boxes: boxes, scores: UnsafeRawBufferPointer(rebasing: boxes[0..<150]))
            found += decoder.detections.count
          }
        }
      } == 0)
    #expect(found > 100)
  }
}
