public import BundleFormat
import DeviceRuntime
import Sealing
public import System

/// The active release of a model, checked and mapped.
public struct InstalledModel: Sendable {
  /// What its author says of it.
  public let manifest: Manifest
  /// SHA-256 of the manifest.
  public let release: [UInt8]
  /// The prepared image; it must live as long as sessions on it.
  public let image: MappedFile
  /// The reference statistics, if the bundle has them.
  public let reference: [UInt8]?
  /// Set when this call had to leave a damaged release: what it left and why.
  public internal(set) var returned: ModelState.Return?
}

/// Why a kept release cannot be opened.
enum LoadFailure: Error {
  /// Its bytes are not what was installed: going back is right.
  case damaged(String)
  /// It is intact, but its author is not trusted any more.
  case refused(BundleError)

  func error(model: String) -> InstallError {
    switch self {
    case .damaged(let reason): return .damaged(model: model, reason: reason)
    case .refused(let error): return .bundle(error)
    }
  }
}

extension ModelStore {
  /// Opens the active release of a model; nil takes the only one. Digests and signatures are
  /// checked anew, on the very bytes that are then used.
  ///
  /// A damaged release is left for the previous one, and if that is damaged too for the first one
  /// ever activated; the record says so, by one rename. On a medium that cannot be written the
  /// kept release is opened all the same.
  ///
  /// - Throws: `InstallError.damaged` when nothing intact is left, `.bundle` when the author is not
  ///   trusted (any more), `.noModel`, `.severalModels`.
  public func open(model name: String? = nil) throws(InstallError) -> InstalledModel {
    let name = try resolve(name)
    // A reader takes no lock: an install may remove an object between the record and the map. Then
    // the record names another one by now.
    var state = try existingState(name)
    while true {
      guard let active = state.active else {
        throw .noModel(name: name, installed: try namesOfActive())
      }
      switch load(active) {
      case .success(let model): return model
      case .failure(.refused(let error)): throw .bundle(error)
      case .failure(.damaged(let reason)):
        let now = try existingState(name)
        if now.active == state.active {
          return try leave(active, of: name, because: reason)
        }
        state = now
      }
    }
  }

  private func namesOfActive() throws(InstallError) -> [String] {
    var names: [String] = []
    for name in try modelNames() where try readState(name)?.active != nil { names.append(name) }
    return names
  }

  private func resolve(_ name: String?) throws(InstallError) -> String {
    if let name { return name }
    let names = try modelNames()
    guard let only = names.first else { throw .noModel(name: nil, installed: []) }
    guard names.count == 1 else { throw .severalModels(names) }
    return only
  }

  /// Opens a release as it is kept.
  func load(_ release: InstalledRelease) -> Result<InstalledModel, LoadFailure> {
    guard let head = readObject(release.manifest) else {
      return .failure(.damaged("the signed manifest is damaged or missing"))
    }
    var trust = trust
    // The decision to take it was made at install.
    if release.isDevelopment { trust.allowsDevelopment = true }
    let opened: BundleHead
    do throws(BundleError) {
      opened = try BundleVerifier(opener: SodiumZstd()).verifyHead(head, trust: trust)
    } catch {
      return .failure(.refused(error))
    }
    guard opened.release == release.release else {
      return .failure(.damaged("the signed manifest is that of another release"))
    }
    guard let image = mapObject(release.image) else {
      return .failure(.damaged("the prepared image is damaged or missing"))
    }
    do throws(RuntimeError) {
      _ = try PreparedImage(image.bytes)
    } catch {
      return .failure(.damaged(error.message))
    }
    var reference: [UInt8]?
    if let digest = release.reference {
      guard let bytes = readObject(digest) else {
        return .failure(.damaged("the reference statistics are damaged or missing"))
      }
      reference = bytes
    }
    return .success(
      InstalledModel(
        manifest: opened.manifest, release: release.release, image: image, reference: reference,
        returned: nil))
  }

  /// Goes back from a damaged release to what is kept.
  private func leave(
    _ damaged: InstalledRelease, of name: String, because reason: String
  ) throws(InstallError) -> InstalledModel {
    var state = try existingState(name)
    for kept in [state.previous, state.recovery] {
      guard let kept, kept.release != damaged.release, case .success(var model) = load(kept) else {
        continue
      }
      let left = ModelState.Return(release: damaged.release, reason: reason)
      state.active = kept
      state.previous = nil
      state.lastReturn = left
      record(state, of: name, leaving: damaged)
      model.returned = left
      return model
    }
    throw .damaged(model: name, reason: "\(reason), and no intact release is kept")
  }

  /// Writes the return down, if the medium and other processes allow: whoever opens next finds the
  /// same damage and comes to the same release.
  private func record(_ state: ModelState, of name: String, leaving damaged: InstalledRelease) {
    do throws(InstallError) {
      let lock = try RootLock(layout, files)
      defer { lock.release() }
      guard let now = try readState(name), now.active == damaged else { return }
      try writeState(state, of: name)
      collectGarbage()
    } catch {
      return
    }
  }
}
