import BundleFormat
public import DeltaCoding
import DeviceRuntime
import Kernels
import PlanFormat
import Sealing
import System

/// What an install did.
public struct InstallReport: Sendable, Equatable {
  /// Model name.
  public let model: String
  /// SHA-256 of the manifest.
  public let release: [UInt8]
  /// The manifest's sequence number.
  public let sequence: UInt64
  /// The manifest's version.
  public let version: String
  /// True when this release was the active (or, staging, the staged) one already: nothing changed.
  public let wasAlreadyInstalled: Bool
  /// True when it waits for `promote`.
  public let isStaged: Bool
  /// The release that was active before, if another one was.
  public let replaced: [UInt8]?
  /// Golden vectors run on this device; 0 when nothing changed.
  public let vectorsRun: Int
  /// Bytes of the prepared image.
  public let imageBytes: UInt64
  /// Bytes of activations.
  public let arenaBytes: UInt64
}

extension ModelStore {
  /// Installs a bundle: verifies it, proves it on this device, and only then makes it the active
  /// release; or, with `stage`, the candidate that `promote` activates.
  ///
  /// The order is fixed: signature and digests, sequence number, versions, memory and storage, the
  /// prepared image, its golden vectors, the objects, and at last the record, by one rename. Until
  /// then the old release stays active.
  ///
  /// A lower sequence number than the highest ever activated is refused, also after a rollback. The
  /// very release that set that number may be installed again: that is how one goes forward after
  /// a rollback, and how a damaged one is repaired.
  ///
  /// - Parameter allowDevelopment: accepts a trusted development signature for this bundle.
  @discardableResult
  public func install(
    bundle bytes: [UInt8], stage: Bool = false, allowDevelopment: Bool = false
  ) throws(InstallError) -> InstallReport {
    try install(stage: stage) { () throws(InstallError) in
      try verify(bytes, allowDevelopment: allowDevelopment)
    }
  }

  /// Installs the bundle that a delta makes of another, verified as if it had come whole.
  ///
  /// - Parameter base: the release the delta was made for.
  @discardableResult
  public func install(
    delta: [UInt8], base: DeltaBase, stage: Bool = false, allowDevelopment: Bool = false
  ) throws(InstallError) -> InstallReport {
    let trust = trust(allowingDevelopment: allowDevelopment)
    return try install(stage: stage) { () throws(InstallError) in
      do throws(DeltaError) {
        return try RebuiltBundle.apply(delta, to: base, opener: SodiumZstd(), trust: trust)
      } catch {
        throw .delta(error)
      }
    }
  }

  private func install(
    stage: Bool, _ verified: () throws(InstallError) -> VerifiedBundle
  ) throws(InstallError) -> InstallReport {
    let lock = try RootLock(layout, files)
    defer { lock.release() }
    collectGarbage()
    let bundle = try verified()
    let name = bundle.manifest.name
    var state = try readState(name) ?? ModelState()
    if let present = stage ? state.candidate : state.active, present.release == bundle.release,
      damage(to: present) == nil
    {
      return InstallReport(bundle, present, staged: stage, replaced: nil, vectors: 0)
    }
    try checkSequence(of: bundle, against: state)
    try checkRequirements(of: bundle.manifest)
    let prepared = try Preparation(bundle, preferring: policy.preference)
    try checkMemory(for: prepared, model: name)
    let vectors = try prepared.runVectors()
    let head = try bundleParts { () throws(BundleError) in try bundle.head() }
    try checkStorage(for: prepared, head: head)
    let release = try store(prepared, head: head, of: bundle)
    let replaced = stage ? nil : state.active?.release
    if stage { state.candidate = release } else { state.activate(release) }
    try writeState(state, of: name)
    collectGarbage()
    return InstallReport(
      bundle, release, staged: stage, replaced: replaced, vectors: vectors)
  }

  private func verify(
    _ bytes: [UInt8], allowDevelopment: Bool
  ) throws(InstallError) -> VerifiedBundle {
    let trust = trust(allowingDevelopment: allowDevelopment)
    do throws(BundleError) {
      return try BundleVerifier(opener: SodiumZstd()).verify(bytes, trust: trust)
    } catch {
      throw .bundle(error)
    }
  }

  private func trust(allowingDevelopment: Bool) -> TrustPolicy {
    var trust = trust
    if allowingDevelopment { trust.allowsDevelopment = true }
    return trust
  }

  private func checkSequence(
    of bundle: VerifiedBundle, against state: ModelState
  ) throws(InstallError) {
    try checkFloor(
      release: bundle.release, sequence: bundle.manifest.sequence, state,
      model: bundle.manifest.name)
  }

  /// Refuses whatever is older than the newest release that ever ran here.
  func checkFloor(
    release: [UInt8], sequence: UInt64, _ state: ModelState, model: String
  ) throws(InstallError) {
    guard let floorRelease = state.floorRelease else { return }
    // Repairing the active release is no downgrade: it runs already.
    if let active = state.active, active.release == release { return }
    guard sequence >= state.floor else {
      throw .downgrade(model: model, offered: sequence, floor: state.floor)
    }
    guard sequence > state.floor || release == floorRelease else {
      throw .sequenceTaken(model: model, sequence: sequence)
    }
  }

  private func checkRequirements(of manifest: Manifest) throws(InstallError) {
    let needed = manifest.requirements
    guard needed.runtimeVersion <= RuntimeVersion.current else {
      throw .needsRuntime(needed: needed.runtimeVersion, available: RuntimeVersion.current)
    }
    guard (1...UInt64(Plan.formatVersion)).contains(needed.planVersion) else {
      throw .needsPlanFormat(needed: needed.planVersion, available: UInt64(Plan.formatVersion))
    }
  }

  /// Everything active counts at once: the service may run all models.
  private func checkMemory(for prepared: Preparation, model: String) throws(InstallError) {
    try checkMemory(peakBytes: prepared.peakBytes, model: model)
  }

  func checkMemory(peakBytes: UInt64, model: String) throws(InstallError) {
    guard let limit = policy.memoryLimit else { return }
    var needed = peakBytes
    for name in try modelNames() where name != model {
      guard let active = try readState(name)?.active else { continue }
      let (sum, overflows) = needed.addingReportingOverflow(active.peakBytes)
      needed = overflows ? UInt64.max : sum
    }
    guard needed <= limit else { throw .memory(needed: needed, limit: limit) }
  }

  /// The objects, and a little for the record and the folders' blocks.
  private func checkStorage(for prepared: Preparation, head: [UInt8]) throws(InstallError) {
    let objects =
      prepared.image.bytes.count + head.count + prepared.golden.count
      + (prepared.reference?.count ?? 0)
    let needed = UInt64(objects) + 64 << 10
    let free = try Self.attempt { () throws(SystemError) in try files.freeBytes(path) }
    guard needed <= free else { throw .storage(needed: needed, free: free) }
  }

  private func store(
    _ prepared: Preparation, head: [UInt8], of bundle: VerifiedBundle
  ) throws(InstallError) -> InstalledRelease {
    var reference: [UInt8]?
    if let bytes = prepared.reference { reference = try writeObject(bytes) }
    return InstalledRelease(
      release: bundle.release, sequence: bundle.manifest.sequence,
      version: bundle.manifest.version, isDevelopment: bundle.manifest.isDevelopment,
      arenaBytes: prepared.arenaBytes, peakBytes: prepared.peakBytes,
      imageBytes: UInt64(prepared.image.bytes.count),
      image: try writeObject(prepared.image.bytes), manifest: try writeObject(head),
      golden: try writeObject(prepared.golden), reference: reference)
  }
}

extension InstallReport {
  init(
    _ bundle: VerifiedBundle, _ release: InstalledRelease, staged: Bool, replaced: [UInt8]?,
    vectors: Int
  ) {
    model = bundle.manifest.name
    self.release = release.release
    sequence = release.sequence
    version = release.version
    wasAlreadyInstalled = vectors == 0
    isStaged = staged
    self.replaced = replaced == release.release ? nil : replaced
    vectorsRun = vectors
    imageBytes = release.imageBytes
    arenaBytes = release.arenaBytes
  }
}

/// Runs a reading of bundle parts, giving its errors as this module's.
func bundleParts<Value>(_ body: () throws(BundleError) -> Value) throws(InstallError) -> Value {
  do throws(BundleError) {
    return try body()
  } catch {
    throw .bundle(error)
  }
}
