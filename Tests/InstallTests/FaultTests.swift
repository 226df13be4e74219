import BundleFormat
import Installing
import Sealing
import System
import TestSupport
import Testing

/// Every change, failing or losing power at every step: afterwards the old release runs or the new
/// one, and the same command again succeeds.
@Suite struct FaultTests {
  /// A change of a root prepared for it.
  enum Change: String, CaseIterable, Sendable {
    case firstInstall, upgrade, promote, rollback, leaveDamaged

    /// The bytes a model may add afterwards: before the change, and after. 0: no model yet.
    var offsets: (old: UInt8, new: UInt8) {
      switch self {
      case .firstInstall: return (0, 1)
      case .upgrade, .promote: return (1, 2)
      case .rollback: return (2, 1)
      case .leaveDamaged: return (1, 1)
      }
    }

    func prepare(_ test: TestRoot) throws {
      if self != .firstInstall { try test.root.install(bundle: TinyBundle().bytes()) }
      let next = try TinyBundle(sequence: 2, offset: 2, reference: [7]).bytes()
      switch self {
      case .firstInstall, .upgrade: break
      case .promote: try test.root.install(bundle: next, stage: true)
      case .rollback: try test.root.install(bundle: next)
      case .leaveDamaged:
        try test.root.install(bundle: next)
        try test.damage(try #require(try test.root.status().first?.state.active).image)
      }
      // What an earlier cut left: collecting it is part of the change.
      try File.create(test.path + "/objects/.tmp-left", [1])
    }

    func perform(_ root: ModelStore<some FileStore>) throws {
      switch self {
      case .firstInstall: try root.install(bundle: TinyBundle().bytes())
      case .upgrade:
        try root.install(bundle: TinyBundle(sequence: 2, offset: 2, reference: [7]).bytes())
      case .promote: try root.promote(model: "tiny")
      case .rollback: try root.rollback(model: "tiny")
      case .leaveDamaged: _ = try root.open()
      }
    }
  }

  private static let faults: [FaultyFiles.Fault] = [
    .failure(code: 5), .failure(code: 28), .failure(code: 30), .powerCut, .powerCutLosingUnsynced,
  ]

  @Test(arguments: Change.allCases)
  func everyStepOfEveryChange(change: Change) throws {
    for fault in Self.faults {
      var position = 0
      var isDone = false
      while !isDone {
        isDone = try !strikes(fault, at: position, during: change)
        position += 1
        try #require(position < 200, "the change never ends")
      }
      // The record alone takes three steps.
      #expect(position > 3, "\(change) took \(position) steps")
    }
  }

  /// Runs a change with one fault; false when it ended before the fault.
  private func strikes(
    _ fault: FaultyFiles.Fault, at position: Int, during change: Change
  ) throws -> Bool {
    let test = try TestRoot()
    try change.prepare(test)
    let files = FaultyFiles(fault, at: position)
    var succeeded = false
    do {
      try change.perform(ModelStore(path: test.path, files: files))
      succeeded = true
    } catch let error as InstallError {
      #expect(files.struck, "\(change) \(fault) at \(position): \(error.message)")
      if fault == .failure(code: 28) { #expect(error.isDeviceLimit) }
    }
    files.losePower()
    let place: Comment = "\(change), \(fault) at step \(position)"

    // Reopened after the fault: the old release or the new one, the new one if success was told.
    let root = try DeviceRoot(path: test.path)
    let running = try root.modelNames().isEmpty ? 0 : runningOffset(root)
    if succeeded {
      #expect(running == change.offsets.new, place)
    } else {
      #expect(running == change.offsets.old || running == change.offsets.new, place)
      // A change that happened although it said no is done; a rollback repeated would undo it.
      if running != change.offsets.new { try change.perform(root) }
      #expect(try runningOffset(root) == change.offsets.new, place)
    }
    let status = try #require(try root.status().first)
    #expect(status.problem == nil, place)
    #expect(status.state.floor == (change == .firstInstall ? 1 : 2), place)
    // A next change leaves nothing behind but what records name: four objects a release.
    try root.install(bundle: TinyBundle(sequence: 9, offset: 9, reference: [9]).bytes())
    #expect(try runningOffset(root) == 9, place)
    let releases = change == .upgrade || change == .promote ? 3 : 2
    #expect(try Directory.list(test.path + "/objects").count == 4 * releases, place)
    #expect(try Directory.list(test.path + "/models/tiny") == ["state"], place)
    return files.struck
  }

  @Test(arguments: 0..<Self.faults.count)
  func everyStepOfMakingARoot(number: Int) throws {
    let fault = Self.faults[number]
    let trust = [TinyBundle.key(3).publicKey]
    for position in 0..<100 {
      let folder = try TemporaryFolder()
      let path = folder.file("deep/root")
      let files = FaultyFiles(fault, at: position)
      do {
        _ = try ModelStore.initialise(path: path, trust: trust, policy: RootPolicy(), files: files)
      } catch {
        #expect(files.struck, "step \(position): \(error.message)")
      }
      files.losePower()
      let root = try DeviceRoot.initialise(path: path, trust: trust)
      #expect(root.trust.keys == trust)
      try root.install(bundle: TinyBundle().bytes())
      #expect(try runningOffset(root) == 1)
      // The key is not drawn anew by whoever opens next.
      #expect(try DeviceRoot(path: path).deviceKey.publicKey == root.deviceKey.publicKey)
      if !files.struck { return }
    }
    Issue.record("making a root never ends")
  }
}
