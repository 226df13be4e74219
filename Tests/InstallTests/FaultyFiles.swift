import Foundation
import Installing
import System

/// Files that fail, or lose power, at the k-th step that changes something.
final class FaultyFiles: FileStore {
  enum Fault: Equatable {
    /// Step `k` fails with this errno; what follows works again.
    case failure(code: Int32)
    /// Step `k` and all after it never happen; a file being written is half there.
    case powerCut
    /// The same, and every name that was not yet synced is as before.
    case powerCutLosingUnsynced
  }

  private let system = SystemFiles()
  private let fault: Fault
  private let position: Int
  private(set) var steps = 0
  /// How to undo what a power cut may lose, by folder.
  private var unsynced: [(folder: String, undo: () -> Void)] = []

  init(_ fault: Fault, at position: Int) {
    self.fault = fault
    self.position = position
  }

  /// True once the fault struck.
  var struck: Bool { steps > position }

  /// What a power cut right now would do to names that are not synced.
  func losePower() {
    guard fault == .powerCutLosingUnsynced else { return }
    for entry in unsynced.reversed() { entry.undo() }
    unsynced = []
  }

  /// Counts a step; false when it must not happen.
  private func mayHappen(_ path: String) throws(SystemError) {
    defer { steps += 1 }
    switch fault {
    case .failure(let code):
      if steps == position {
        throw .failed(operation: .write, path: path, code: code)
      }
    case .powerCut, .powerCutLosingUnsynced:
      if steps == position { losePower() }
      if steps >= position { throw .failed(operation: .write, path: path, code: 5) }
    }
  }

  private func content(_ path: String) -> Data? {
    FileManager.default.contents(atPath: path)
  }

  private func restore(_ path: String, _ content: Data?) {
    if let content {
      _ = FileManager.default.createFile(atPath: path, contents: content)
    } else {
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  func exists(_ path: String) -> Bool { system.exists(path) }
  func list(_ path: String) throws(SystemError) -> [String] { try system.list(path) }
  func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
    try system.read(path, limit: limit)
  }
  func map(_ path: String) throws(SystemError) -> MappedFile { try system.map(path) }
  func freeBytes(_ path: String) throws(SystemError) -> UInt64 { try system.freeBytes(path) }
  func lock(_ path: String) throws(SystemError) -> FileLock { try system.lock(path) }

  func createFolder(_ path: String) throws(SystemError) {
    try mayHappen(path)
    try system.createFolder(path)
    unsynced.append((Path.parent(path), { self.restore(path, nil) }))
  }

  func create(
    _ path: String, _ bytes: UnsafeRawBufferPointer, mode: UInt32
  ) throws(SystemError) {
    do throws(SystemError) {
      try mayHappen(path)
    } catch {
      let torn = UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count / 2))
      if fault != .failure(code: error.code), steps == position + 1 {
        try system.create(path, torn, mode: mode)
      }
      throw error
    }
    try system.create(path, bytes, mode: mode)
    unsynced.append((Path.parent(path), { self.restore(path, nil) }))
  }

  func rename(_ from: String, to path: String) throws(SystemError) {
    try mayHappen(path)
    let old = content(path)
    let new = content(from)
    try system.rename(from, to: path)
    unsynced.append(
      (
        Path.parent(path),
        {
          self.restore(path, old)
          self.restore(from, new)
        }
      ))
  }

  func syncFolder(_ path: String) throws(SystemError) {
    try mayHappen(path)
    try system.syncFolder(path)
    unsynced.removeAll { $0.folder == path }
  }

  func remove(_ path: String) throws(SystemError) {
    try mayHappen(path)
    let old = content(path)
    try system.remove(path)
    unsynced.append((Path.parent(path), { self.restore(path, old) }))
  }
}
