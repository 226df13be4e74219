import BundleFormat
import CBOR
import System

/// One model of a root, for `status`.
public struct ModelStatus: Sendable, Equatable {
  /// Model name.
  public let name: String
  /// Its record; empty when that is damaged.
  public let state: ModelState
  /// What is wrong with the record or with an object it names; nil when all is well.
  public let problem: String?
}

extension ModelStore {
  /// Every model, by name, with what is wrong with it.
  public func status() throws(InstallError) -> [ModelStatus] {
    var list: [ModelStatus] = []
    for name in try modelNames() {
      do throws(InstallError) {
        guard let state = try readState(name) else { continue }
        list.append(ModelStatus(name: name, state: state, problem: firstProblem(of: state)))
      } catch {
        list.append(ModelStatus(name: name, state: ModelState(), problem: error.message))
      }
    }
    return list
  }

  private func firstProblem(of state: ModelState) -> String? {
    for (role, release) in [
      ("active", state.active), ("candidate", state.candidate), ("previous", state.previous),
      ("recovery", state.recovery),
    ] {
      guard let release, let reason = damage(to: release) else { continue }
      return "\(role): \(reason)"
    }
    return nil
  }

  /// Names of the models that have a record.
  public func modelNames() throws(InstallError) -> [String] {
    let names = try Self.attempt { () throws(SystemError) in try files.list(layout.models) }
    return names.filter { Manifest.isName($0) && files.exists(layout.state($0)) }
  }

  /// The record of a model, nil if it has none.
  func readState(_ name: String) throws(InstallError) -> ModelState? {
    let path = layout.state(name)
    guard files.exists(path) else { return nil }
    let bytes = try Self.attempt { () throws(SystemError) in
      try files.read(path, limit: ModelState.sizeLimit)
    }
    do throws(CBORError) {
      return try ModelState(decoding: bytes)
    } catch {
      throw .record(path: path, error)
    }
  }

  /// Replaces the record of a model: the moment a change happens.
  func writeState(_ state: ModelState, of name: String) throws(InstallError) {
    try Self.attempt { () throws(SystemError) in
      try files.ensureFolder(layout.model(name))
      try files.replace(layout.state(name), state.encoded())
    }
  }

  /// The record of an installed model.
  func existingState(_ name: String) throws(InstallError) -> ModelState {
    guard Manifest.isName(name), let state = try readState(name) else {
      throw .noModel(name: name, installed: try modelNames())
    }
    return state
  }
}
