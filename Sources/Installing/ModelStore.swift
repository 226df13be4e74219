public import BundleFormat
import CBOR
public import Sealing
import System

/// A device root on this machine's files.
public typealias DeviceRoot = ModelStore<SystemFiles>

/// A device root: whom it trusts, its own key, and the models it holds. Every change is one rename
/// of one record; a power cut leaves the old record or the new one, and objects nobody names, which
/// the next change removes.
///
/// Any number of processes may open models; one at a time may change the root.
public final class ModelStore<Files: FileStore> {
  /// The root folder.
  public let path: String
  /// Whose bundles it takes.
  public let trust: TrustPolicy
  /// What its owner allows.
  public let policy: RootPolicy
  /// The device's own key: it signs telemetry.
  public let deviceKey: Ed25519KeyPair
  let files: Files
  let layout: RootLayout

  /// Opens a root. Nothing is changed.
  ///
  /// - Throws: `InstallError.notARoot`, `.key` or `.record` for a damaged one.
  public init(path: String, files: Files) throws(InstallError) {
    let layout = RootLayout(path: path)
    guard files.exists(layout.policy) else { throw .notARoot(path: path) }
    do throws(SealingError) {
      try Crypto.initialize()
    } catch {
      throw .key(path: layout.deviceKey, error)
    }
    self.path = path
    self.files = files
    self.layout = layout
    policy = try Self.readPolicy(layout, files)
    trust = TrustPolicy(
      keys: try Self.readTrust(layout, files), allowsDevelopment: policy.allowsDevelopment)
    let secret = try Self.attempt { () throws(SystemError) in
      try files.read(layout.deviceKey, limit: KeyFile.sizeLimit)
    }
    do throws(SealingError) {
      deviceKey = try KeyFile.parseSecret(secret)
    } catch {
      throw .key(path: layout.deviceKey, error)
    }
  }

  /// Makes a root, or opens one made with the same keys and policy. One that was cut short is
  /// finished.
  ///
  /// - Parameter trust: public keys of authors, 32 bytes each.
  /// - Throws: `InstallError.foreign` for a folder that holds something else, `.otherRoot` for a root
  ///   of other keys or another policy.
  public static func initialise(
    path: String, trust: [[UInt8]], policy: RootPolicy, files: Files
  ) throws(InstallError) -> ModelStore<Files> {
    guard !trust.isEmpty, trust.allSatisfy({ $0.count == Ed25519.publicKeySize }) else {
      throw .badTrust
    }
    let layout = RootLayout(path: path)
    if files.exists(layout.policy) {
      let root = try ModelStore(path: path, files: files)
      guard root.policy == policy, trust.allSatisfy({ root.trust.keys.contains($0) }),
        root.trust.keys.allSatisfy({ trust.contains($0) })
      else { throw .otherRoot(path: path) }
      return root
    }
    try attempt { () throws(SystemError) in try files.ensureFolders(path) }
    // Before the lock is made: nothing is left in somebody else's folder.
    try refuseForeign(layout, files)
    let lock = try RootLock(layout, files)
    try attempt { () throws(SystemError) in
      for folder in [layout.trust, layout.objects, layout.models] {
        try files.ensureFolder(folder)
      }
      for key in trust {
        try files.replace(
          layout.trustedKey(KeyFile.keyIdentifier(key)), KeyFile.printPublic(key))
      }
    }
    if !files.exists(layout.deviceKey) { try makeKey(layout, files) }
    // Last: a folder with a policy is a whole root.
    try attempt { () throws(SystemError) in try files.replace(layout.policy, policy.encoded()) }
    lock.release()
    return try ModelStore(path: path, files: files)
  }

  private static func refuseForeign(_ layout: RootLayout, _ files: Files) throws(InstallError) {
    let names = try attempt { () throws(SystemError) in try files.list(layout.path) }
    for name in names where !RootLayout.isTemporary(name) && !RootLayout.names.contains(name) {
      throw .foreign(path: Path.join(layout.path, name))
    }
  }

  private static func makeKey(_ layout: RootLayout, _ files: Files) throws(InstallError) {
    let pair: Ed25519KeyPair
    do throws(SealingError) {
      pair = try Ed25519KeyPair.generate()
    } catch {
      throw .key(path: layout.deviceKey, error)
    }
    try attempt { () throws(SystemError) in
      try files.replace(layout.deviceKey, KeyFile.printSecret(pair), mode: KeyFile.secretMode)
    }
  }

  private static func readPolicy(
    _ layout: RootLayout, _ files: Files
  ) throws(InstallError) -> RootPolicy {
    let bytes = try attempt { () throws(SystemError) in
      try files.read(layout.policy, limit: RootPolicy.sizeLimit)
    }
    do throws(CBORError) {
      return try RootPolicy(decoding: bytes)
    } catch {
      throw .record(path: layout.policy, error)
    }
  }

  private static func readTrust(
    _ layout: RootLayout, _ files: Files
  ) throws(InstallError) -> [[UInt8]] {
    var keys: [[UInt8]] = []
    let names = try attempt { () throws(SystemError) in try files.list(layout.trust) }
    for name in names
    where !name.utf8.starts(with: ".".utf8) && name.utf8.suffix(4).elementsEqual(".pub".utf8) {
      let path = Path.join(layout.trust, name)
      let bytes = try attempt { () throws(SystemError) in
        try files.read(path, limit: KeyFile.sizeLimit)
      }
      do throws(SealingError) {
        keys.append(try KeyFile.parsePublic(bytes))
      } catch {
        throw .key(path: path, error)
      }
    }
    return keys
  }

  /// Runs file operations, giving their errors as this module's.
  static func attempt<Value>(
    _ body: () throws(SystemError) -> Value
  ) throws(InstallError) -> Value {
    do throws(SystemError) {
      return try body()
    } catch {
      throw InstallError(error)
    }
  }
}

extension ModelStore where Files == SystemFiles {
  /// Opens the root at `path`; see ``init(path:files:)``.
  public convenience init(path: String) throws(InstallError) {
    try self.init(path: path, files: SystemFiles())
  }

  /// Makes a root at `path`; see ``initialise(path:trust:policy:files:)``.
  public static func initialise(
    path: String, trust: [[UInt8]], policy: RootPolicy = RootPolicy()
  ) throws(InstallError) -> DeviceRoot {
    try initialise(path: path, trust: trust, policy: policy, files: SystemFiles())
  }
}

/// The root's lock while a change is made. `release` ends the borrow a compiler could end early.
struct RootLock {
  private let file: FileLock

  init(_ layout: RootLayout, _ files: some FileStore) throws(InstallError) {
    do throws(SystemError) {
      file = try files.lock(layout.lock)
    } catch {
      throw InstallError(error)
    }
  }

  /// Called last: the lock is held until here.
  func release() { withExtendedLifetime(file) {} }
}
