import CSystem

/// A failed system call or a refused file: what was being done, to which path, and why.
public enum SystemError: Error, Equatable, Sendable {
  /// A system call failed; `code` is its `errno`.
  case failed(operation: SystemOperation, path: String, code: Int32)
  /// The file holds more bytes than the caller is ready to take.
  case tooLarge(path: String, size: UInt64, limit: Int)
  /// The file is a directory, a device or a pipe where a regular file is needed.
  case notRegular(path: String)
  /// Another process holds the lock.
  case locked(path: String)

  /// The `errno` of the failed call, 0 when none failed.
  public var code: Int32 {
    if case .failed(_, _, let code) = self { return code }
    return 0
  }

  /// True when the path does not exist.
  public var isNotFound: Bool { code == SWL_NOT_FOUND }

  /// True when the path exists already.
  public var isAlreadyThere: Bool { code == SWL_EXISTS }

  /// True when the file system is full.
  public var isNoSpace: Bool { code == SWL_NO_SPACE }

  /// True when the reader of a pipe has gone.
  public var isBrokenPipe: Bool { code == SWL_BROKEN_PIPE }

  /// One line for a person.
  public var message: String {
    switch self {
    case .failed(let operation, let path, let code):
      return "cannot \(operation.verb) \(path): \(SystemError.text(code))"
    case .tooLarge(let path, let size, let limit):
      return "\(path) is \(size) bytes, more than the \(limit) allowed"
    case .notRegular(let path):
      return "\(path) is not a regular file"
    case .locked(let path):
      return "\(path) is locked by another process"
    }
  }

  private static func text(_ code: Int32) -> String {
    guard let text = swl_error_text(code) else { return "error \(code)" }
    return String(cString: text)
  }
}

/// What a failed call was doing.
public enum SystemOperation: Equatable, Sendable {
  case open, create, read, write, sync, close, rename, remove, list, lock, map, examine, random
  case makeDirectory, truncate, measureFreeSpace, changeMode, start

  /// The verb of an error message.
  public var verb: String {
    switch self {
    case .open: return "open"
    case .create: return "create"
    case .read: return "read"
    case .write: return "write"
    case .sync: return "sync"
    case .close: return "close"
    case .rename: return "rename to"
    case .remove: return "remove"
    case .list: return "list"
    case .lock: return "lock"
    case .map: return "map"
    case .examine: return "examine"
    case .random: return "draw random bytes from"
    case .makeDirectory: return "make folder"
    case .truncate: return "truncate"
    case .measureFreeSpace: return "measure the free space of"
    case .changeMode: return "change the mode of"
    case .start: return "start"
    }
  }
}

/// Turns the shim's -errno into a typed error.
@discardableResult
func check(
  _ result: Int32, _ operation: SystemOperation, _ path: String
) throws(SystemError) -> Int32 {
  guard result >= 0 else {
    throw SystemError.failed(operation: operation, path: path, code: -result)
  }
  return result
}

/// Refuses a path holding NUL: C would silently read a shorter one.
func checkPath(_ path: String, _ operation: SystemOperation) throws(SystemError) {
  for byte in path.utf8 where byte == 0 {
    throw SystemError.failed(operation: operation, path: path, code: SWL_INVALID)
  }
}
