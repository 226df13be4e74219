import BundleFormat
import CBOR
import Foundation
import Installing
import Sealing
import System
import TestSupport
import Testing

@Suite struct RootTests {
  @Test func initialisesOnce() throws {
    let test = try TestRoot()
    #expect(try File.status(test.path + "/device.key").permissions & 0o777 == 0o600)
    let key = test.root.deviceKey.publicKey
    let trust = [TinyBundle.key(3).publicKey]
    let again = try DeviceRoot.initialise(path: test.path, trust: trust)
    #expect(again.deviceKey.publicKey == key && again.trust.keys == trust)
    #expect(
      refusal {
        _ = try DeviceRoot.initialise(
          path: test.path, trust: trust, policy: RootPolicy(allowsDevelopment: true))
      } == .otherRoot(path: test.path))
    #expect(
      refusal {
        _ = try DeviceRoot.initialise(
          path: test.path, trust: [TinyBundle.key(4).publicKey])
      } == .otherRoot(path: test.path))
    #expect(
      refusal {
        _ = try DeviceRoot.initialise(path: test.path, trust: [])
      } == .badTrust)
  }

  @Test func refusesForeignFolders() throws {
    let folder = try TemporaryFolder()
    try folder.write("holiday.jpg", [1])
    let trust = [TinyBundle.key(3).publicKey]
    #expect(
      refusal {
        _ = try DeviceRoot.initialise(path: folder.path, trust: trust)
      } == .foreign(path: folder.file("holiday.jpg")))
    #expect(try Directory.list(folder.path) == ["holiday.jpg"])
    #expect(refusal { _ = try DeviceRoot(path: folder.path) } == .notARoot(path: folder.path))
    // A root below a file can be written by nobody, whoever runs this.
    guard
      case .system = refusal({
        _ = try DeviceRoot.initialise(
          path: folder.file("holiday.jpg") + "/root", trust: trust)
      })
    else {
      Issue.record("a root below a file was made")
      return
    }
  }

  @Test func oneChangeAtATime() throws {
    let test = try TestRoot()
    try test.root.install(bundle: TinyBundle().bytes())
    let lock = try FileLock(test.path + "/lock")
    let next = try TinyBundle(sequence: 2, offset: 2).bytes()
    #expect(
      refusal { _ = try test.root.install(bundle: next) } == .busy(path: test.path + "/lock"))
    #expect(refusal { _ = try test.root.rollback(model: "tiny") } != nil)
    // Reading needs no lock.
    #expect(try runningOffset(test.root) == 1)
    withExtendedLifetime(lock) {}
  }

  @Test func anotherProcessHoldsTheLock() throws {
    let test = try TestRoot()
    let holder = Process()
    holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    holder.arguments = [test.path + "/lock", "sh", "-c", "echo held; exec sleep 60"]
    let output = Pipe()
    holder.standardOutput = output
    try holder.run()
    defer { holder.terminate() }
    #expect(!output.fileHandleForReading.availableData.isEmpty)
    let bytes = try TinyBundle().bytes()
    #expect(
      refusal { _ = try test.root.install(bundle: bytes) } == .busy(path: test.path + "/lock"))
  }

  @Test(arguments: ["image", "manifest", "reference"])
  func aDamagedReleaseIsLeftForThePreviousOne(what: String) throws {
    let test = try TestRoot()
    let first = try test.root.install(bundle: TinyBundle().bytes())
    let bundle = try TinyBundle(sequence: 2, offset: 2, reference: [9]).bytes()
    let second = try test.root.install(bundle: bundle)
    let active = try #require(try test.root.status().first?.state.active)
    switch what {
    case "image": try test.damage(active.image)
    case "manifest": try test.damage(active.manifest)
    default: try test.damage(try #require(active.reference))
    }
    #expect(try test.root.status().first?.problem?.hasPrefix("active: ") == true)
    let model = try test.root.open()
    #expect(model.release == first.release && model.returned?.release == second.release)
    #expect(try runningOffset(test.root) == 1)
    let state = try #require(try test.root.status().first?.state)
    #expect(state.active?.release == first.release && state.floor == 2)
    #expect(state.lastReturn?.release == second.release && state.previous == nil)
    // The next open has nothing to leave; the same bundle repairs.
    #expect(try test.root.open().returned == nil)
    #expect(try test.root.install(bundle: bundle).vectorsRun == 2)
    #expect(try runningOffset(test.root) == 2)
  }

  @Test func theFirstReleaseIsTheLastResort() throws {
    let test = try TestRoot()
    for sequence in 1...3 {
      let bundle = TinyBundle(sequence: UInt64(sequence), offset: UInt8(sequence))
      try test.root.install(bundle: bundle.bytes())
    }
    let state = try #require(try test.root.status().first?.state)
    try test.damage(try #require(state.active).image)
    try File.remove(test.object(try #require(state.previous).image))
    #expect(try runningOffset(test.root) == 1)
    let recovery = try #require(try test.root.status().first?.state.active)
    try test.damage(recovery.image)
    let error = refusal { _ = try test.root.open() }
    guard case .damaged = error else {
      Issue.record("opened with nothing intact: \(error?.message ?? "no error")")
      return
    }
  }

  @Test func installingAgainRepairsTheActiveRelease() throws {
    let test = try TestRoot()
    let bytes = try TinyBundle().bytes()
    try test.root.install(bundle: bytes)
    try test.damage(try #require(try test.root.status().first?.state.active).image)
    let repaired = try test.root.install(bundle: bytes)
    #expect(!repaired.wasAlreadyInstalled && repaired.replaced == nil)
    #expect(try runningOffset(test.root) == 1)
    #expect(try test.root.status().first?.problem == nil)
  }

  @Test func anyFlippedBitOfARecordIsFound() throws {
    let test = try TestRoot()
    try test.root.install(bundle: TinyBundle().bytes())
    let path = test.path + "/models/tiny/state"
    let good = try File.read(path, limit: 1 << 16)
    for position in good.indices {
      var bad = good
      bad[position] ^= 1 << UInt8(position % 8)
      try File.writeAtomically(path, bad)
      guard case .record = refusal({ _ = try test.root.open() }) else {
        Issue.record("byte \(position) was not found")
        continue
      }
    }
    #expect(try test.root.status().first?.problem != nil)
    // Nothing is collected while a record cannot be read.
    #expect(refusal { _ = try test.root.install(bundle: TinyBundle().bytes()) } != nil)
    try File.writeAtomically(path, good)
    #expect(try runningOffset(test.root) == 1)
  }

  @Test func collectsWhatNobodyNames() throws {
    let test = try TestRoot()
    for sequence in 1...5 {
      let bundle = TinyBundle(
        sequence: UInt64(sequence), offset: UInt8(sequence), reference: [UInt8(sequence)])
      try File.create(test.path + "/objects/.tmp-\(sequence)", [0])
      try test.root.install(bundle: bundle.bytes())
    }
    // Active, previous and the first: four objects each.
    #expect(try Directory.list(test.path + "/objects").count == 12)
  }
}
