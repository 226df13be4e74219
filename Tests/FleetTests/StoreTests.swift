import DriftStatistics
import FleetStore
import Sealing
import Telemetry
import TestSupport
import Testing
import Wire

/// A store with the sample release published.
struct Fleet {
  let folder: TemporaryFolder
  let store: FleetStore
  let sample: SampleRelease
  let release: PublishedRelease

  init() throws {
    folder = try TemporaryFolder()
    store = try FleetStore.create(path: folder.file("fleet"), trust: [])
    sample = try #require(SampleRelease.shared)
    release = try store.publish(try sample.bundle(), now: 1).release
  }

  func device(_ seed: UInt8, windows: Int, shift: Double = 0) throws -> SampleDevice {
    var device = try SampleDevice(seed, release: release.identifier)
    device.measure(windows, of: sample, shift: shift)
    return device
  }

  func windowCount() throws -> Int { try store.windows(release: release.identifier).count }
}

@Suite struct StoreTests {
  @Test func replayIsCountedOnce() throws {
    let fleet = try Fleet()
    let device = try fleet.device(40, windows: 5)
    let batch = try device.batch()
    let first = try fleet.store.ingest(batch, now: 10)
    #expect(first.accepted == 5 && first.duplicates == 0 && first.isPending)
    let again = try fleet.store.ingest(batch, now: 20)
    #expect(again.accepted == 0 && again.duplicates == 5 && again.forks == 0)
    let overlap = try fleet.store.ingest(try device.batch(2..<4), now: 30)
    #expect(overlap.accepted == 0 && overlap.duplicates == 2)
    #expect(try fleet.windowCount() == 5)
    let totals = try fleet.store.totals()
    #expect(totals.accepted == 5 && totals.duplicates == 7)
    #expect(totals.forks == 0 && totals.refused == 0)
  }

  @Test func orderOfArrivalDoesNotMatterAndGapsAreNamed() throws {
    let fleet = try Fleet()
    let device = try fleet.device(41, windows: 9)
    let late = try fleet.store.ingest(try device.batch(6..<9), now: 1)
    #expect(late.accepted == 3 && late.gaps == [1...6])
    let early = try fleet.store.ingest(try device.batch(0..<3), now: 2)
    #expect(early.accepted == 3 && early.gaps == [4...6])
    #expect(try fleet.store.devices().first?.missing == 3)
    let middle = try fleet.store.ingest(try device.batch(3..<6), now: 3)
    #expect(middle.accepted == 3 && middle.gaps.isEmpty && middle.forks == 0)
    let stored = try fleet.store.windows(release: fleet.release.identifier)
    #expect(stored.map(\.record.sequence) == Array(1...9))
    #expect(stored.map { $0.record.encoded() } == device.records)
    #expect(try fleet.store.devices().first?.isCloned == false)
  }

  @Test func twoHistoriesOfOneKeyAreEvidence() throws {
    let fleet = try Fleet()
    var device = try fleet.device(42, windows: 3)
    _ = try fleet.store.ingest(try device.batch(), now: 1)
    var clone = try SampleDevice(42, release: fleet.release.identifier, stream: 99)
    clone.measure(4, of: fleet.sample)
    let outcome = try fleet.store.ingest(try clone.batch(), now: 2)
    // Three contradict what is stored, the fourth is chained to a history that is not.
    #expect(outcome.accepted == 0 && outcome.forks == 4)
    #expect(try fleet.store.devices().first?.isCloned == true)
    #expect(try fleet.store.ingest(try clone.batch(), now: 3).forks == 0)
    device.measure(1, of: fleet.sample)
    #expect(try fleet.store.ingest(try device.batch(), now: 4).accepted == 1)
    #expect(try fleet.windowCount() == 4)
  }

  @Test func tamperedBatchesAreRefusedWhole() throws {
    let fleet = try Fleet()
    let batch = try fleet.device(43, windows: 2).batch()
    var generator = SplitMix64(seed: 77)
    for _ in 0..<100 {
      var damaged = batch
      damaged[Int(generator.below(UInt64(batch.count)))] ^= 1 << UInt8(generator.below(8))
      #expect(throws: IngestError.self) { try fleet.store.ingest(damaged, now: 1) }
    }
    #expect(try fleet.store.devices().isEmpty)
  }

  @Test func revokedDevicesAreRefusedAndForgottenInVerdicts() throws {
    let fleet = try Fleet()
    let device = try fleet.device(44, windows: 4)
    _ = try fleet.store.ingest(try device.batch(0..<2), now: 1)
    #expect(try fleet.store.approve("all") == [device.identifier])
    #expect(try fleet.store.judge(fleet.release).windows == 2)
    #expect(try fleet.store.revoke(String(device.identifier.prefix(8))) == [device.identifier])
    #expect(throws: IngestError.revoked(device: device.identifier)) {
      try fleet.store.ingest(try device.batch(2..<4), now: 2)
    }
    #expect(try fleet.windowCount() == 2)
    #expect(try fleet.store.judge(fleet.release).windows == 0)
    #expect(throws: StoreError.self) { try fleet.store.approve("abcdef") }
    #expect(throws: StoreError.self) { try fleet.store.approve("'; DROP TABLE") }
  }

  @Test func pendingDevicesDoNotCount() throws {
    let fleet = try Fleet()
    let good = try fleet.device(45, windows: 10)
    let wild = try fleet.device(46, windows: 10, shift: 3)
    _ = try fleet.store.ingest(try good.batch(), now: 1)
    _ = try fleet.store.ingest(try wild.batch(), now: 1)
    let nobody = try fleet.store.judge(fleet.release)
    #expect(nobody.verdict?.state == .notEnoughData && nobody.pendingWindows == 20)
    try fleet.store.approve(good.identifier)
    let quiet = try fleet.store.judge(fleet.release)
    #expect(quiet.verdict?.state == .quiet && quiet.windows == 10 && quiet.devices == 1)
    try fleet.store.approve(wild.identifier)
    let drifted = try fleet.store.judge(fleet.release)
    #expect(drifted.verdict?.state == .drifted && drifted.pendingWindows == 0)
    #expect(drifted.driftedSince != nil)
    #expect(try fleet.windowCount() == 20)
  }

  @Test func recordsThatFitNoContractAreKeptOut() throws {
    let fleet = try Fleet()
    var device = try fleet.device(47, windows: 1)
    var stream = SampleStream(generator: SplitMix64(seed: 1))
    var odd = fleet.sample.window(&stream)
    device.append(odd, release: [UInt8](repeating: 9, count: 32))
    odd.taps.removeLast()
    device.append(odd)
    let outcome = try fleet.store.ingest(try device.batch(), now: 1)
    #expect(outcome.accepted == 1)
    #expect(outcome.refused.map(\.sequence) == [2, 3])
    #expect(outcome.refused[0].reason.contains("0909090909090909"))
    #expect(outcome.refused.map(\.awaitsRelease) == [true, false])
    #expect(try fleet.windowCount() == 1)
  }

  @Test func onlyTrustedBundlesArePublished() throws {
    let fleet = try Fleet()
    #expect(try fleet.store.publish(try fleet.sample.bundle(), now: 2).wasPublished)
    // The first bundle's signer was pinned.
    #expect(try fleet.store.trustedKeys() == [try SampleKey.pair(1).publicKey])
    #expect(throws: PublishError.self) {
      try fleet.store.publish(try fleet.sample.bundle(signer: 2, name: "other"), now: 2)
    }
    var damaged = try fleet.sample.bundle()
    damaged[damaged.count - 5] ^= 4
    #expect(throws: PublishError.self) { try fleet.store.publish(damaged, now: 2) }
    #expect(try fleet.store.releases().count == 1)
    #expect(try fleet.store.release(prefix: String(fleet.release.hex.prefix(6))) != nil)
    #expect(try fleet.store.release(prefix: "zzzz") == nil)
  }

  @Test func tenThousandWindows() throws {
    let fleet = try Fleet()
    var stream = SampleStream(generator: SplitMix64(seed: 3))
    let window = fleet.sample.window(&stream)
    for seed in UInt8(100)..<104 {
      var device = try SampleDevice(seed, release: fleet.release.identifier)
      for _ in 0..<2500 { device.append(window) }
      #expect(try fleet.store.ingest(try device.batch(), now: 1).accepted == 2500)
    }
    try fleet.store.approve("all")
    let judgement = try fleet.store.judge(fleet.release)
    #expect(judgement.windows == 10_000 && judgement.live?.items == 2_000_000)
  }

  @Test func storeOpensAgain() throws {
    let fleet = try Fleet()
    _ = try fleet.store.ingest(try fleet.device(48, windows: 3).batch(), now: 1)
    let again = try FleetStore(path: fleet.store.path)
    #expect(try again.windows(release: fleet.release.identifier).count == 3)
    #expect(throws: StoreError.self) { try FleetStore(path: fleet.folder.file("nowhere")) }
  }

  @Test func filesGiveTheSameRecordsAsTheStore() throws {
    let fleet = try Fleet()
    let device = try fleet.device(49, windows: 6)
    try fleet.folder.write("one.cbor", try device.batch(0..<4))
    let batches = try TemporaryFolder()
    try batches.write("b.cbor", try device.batch(0..<4))
    try batches.write("a.cbor", try device.batch(2..<6))
    let loaded = try RecordFiles.load(batches.path)
    #expect(loaded.map { $0.record.encoded() } == device.records)
    #expect(try RecordFiles.load(fleet.folder.file("one.cbor")).count == 4)
    let spoolFolder = try TemporaryFolder()
    let spool = try Spool(path: spoolFolder.file("spool"))
    for entry in loaded { try spool.append(entry.record.content) }
    let spooled = try RecordFiles.load(spool.path)
    #expect(spooled.map(\.record.content) == loaded.map(\.record.content))
    #expect(throws: TelemetryError.self) { try RecordFiles.load(try TemporaryFolder().path) }
  }
}
