public import System

/// The few file operations a device root is made of, so that tests can stop them at any point.
///
/// Every method that changes something is one step a power cut can fall before or after; nothing
/// but `create` can be cut in the middle, and what it writes has a temporary name.
public protocol FileStore {
  /// True when `path` exists.
  func exists(_ path: String) -> Bool
  /// Names in a folder, sorted.
  func list(_ path: String) throws(SystemError) -> [String]
  /// A whole file of at most `limit` bytes.
  func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8]
  /// A file mapped read-only.
  func map(_ path: String) throws(SystemError) -> MappedFile
  /// Bytes that may still be written.
  func freeBytes(_ path: String) throws(SystemError) -> UInt64
  /// The exclusive lock of a root; held while the object lives.
  func lock(_ path: String) throws(SystemError) -> FileLock
  /// Makes a folder; those above it must exist.
  func createFolder(_ path: String) throws(SystemError)
  /// Writes a new file and returns once its content is on the medium.
  func create(_ path: String, _ bytes: UnsafeRawBufferPointer, mode: UInt32) throws(SystemError)
  /// Moves a file over another in one step.
  func rename(_ from: String, to path: String) throws(SystemError)
  /// Returns once the names in a folder are on the medium.
  func syncFolder(_ path: String) throws(SystemError)
  /// Removes a file.
  func remove(_ path: String) throws(SystemError)
}

/// The operating system's files.
public struct SystemFiles: FileStore, Sendable {
  /// The store.
  public init() {}

  public func exists(_ path: String) -> Bool { File.exists(path) }

  public func list(_ path: String) throws(SystemError) -> [String] { try Directory.list(path) }

  public func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
    try File.read(path, limit: limit)
  }

  public func map(_ path: String) throws(SystemError) -> MappedFile { try MappedFile(path) }

  public func freeBytes(_ path: String) throws(SystemError) -> UInt64 {
    try Directory.freeBytes(path)
  }

  public func lock(_ path: String) throws(SystemError) -> FileLock { try FileLock(path) }

  public func createFolder(_ path: String) throws(SystemError) { try Directory.create(path) }

  public func create(
    _ path: String, _ bytes: UnsafeRawBufferPointer, mode: UInt32
  ) throws(SystemError) {
    let file = try OpenFile(path, .createExclusive, permissions: mode)
    try file.write(bytes)
    try file.sync()
  }

  public func rename(_ from: String, to path: String) throws(SystemError) {
    try File.rename(from, to: path)
  }

  public func syncFolder(_ path: String) throws(SystemError) { try Directory.sync(path) }

  public func remove(_ path: String) throws(SystemError) { try File.remove(path) }
}

extension FileStore {
  /// Puts `bytes` at `path` so that a reader or a power cut finds the old file or the new one.
  func replace(
    _ path: String, _ bytes: UnsafeRawBufferPointer, mode: UInt32 = 0o644
  ) throws(SystemError) {
    let temporary = try File.temporaryPath(beside: path)
    do throws(SystemError) {
      try create(temporary, bytes, mode: mode)
      try rename(temporary, to: path)
    } catch {
      try? remove(temporary)
      throw error
    }
    try syncFolder(Path.parent(path))
  }

  /// The same for an array.
  func replace(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(SystemError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(SystemError) in
      try replace(path, UnsafeRawBufferPointer(buffer), mode: mode)
    }
  }

  /// Makes a folder unless it is there, durably.
  func ensureFolder(_ path: String) throws(SystemError) {
    if exists(path) { return }
    try createFolder(path)
    try syncFolder(Path.parent(path))
  }

  /// Makes a folder and those above it.
  func ensureFolders(_ path: String) throws(SystemError) {
    if exists(path) { return }
    let parent = Path.parent(path)
    if parent != path { try ensureFolders(parent) }
    try ensureFolder(path)
  }
}
