import BundleFormat
import DeviceRuntime
import Foundation
import Installing
import PlanFormat
import Sealing
import System
import TestSupport
import Testing
import Wire

/// A root in a folder of its own, trusting the key that signs ``TinyBundle``.
struct TestRoot {
  let folder: TemporaryFolder
  let root: DeviceRoot
  var path: String { folder.file("root") }

  init(_ policy: RootPolicy = RootPolicy()) throws {
    folder = try TemporaryFolder()
    root = try DeviceRoot.initialise(
      path: folder.file("root"), trust: [TinyBundle.key(3).publicKey], policy: policy)
  }

  func object(_ digest: [UInt8]) -> String { path + "/objects/" + Hex.encode(digest) }

  /// Flips one bit of an object.
  func damage(_ digest: [UInt8]) throws {
    var bytes = try File.read(object(digest), limit: 1 << 20)
    bytes[bytes.count / 2] ^= 1
    try File.writeAtomically(object(digest), bytes)
  }
}

/// What the active model adds to 0: which release really runs.
func runningOffset(_ root: ModelStore<some FileStore>, _ name: String? = nil) throws -> UInt8 {
  let model = try root.open(model: name)
  let session = try Session(image: model.image.bytes)
  for position in 0..<16 { session.input(0)[position] = 0 }
  session.run()
  return withExtendedLifetime(model) { session.output(0)[5] }
}

/// The error a call throws.
func refusal(_ body: () throws -> Void) -> InstallError? {
  do {
    try body()
    return nil
  } catch {
    return error as? InstallError
  }
}

@Suite struct InstallTests {
  @Test func installsAndOpens() throws {
    let test = try TestRoot()
    let bytes = try TinyBundle().bytes()
    let report = try test.root.install(bundle: bytes)
    #expect(report.model == "tiny" && report.sequence == 1 && report.version == "1.0.1")
    #expect(!report.wasAlreadyInstalled && report.vectorsRun == 2 && report.replaced == nil)
    #expect(report.arenaBytes == 128 && report.imageBytes > 256)
    #expect(try runningOffset(test.root) == 1)
    let model = try DeviceRoot(path: test.path).open(model: "tiny")
    #expect(model.release == report.release && model.reference == [1, 2, 3])
    #expect(model.manifest.name == "tiny" && model.returned == nil)

    let again = try test.root.install(bundle: bytes)
    #expect(again.wasAlreadyInstalled && again.vectorsRun == 0 && again.release == report.release)
  }

  @Test func upgradesRollsBackAndKeepsTheFloor() throws {
    let test = try TestRoot()
    let (one, two) = (TinyBundle(), TinyBundle(sequence: 2, offset: 2))
    let first = try test.root.install(bundle: one.bytes())
    let second = try test.root.install(bundle: two.bytes())
    #expect(second.replaced == first.release)
    #expect(try runningOffset(test.root) == 2)

    let lower = refusal { _ = try test.root.install(bundle: one.bytes()) }
    #expect(lower == .downgrade(model: "tiny", offered: 1, floor: 2))
    #expect(lower?.isIncompatible == true && lower?.isUntrusted == false)

    #expect(try test.root.rollback(model: "tiny").release == first.release)
    #expect(try runningOffset(test.root) == 1)
    let status = try #require(try test.root.status().first)
    #expect(status.state.floor == 2 && status.problem == nil)
    #expect(status.state.previous?.release == second.release)
    // The active release again: nothing to do. Another of sequence 1 or 2: refused.
    #expect(try test.root.install(bundle: one.bytes()).wasAlreadyInstalled)
    let other = TinyBundle(sequence: 1, offset: 9)
    #expect(
      refusal { _ = try test.root.install(bundle: other.bytes()) }
        == .downgrade(model: "tiny", offered: 1, floor: 2))
    let twin = TinyBundle(sequence: 2, offset: 9)
    #expect(
      refusal { _ = try test.root.install(bundle: twin.bytes()) }
        == .sequenceTaken(model: "tiny", sequence: 2))
    // The very release that set the floor may come back.
    #expect(try test.root.install(bundle: two.bytes()).replaced == first.release)
    #expect(try runningOffset(test.root) == 2)
    // A rollback undoes a rollback.
    try test.root.rollback(model: "tiny")
    try test.root.rollback(model: "tiny")
    #expect(try runningOffset(test.root) == 2)
  }

  @Test func stagesAndPromotes() throws {
    let test = try TestRoot()
    #expect(
      refusal { _ = try test.root.promote(model: "tiny") }
        == .noModel(name: "tiny", installed: []))
    try test.root.install(bundle: TinyBundle().bytes())
    #expect(refusal { _ = try test.root.promote(model: "tiny") } == .noCandidate(model: "tiny"))
    #expect(refusal { _ = try test.root.rollback(model: "tiny") } == .noPrevious(model: "tiny"))
    let staged = try test.root.install(
      bundle: TinyBundle(sequence: 2, offset: 2).bytes(), stage: true)
    #expect(staged.isStaged && staged.replaced == nil)
    #expect(try runningOffset(test.root) == 1)
    #expect(try test.root.status().first?.state.floor == 1)
    #expect(try test.root.promote(model: "tiny").release == staged.release)
    #expect(try runningOffset(test.root) == 2)
    #expect(try test.root.status().first?.state.candidate == nil)
  }

  @Test func aStagedReleaseOvertakenByALaterOneIsDropped() throws {
    let test = try TestRoot()
    let second = try TinyBundle(sequence: 2, offset: 2).bytes()
    try test.root.install(bundle: second, stage: true)
    try test.root.install(bundle: TinyBundle(sequence: 3, offset: 3).bytes())
    #expect(refusal { _ = try test.root.promote(model: "tiny") } == .noCandidate(model: "tiny"))
    #expect(
      refusal { _ = try test.root.install(bundle: second, stage: true) }
        == .downgrade(model: "tiny", offered: 2, floor: 3))
  }

  @Test func aDamagedCandidateIsNotPromoted() throws {
    let test = try TestRoot()
    try test.root.install(bundle: TinyBundle().bytes())
    try test.root.install(bundle: TinyBundle(sequence: 4, offset: 4).bytes(), stage: true)
    let staged = try #require(try test.root.status().first?.state.candidate)
    try test.damage(staged.image)
    #expect(
      refusal { _ = try test.root.promote(model: "tiny") }
        == .damaged(model: "tiny", reason: "the prepared image is damaged or missing"))
    #expect(try runningOffset(test.root) == 1)
    try test.root.install(bundle: TinyBundle(sequence: 4, offset: 4).bytes(), stage: true)
    try test.root.promote(model: "tiny")
    #expect(try runningOffset(test.root) == 4)
  }

  @Test func holdsSeveralModels() throws {
    let test = try TestRoot()
    #expect(refusal { _ = try test.root.open() } == .noModel(name: nil, installed: []))
    try test.root.install(bundle: TinyBundle(name: "left", offset: 5).bytes())
    #expect(try runningOffset(test.root) == 5)
    try test.root.install(bundle: TinyBundle(name: "right", sequence: 7, offset: 6).bytes())
    #expect(refusal { _ = try test.root.open() } == .severalModels(["left", "right"]))
    #expect(
      refusal { _ = try test.root.open(model: "../left") }
        == .noModel(name: "../left", installed: ["left", "right"]))
    #expect(try runningOffset(test.root, "left") == 5)
    #expect(try runningOffset(test.root, "right") == 6)
    // Each has a floor of its own.
    try test.root.install(bundle: TinyBundle(name: "left", sequence: 2, offset: 8).bytes())
    #expect(try test.root.status().map { $0.state.floor } == [2, 7])
  }

  @Test func refusesStrangersAndDevelopmentKeys() throws {
    let test = try TestRoot()
    let stranger = refusal {
      _ = try test.root.install(bundle: TinyBundle(signer: TinyBundle.key(9)).bytes())
    }
    #expect(stranger?.isUntrusted == true)
    var changed = try TinyBundle().bytes()
    changed[changed.count - 1] ^= 1
    #expect(refusal { _ = try test.root.install(bundle: changed) }?.isUntrusted == true)
    let development = try TinyBundle(isDevelopment: true).bytes()
    #expect(
      refusal { _ = try test.root.install(bundle: development) } == .bundle(.development))
    #expect(try test.root.status().isEmpty)
    #expect(try test.root.install(bundle: development, allowDevelopment: true).sequence == 1)
    #expect(try runningOffset(test.root) == 1)
    let lenient = try TestRoot(RootPolicy(allowsDevelopment: true))
    #expect(try lenient.root.install(bundle: development).sequence == 1)
  }

  @Test func aWithdrawnKeyStopsWhatItSigned() throws {
    let test = try TestRoot()
    try test.root.install(bundle: TinyBundle().bytes())
    let other = TinyBundle.key(4).publicKey
    let folder = test.path + "/trust/"
    for name in try Directory.list(folder) { try File.remove(folder + name) }
    try File.create(folder + "other.pub", KeyFile.printPublic(other))
    let reopened = try DeviceRoot(path: test.path)
    #expect(refusal { _ = try reopened.open() }?.isUntrusted == true)
  }

  @Test func refusesWhatItCannotRun() throws {
    let test = try TestRoot()
    func refused(_ bundle: TinyBundle) throws -> InstallError? {
      let bytes = try bundle.bytes()
      return refusal { _ = try test.root.install(bundle: bytes) }
    }
    #expect(
      try refused(TinyBundle(runtimeVersion: 3)) == .needsRuntime(needed: 3, available: 2))
    #expect(
      try refused(TinyBundle(planVersion: 9))
        == .needsPlanFormat(needed: 9, available: UInt64(Plan.formatVersion)))
    #expect(try refused(TinyBundle(planCount: 2))?.isIncompatible == true)
    guard case .inconsistent = try refused(TinyBundle(spareInput: .int16)) else {
      Issue.record("an input that the manifest does not list was accepted")
      return
    }
    guard case .inconsistent = try refused(TinyBundle(portElement: "int16")) else {
      Issue.record("a port of another element than its tensor was accepted")
      return
    }
    guard case .unsupported(let what) = try refused(TinyBundle(tapElement: .int32)) else {
      Issue.record("a tap of int32 was accepted")
      return
    }
    #expect(what.contains("spare"))
    guard case .inconsistent = try refused(TinyBundle(portSize: 17)) else {
      Issue.record("a port larger than its tensor was accepted")
      return
    }
    guard case .inconsistent = try refused(TinyBundle(seeds: [])) else {
      Issue.record("a bundle without proof was accepted")
      return
    }
    #expect(try test.root.status().isEmpty)
  }

  @Test func vectorsThatDoNotComeOutBlockActivation() throws {
    let test = try TestRoot()
    try test.root.install(bundle: TinyBundle().bytes())
    let wrong = try TinyBundle(sequence: 2, offset: 2, provenOffset: 3).bytes()
    for stage in [false, true] {
      let error = refusal { _ = try test.root.install(bundle: wrong, stage: stage) }
      guard case .vectors(.mismatch(0, 0, 0, _, _)) = error else {
        Issue.record("not refused for its vectors: \(error?.message ?? "accepted")")
        continue
      }
    }
    #expect(try runningOffset(test.root) == 1)
    #expect(try test.root.status().first?.state.candidate == nil)
    #expect(try Directory.list(test.path + "/objects").count == 4)
  }

  @Test func countsAllModelsAgainstTheMemoryLimit() throws {
    let probe = try TestRoot()
    try probe.root.install(bundle: TinyBundle().bytes())
    let peak = try #require(try probe.root.status().first?.state.active?.peakBytes)
    let test = try TestRoot(RootPolicy(memoryLimit: 2 * peak))
    try test.root.install(bundle: TinyBundle(name: "a").bytes())
    try test.root.install(bundle: TinyBundle(name: "b").bytes())
    // A release replaces its own predecessor's share.
    try test.root.install(bundle: TinyBundle(name: "b", sequence: 2, offset: 2).bytes())
    let third = refusal { _ = try test.root.install(bundle: TinyBundle(name: "c").bytes()) }
    #expect(third == .memory(needed: 3 * peak, limit: 2 * peak) && third?.isDeviceLimit == true)
  }
}
