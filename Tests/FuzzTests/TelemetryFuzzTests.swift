import CBOR
import COSE
import DriftStatistics
import Sealing
import Telemetry
import Testing
import Wire

/// What devices send, and the contract it is counted by.
@Suite("fuzz telemetry") struct TelemetryFuzzTests {
  static let contract = TelemetryContract(
    windowItems: 50, samplingPeriod: 2, alarmRate: 0.01,
    taps: [
      Tap(
        name: "mean", unit: "lx", stage: .input, source: 0, function: .sum(channel: 0),
        displayScale: 0.1, displayOffset: -2, edges: [-5, 0, 9], lowest: -40, highest: 40,
        categories: []),
      Tap(
        name: "class", unit: "", stage: .output, source: 0, function: .topClass, displayScale: 1,
        displayOffset: 0, edges: [1, 2], lowest: 0, highest: 2, categories: ["a", "b", "c"]),
    ])

  static func reference() throws -> ReferenceStatistics {
    var random = SplitMix64(seed: 3)
    let rows = (0..<400).map { _ in
      [Int32.random(in: -20...20, using: &random), Int32.random(in: 0...2, using: &random)]
    }
    return try ReferenceStatistics.make(contract: contract, values: rows, draws: 200, seed: 1)
  }

  static func record(_ sequence: UInt64, after previous: [UInt8]) -> WindowRecord {
    var content = WindowContent(
      release: [UInt8](repeating: 7, count: 32), start: 1_000, end: 2_000, seen: 40,
      counts: WindowCounts(
        items: 20,
        taps: [
          TapCounts(bins: [1, 9, 8, 2], below: 0, above: 1),
          TapCounts(bins: [5, 5, 10], below: 0, above: 0),
        ]), latency: LatencyHistogram(), isPartial: false)
    content.indicators = [NamedValue(name: "yield", value: 0.5)]
    content.slices = [SliceLabel(name: "line", value: "3")]
    return WindowRecord(
      boot: 1, sequence: sequence, previous: previous, lost: 0, content: content)
  }

  @Test func records() {
    let sample = Self.record(1, after: [UInt8](repeating: 0, count: 32)).encoded()
    Fuzzer("record", [sample]).run { bytes in
      let encoded = try WindowRecord.decode(bytes).encoded()
      #expect(encoded == bytes)
      return encoded
    }
  }

  /// Damaged inside a good signature: a device may be the attacker.
  @Test func batches() throws {
    let key = try WireFuzzTests.key()
    let first = Self.record(1, after: [UInt8](repeating: 0, count: 32)).encoded()
    let second = Self.record(2, after: SHA256.digest(first)).encoded()
    let batch = try Batch.sign(records: [first, second], deviceKey: key.publicKey, with: key)
    let payload = try #require(try COSESign1.decode(batch).payload)
    Fuzzer("batch", [batch]).run { bytes in
      _ = try Batch.verify(bytes, with: SodiumVerifier())
      return nil
    }
    Fuzzer("batch payload", [payload]).run { bytes in
      let signed = COSESign1.sign(bytes, with: key).encoded()
      let read = try Batch.verify(signed, with: SodiumVerifier())
      #expect(read.records.count == read.encodedRecords.count)
      return nil
    }
  }

  @Test func contracts() {
    Fuzzer("contract", [Self.contract.cbor().encoded()]).run { bytes in
      try TelemetryContract(cbor: CBORValue.decode(bytes)).cbor().encoded()
    }
  }

  @Test func references() throws {
    let sample = try Self.reference()
    Fuzzer("reference", [sample.cbor().encoded()]).run { bytes in
      let read = try ReferenceStatistics(cbor: CBORValue.decode(bytes), contract: Self.contract)
      let window = WindowCounts(items: sample.items, taps: sample.taps)
      _ = try? Verdict.evaluate(contract: Self.contract, reference: read, windows: [window])
      return read.cbor().encoded()
    }
  }
}
