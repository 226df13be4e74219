import BundleFormat
import DeviceRuntime
import Sealing
import System

extension ModelStore {
  /// Makes the staged release the active one, after its signature, its objects and its golden
  /// vectors were checked once more: it may have waited for long.
  ///
  /// - Returns: the release now active.
  /// - Throws: `InstallError.noCandidate`, or why the candidate must not run; then it stays staged.
  @discardableResult
  public func promote(model name: String) throws(InstallError) -> InstalledRelease {
    let lock = try RootLock(layout, files)
    defer { lock.release() }
    collectGarbage()
    var state = try existingState(name)
    guard let candidate = state.candidate else { throw .noCandidate(model: name) }
    try checkFloor(
      release: candidate.release, sequence: candidate.sequence, state, model: name)
    try checkMemory(peakBytes: candidate.peakBytes, model: name)
    try prove(candidate, model: name)
    state.activate(candidate)
    try writeState(state, of: name)
    collectGarbage()
    return candidate
  }

  /// Goes back to the release that was active before; the one left is kept, so that a second
  /// rollback undoes the first. The floor stays: what is older than the newest release that ever ran
  /// is not installed again.
  ///
  /// - Returns: the release now active.
  /// - Throws: `InstallError.noPrevious`, or why the previous release must not run.
  @discardableResult
  public func rollback(model name: String) throws(InstallError) -> InstalledRelease {
    let lock = try RootLock(layout, files)
    defer { lock.release() }
    collectGarbage()
    var state = try existingState(name)
    guard let previous = state.previous else { throw .noPrevious(model: name) }
    try checkMemory(peakBytes: previous.peakBytes, model: name)
    try prove(previous, model: name)
    state.previous = state.active
    state.active = previous
    try writeState(state, of: name)
    collectGarbage()
    return previous
  }

  /// Checks a kept release as if it were installed now.
  private func prove(_ release: InstalledRelease, model: String) throws(InstallError) {
    if let reason = damage(to: release) { throw .damaged(model: model, reason: reason) }
    let installed: InstalledModel
    switch load(release) {
    case .success(let model): installed = model
    case .failure(let failure): throw failure.error(model: model)
    }
    guard let golden = readObject(release.golden) else {
      throw .damaged(model: model, reason: "the golden vectors are damaged or missing")
    }
    let session: Session
    do throws(RuntimeError) {
      session = try Session(image: installed.image.bytes)
    } catch {
      throw .runtime(error)
    }
    _ = try Preparation.runVectors(golden, on: session)
    withExtendedLifetime(installed) {}
  }
}
