public import BundleFormat
public import CBOR
public import DeltaCoding
public import DeviceRuntime
public import Sealing
public import System
import Wire

/// Why a device root refuses something. Nothing was changed, unless the case says so.
public enum InstallError: Error, Equatable, Sendable {
  /// The bundle, or a manifest kept in the root, is not one of a trusted author.
  case bundle(BundleError)
  /// The delta does not lead to a bundle that can be taken.
  case delta(DeltaError)
  /// The bundle's sequence number is lower than the highest ever activated here.
  case downgrade(model: String, offered: UInt64, floor: UInt64)
  /// Another release with the same sequence number was activated here before.
  case sequenceTaken(model: String, sequence: UInt64)
  /// The bundle needs a later runtime.
  case needsRuntime(needed: UInt64, available: UInt64)
  /// The bundle's plan has another format version.
  case needsPlanFormat(needed: UInt64, available: UInt64)
  /// The bundle uses what this version cannot run.
  case unsupported(String)
  /// The signed parts contradict each other.
  case inconsistent(String)
  /// All active models together would need more memory than the root's limit.
  case memory(needed: UInt64, limit: UInt64)
  /// The file system has too little room.
  case storage(needed: UInt64, free: UInt64)
  /// The plan and its weights cannot run.
  case runtime(RuntimeError)
  /// The golden vectors did not come out: the bundle was not activated.
  case vectors(RuntimeError)
  /// The folder is not a device root.
  case notARoot(path: String)
  /// The path, in a folder to become a device root, is no part of one. One payload, not two: with
  /// two strings the Embedded build for arm64 read it back wrongly (Swift 6.3.1).
  case foreign(path: String)
  /// The root was initialised before, with other keys or another policy.
  case otherRoot(path: String)
  /// No key, or one that is not 32 bytes.
  case badTrust
  /// A key file in the root is damaged.
  case key(path: String, SealingError)
  /// A record in the root is damaged.
  case record(path: String, CBORError)
  /// There is no such model, or none at all.
  case noModel(name: String?, installed: [String])
  /// Several models are installed and none was named.
  case severalModels([String])
  /// Nothing is staged.
  case noCandidate(model: String)
  /// Nothing to go back to.
  case noPrevious(model: String)
  /// A kept release is damaged and cannot be used.
  case damaged(model: String, reason: String)
  /// Another process changes this root.
  case busy(path: String)
  /// A file operation failed.
  case system(SystemError)

  init(_ error: SystemError) {
    if case .locked(let path) = error { self = .busy(path: path) } else { self = .system(error) }
  }

  /// True for bytes nobody trusted answers for: exit 10.
  public var isUntrusted: Bool {
    switch self {
    case .bundle(.containerVersion), .delta(.bundle(.containerVersion)): return false
    case .delta(.version), .delta(.otherBase): return false
    case .bundle, .delta: return true
    default: return false
    }
  }

  /// True for an intact bundle that does not belong on this device: exit 11.
  public var isIncompatible: Bool {
    switch self {
    case .downgrade, .sequenceTaken, .needsRuntime, .needsPlanFormat, .unsupported,
      .bundle(.containerVersion), .delta(.bundle(.containerVersion)), .delta(.version),
      .delta(.otherBase):
      return true
    default: return false
    }
  }

  /// True when the device is too small: exit 14.
  public var isDeviceLimit: Bool {
    switch self {
    case .memory, .storage: return true
    case .system(let error): return error.isNoSpace
    default: return false
    }
  }

  /// What was wrong, where, and what to do.
  public var message: String {
    switch self {
    case .bundle(let error): return error.message
    case .delta(let error): return error.message
    case .downgrade(let model, let offered, let floor):
      return
        "\(model): sequence \(offered) is lower than \(floor), activated here before; install a later release"
    case .sequenceTaken(let model, let sequence):
      return
        "\(model): another release with sequence \(sequence) was activated here before; pack this one with a higher number"
    case .needsRuntime(let needed, let available):
      return "the bundle needs runtime \(needed), this one is \(available); update the program"
    case .needsPlanFormat(let needed, let available):
      return
        "the bundle's plan has format \(needed), this program reads \(available); update the program or pack again"
    case .unsupported(let what): return "this program cannot run the bundle: \(what)"
    case .inconsistent(let what): return "the bundle contradicts itself: \(what); pack it again"
    case .memory(let needed, let limit):
      return
        "the active models would need \(needed) bytes of memory together, the root allows \(limit)"
    case .storage(let needed, let free):
      return "installing needs \(needed) bytes of storage, \(free) are free; make room"
    case .runtime(let error): return "the bundle cannot run: \(error.message)"
    case .vectors(let error): return "not activated: \(error.message)"
    default: return rootMessage
    }
  }

  private var rootMessage: String {
    switch self {
    case .notARoot(let path): return "\(path) is not a device root; make one with init"
    case .foreign(let path):
      return "\(path) is no part of a device root; choose an empty folder"
    case .otherRoot(let path):
      return "\(path) was initialised before with other keys or another policy"
    case .badTrust: return "a device root needs at least one public key of 32 bytes to trust"
    case .key(let path, let error): return "\(path): \(error.message)"
    case .record(let path, let error): return "\(path) is damaged: \(error.message)"
    case .noModel(let name, let installed):
      guard let name else { return "no model is installed here" }
      return "no model \(name) is installed here; there is \(Self.list(installed))"
    case .severalModels(let names):
      return "several models are installed; name one of \(Self.list(names))"
    case .noCandidate(let model):
      return "\(model) has no staged release; install one with --stage first"
    case .noPrevious(let model): return "\(model) has no previous release to go back to"
    case .damaged(let model, let reason):
      return "\(model): \(reason); install the bundle again"
    case .busy(let path): return "another process is changing this root (\(path)); try again"
    case .system(let error): return error.message
    default: return ""
    }
  }

  private static func list(_ names: [String]) -> String {
    var text = ""
    for name in names { text += text.utf8.isEmpty ? name : ", " + name }
    return text.utf8.isEmpty ? "none" : text
  }
}
