import CSystem

/// An exclusive advisory lock (flock) on a file; released when the last reference goes, or by the
/// kernel when the process dies.
public final class FileLock {
  private let file: OpenFile

  /// Takes the lock at once, making the file when absent; throws ``SystemError/locked(path:)``
  /// when another process holds it.
  public init(_ path: String) throws(SystemError) {
    file = try OpenFile(path, .readWrite, permissions: 0o600)
    let result = swl_lock(file.descriptor)
    if result == -SWL_WOULD_BLOCK { throw SystemError.locked(path: path) }
    try check(result, .lock, path)
  }

  /// Closing alone is not enough: a child between fork and exec still holds the open file, and the
  /// lock with it.
  deinit { swl_unlock(file.descriptor) }
}
