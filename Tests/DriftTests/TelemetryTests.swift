import DriftStatistics
import Foundation
import Sealing
import System
import Telemetry
import Testing
import Wire

/// A folder that goes when the test ends.
final class Scratch {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("swiftlet-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

func makeContent(_ number: Int, release: UInt8 = 7) -> WindowContent {
  var latency = LatencyHistogram()
  latency.add(nanoseconds: UInt64(number) * 1_000_000)
  return WindowContent(
    release: [UInt8](repeating: release, count: 32), start: Int64(number), end: Int64(number + 1),
    seen: 9,
    counts: WindowCounts(
      items: 3, taps: [TapCounts(bins: [1, 2], below: 0, above: 1)]), latency: latency,
    isPartial: false)
}

func makeKey() throws -> Ed25519KeyPair {
  try Crypto.initialize()
  return try #require(Ed25519KeyPair(seed: [UInt8](repeating: 3, count: 32)))
}

@Suite struct RecordTests {
  @Test func recordRoundTripAndFlips() throws {
    var content = makeContent(5)
    content.indicators = [NamedValue(name: "yield", value: 0.5)]
    content.slices = [SliceLabel(name: "line", value: "3")]
    let record = WindowRecord(
      boot: 2, sequence: 9, previous: [UInt8](repeating: 1, count: 32), lost: 4, content: content)
    let bytes = record.encoded()
    #expect(try WindowRecord.decode(bytes) == record)
    for index in bytes.indices {
      #expect(throws: TelemetryError.self) { try WindowRecord.decode(Array(bytes[..<index])) }
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << UInt8(bit)
        if let read = try? WindowRecord.decode(flipped) { #expect(read.encoded() == flipped) }
      }
    }
  }

  @Test func batchIsSignedAndChained() throws {
    let scratch = try Scratch()
    let spool = try Spool(path: scratch.path + "/spool")
    for number in 0..<3 { try spool.append(makeContent(number)) }
    let pending = try #require(try spool.peekBatch(maxBytes: 1 << 20))
    #expect(pending.first == 1 && pending.last == 3)
    let key = try makeKey()
    let signed = try Batch.sign(records: pending.records, deviceKey: key.publicKey, with: key)
    let batch = try Batch.verify(signed, with: SodiumVerifier())
    #expect(batch.encodedRecords == pending.records && batch.head == spool.head)
    #expect(batch.records.map { $0.content.start } == [0, 1, 2])
    for index in signed.indices {
      var flipped = signed
      flipped[index] ^= 0x20
      #expect(throws: TelemetryError.self) { try Batch.verify(flipped, with: SodiumVerifier()) }
    }
    let swapped = [pending.records[1], pending.records[0]]
    let disorder = try Batch.sign(records: swapped, deviceKey: key.publicKey, with: key)
    #expect(throws: TelemetryError.brokenChain(sequence: 1)) {
      try Batch.verify(disorder, with: SodiumVerifier())
    }
    let forged = try #require(Ed25519KeyPair(seed: [UInt8](repeating: 4, count: 32)))
    let foreign = try Batch.sign(records: pending.records, deviceKey: key.publicKey, with: forged)
    #expect(throws: TelemetryError.badSignature) {
      try Batch.verify(foreign, with: SodiumVerifier())
    }
  }

  @Test func latencyBuckets() {
    for microseconds in (0..<5000).map(UInt64.init) {
      let bucket = LatencyHistogram.bucket(microseconds: microseconds)
      #expect(LatencyHistogram.lowerBound(bucket: bucket) <= microseconds)
      #expect(LatencyHistogram.lowerBound(bucket: bucket + 1) > microseconds)
    }
    #expect(LatencyHistogram.bucket(microseconds: .max) == LatencyHistogram.bucketCount - 1)
  }
}

@Suite struct SpoolTests {
  /// Cuts the segment at every byte: complete records survive, the chain goes on from the last
  /// of them, the loss is stated in the next record.
  @Test func survivesACutAtEveryByte() throws {
    let scratch = try Scratch()
    let source = scratch.path + "/source"
    var sizes = [8]
    do {
      let spool = try Spool(path: source)
      for number in 0..<3 {
        let record = try spool.append(makeContent(number))
        sizes.append(sizes[number] + 8 + record.encoded().count)
      }
    }
    let name = try #require(try Directory.list(source).first { $0.hasPrefix("segment-") })
    let bytes = try File.read(source + "/" + name, limit: 1 << 20)
    let state = try File.read(source + "/state", limit: 4096)
    #expect(bytes.count == sizes[3])
    for cut in 0...bytes.count {
      let path = scratch.path + "/cut"
      try Directory.create(path)
      try File.create(path + "/state", state)
      try File.create(path + "/" + name, Array(bytes[..<cut]))
      let complete = sizes.dropFirst().filter { $0 <= cut }.count
      do {
        let spool = try Spool(path: path)
        #expect(spool.pendingCount == complete, "cut at \(cut)")
        #expect(spool.nextSequence == UInt64(complete + 1))
        let torn = cut > 8 && !sizes.contains(cut)
        #expect(spool.lost == (torn ? 1 : 0), "cut at \(cut)")
        let record = try spool.append(makeContent(9))
        #expect(record.lost == spool.lost && record.boot == 2)
        let pending = try #require(try spool.peekBatch(maxBytes: 1 << 20))
        #expect(pending.records.count == complete + 1)
        let key = try makeKey()
        let signed = try Batch.sign(
          records: pending.records, deviceKey: key.publicKey, with: key)
        _ = try Batch.verify(signed, with: SodiumVerifier())
      }
      try Directory.removeTree(path)
    }
  }

  @Test func flippedByteLosesNoEarlierRecord() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/spool"
    do {
      let spool = try Spool(path: path)
      for number in 0..<3 { try spool.append(makeContent(number)) }
    }
    let name = try #require(try Directory.list(path).first { $0.hasPrefix("segment-") })
    let bytes = try File.read(path + "/" + name, limit: 1 << 20)
    for index in bytes.indices {
      var flipped = bytes
      flipped[index] ^= 1
      try File.writeAtomically(path + "/" + name, flipped)
      do {
        let spool = try Spool(path: path)
        #expect(spool.lost > 0 && spool.pendingCount < 3)
        _ = try spool.append(makeContent(4))
      }
      for file in try Directory.list(path) { try File.remove(path + "/" + file) }
    }
  }

  @Test func isBoundedAndCountsWhatItDrops() throws {
    let scratch = try Scratch()
    let spool = try Spool(path: scratch.path + "/spool", byteLimit: 16384)
    var last: WindowRecord?
    for number in 0..<200 { last = try spool.append(makeContent(number)) }
    let lost = try #require(last).lost
    #expect(lost > 0 && lost == spool.lost)
    #expect(spool.pendingCount + Int(lost) == 200)
    var total = 0
    for name in try Directory.list(spool.path) where name.hasPrefix("segment-") {
      total += Int(try File.status(spool.path + "/" + name).size)
    }
    #expect(total <= 16384)
  }

  @Test func acknowledgedRecordsGoAndTheChainStays() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/spool"
    var head: [UInt8] = []
    do {
      let spool = try Spool(path: path)
      for number in 0..<5 { try spool.append(makeContent(number)) }
      let size = makeContent(0).counts.taps.count + 400
      let first = try #require(try spool.peekBatch(maxBytes: size))
      #expect(first.last < 5)
      try spool.acknowledge(upTo: first.last)
      #expect(try #require(try spool.peekBatch(maxBytes: 1)).first == first.last + 1)
      try spool.acknowledge(upTo: 99)
      #expect(try spool.peekBatch(maxBytes: 1 << 20) == nil)
      #expect(throws: TelemetryError.system(.locked(path: path + "/lock"))) {
        try Spool(path: path)
      }
      head = spool.head
    }
    let spool = try Spool(path: path)
    #expect(spool.head == head && spool.nextSequence == 6 && spool.boot == 2)
    let record = try spool.append(makeContent(6))
    #expect(record.previous == head && record.sequence == 6 && record.lost == 0)
  }
}

@Suite struct RecorderTests {
  private let tap = Tap(
    name: "x", unit: "", stage: .input, source: 0, function: .sum(channel: 0), displayScale: 1,
    displayOffset: 0, edges: [0], lowest: -10, highest: 10, categories: [])

  private func recorder(
    _ path: String, release: UInt8 = 1, period: Int = 1
  ) throws -> Recorder {
    let contract = TelemetryContract(
      windowItems: 25, samplingPeriod: period, alarmRate: 0.01, taps: [tap])
    return try Recorder(
      contract: contract, release: [UInt8](repeating: release, count: 32),
      sources: [TapSource(elements: 1, channels: 1)], spool: Spool(path: path))
  }

  private func feed(_ recorder: Recorder, _ range: Range<Int>) throws {
    for number in range {
      let tensor = [Int8(number % 2 == 0 ? 5 : -5)]
      _ = try tensor.withUnsafeBytes { buffer in
        try recorder.record(latencyNanoseconds: 5000, now: Int64(number)) { _ in buffer }
      }
    }
  }

  @Test func windowsSurviveProcesses() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/spool"
    for process in 0..<6 {
      let recorder = try recorder(path)
      #expect(recorder.openItems == UInt32(process * 10 % 25))
      try feed(recorder, (process * 10)..<(process * 10 + 10))
      try recorder.close()
    }
    do {
      let recorder = try recorder(path, release: 2)
      #expect(recorder.openItems == 0 && recorder.spool.pendingCount == 3)
      try feed(recorder, 0..<5)
      try recorder.flush()
      try recorder.flush()
    }
    let spool = try Spool(path: path)
    let records = try #require(try spool.peekBatch(maxBytes: 1 << 20)).records
      .map { try WindowRecord.decode($0) }
    #expect(records.map { $0.content.counts.items } == [25, 25, 10, 5])
    #expect(records.map { $0.content.isPartial } == [false, false, true, true])
    #expect(records[0].content.counts.taps[0].bins == [12, 13])
    #expect(records[1].content.start == 25 && records[1].content.end == 49)
    #expect(records[3].content.release[0] == 2)
    #expect(records.map { $0.lost } == [0, 0, 0, 0])
  }

  @Test func samplingIsExact() throws {
    let scratch = try Scratch()
    let recorder = try recorder(scratch.path + "/spool", period: 4)
    try feed(recorder, 0..<1000)
    let records = try #require(try recorder.spool.peekBatch(maxBytes: 1 << 20)).records
      .map { try WindowRecord.decode($0) }
    #expect(records.count >= 9)
    for record in records {
      #expect(record.content.counts.items == 25)
      #expect((97...100).contains(record.content.seen))
    }
  }
}
