import CSystem

/// What `stat` tells of a file.
public struct FileStatus: Equatable, Sendable {
  /// Bytes.
  public let size: UInt64
  /// Last modification, seconds since 1970.
  public let modifiedSeconds: Int64
  /// Permission bits.
  public let permissions: UInt32
  /// A folder.
  public let isDirectory: Bool
  /// An ordinary file.
  public let isRegular: Bool

  init(_ raw: swl_status) {
    size = raw.size
    modifiedSeconds = raw.modified_seconds
    permissions = raw.mode
    isDirectory = raw.is_directory != 0
    isRegular = raw.is_regular != 0
  }
}

/// Whole-file operations.
public enum File {
  /// True when `path` (links followed) exists.
  public static func exists(_ path: String) -> Bool {
    var raw = swl_status()
    return swl_status_of(path, &raw) >= 0
  }

  /// Size, kind and permissions of `path`, links followed.
  public static func status(_ path: String) throws(SystemError) -> FileStatus {
    try checkPath(path, .examine)
    var raw = swl_status()
    try check(swl_status_of(path, &raw), .examine, path)
    return FileStatus(raw)
  }

  /// The whole content of the regular file `path`, refused beyond `limit` bytes.
  public static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let file = try OpenFile(path)
    let status = try file.status()
    guard status.isRegular else { throw SystemError.notRegular(path: path) }
    guard let size = Int(exactly: status.size), size <= limit else {
      throw SystemError.tooLarge(path: path, size: status.size, limit: limit)
    }
    return try file.read(count: size, at: 0)
  }

  /// Puts `bytes` at `path` so that a reader, or a power cut, finds the old content or the new,
  /// never a part: temporary file in the same folder, sync, rename, sync of the folder. Nothing
  /// is left behind on failure. A device or a pipe is written to, never replaced.
  public static func writeAtomically(
    _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644
  ) throws(SystemError) {
    if exists(path), try !status(path).isRegular {
      guard try !status(path).isDirectory else { throw .notRegular(path: path) }
      try OpenFile(path, .append).write(bytes)
      return
    }
    let temporary = try temporaryPath(beside: path)
    do throws(SystemError) {
      let file = try OpenFile(temporary, .createExclusive, permissions: mode)
      try file.write(bytes)
      try file.sync()
      try rename(temporary, to: path)
    } catch {
      swl_unlink(temporary)
      throw error.about(path, insteadOf: temporary)
    }
    try Directory.sync(Path.parent(path))
  }

  /// Creates `path` with `bytes`; fails when it exists. Nothing is left behind on failure.
  public static func create(
    _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644
  ) throws(SystemError) {
    let file = try OpenFile(path, .createExclusive, permissions: mode)
    do throws(SystemError) {
      try file.write(bytes)
      try file.sync()
      try Directory.sync(Path.parent(path))
    } catch {
      swl_unlink(path)
      throw error
    }
  }

  /// Moves `from` over `to`, in one step for readers. Not yet on the medium: see
  /// ``Directory/sync(_:)``.
  public static func rename(_ from: String, to path: String) throws(SystemError) {
    try checkPath(path, .rename)
    try check(swl_rename(from, path), .rename, path)
  }

  /// Removes a file.
  public static func remove(_ path: String) throws(SystemError) {
    try checkPath(path, .remove)
    try check(swl_unlink(path), .remove, path)
  }

  /// A name in the folder of `path` that no other process picks.
  public static func temporaryPath(beside path: String) throws(SystemError) -> String {
    try checkPath(path, .create)
    let suffix = try Random.bytes(6)
    var name = Path.parent(path) + "/.tmp-"
    for byte in suffix {
      if byte < 16 { name += "0" }
      name += String(byte, radix: 16)
    }
    return name
  }
}

extension SystemError {
  /// The same error naming `path` where it named the temporary file the user knows nothing of.
  func about(_ path: String, insteadOf temporary: String) -> SystemError {
    guard case .failed(let operation, let named, let code) = self,
      named.utf8.elementsEqual(temporary.utf8)
    else { return self }
    return .failed(operation: operation == .create ? .create : operation, path: path, code: code)
  }
}

/// Paths as text.
public enum Path {
  /// The folder holding `path`: "." for a bare name.
  public static func parent(_ path: String) -> String {
    var bytes = Array(path.utf8)
    while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
    guard let cut = bytes.lastIndex(of: slash) else { return "." }
    if cut == 0 { return "/" }
    return String(decoding: bytes[..<cut], as: UTF8.self)
  }

  /// The last component of `path`.
  public static func name(_ path: String) -> String {
    var bytes = Array(path.utf8)
    while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
    guard let cut = bytes.lastIndex(of: slash), bytes.count > 1 else { return path }
    return String(decoding: bytes[(cut + 1)...], as: UTF8.self)
  }

  /// `folder` and `name` with one slash between.
  public static func join(_ folder: String, _ name: String) -> String {
    if folder.utf8.isEmpty { return name }
    return folder.utf8.last == slash ? folder + name : folder + "/" + name
  }

  private static let slash = UInt8(ascii: "/")
}
