import CSystem

/// Folders.
public enum Directory {
  /// The names in `path`, without "." and "..", in bytewise order. Refuses more than `limit`.
  public static func list(_ path: String, limit: Int = 100_000) throws(SystemError) -> [String] {
    try checkPath(path, .list)
    var stream: OpaquePointer?
    try check(swl_directory_open(path, &stream), .list, path)
    guard let stream else {
      throw SystemError.failed(operation: .list, path: path, code: SWL_INPUT_OUTPUT)
    }
    defer { swl_directory_close(stream) }
    var names: [String] = []
    var name: UnsafePointer<CChar>?
    while try check(swl_directory_next(stream, &name), .list, path) == 1 {
      guard let name else { break }
      guard names.count < limit else {
        throw SystemError.tooLarge(path: path, size: UInt64(names.count) + 1, limit: limit)
      }
      names.append(String(cString: name))
    }
    names.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return names
  }

  /// True when `path` is a folder.
  public static func exists(_ path: String) -> Bool {
    var raw = swl_status()
    return swl_status_of(path, &raw) >= 0 && raw.is_directory != 0
  }

  /// Makes the folder `path`; with `parents`, also those above it, and an existing one is fine.
  public static func create(
    _ path: String, mode: UInt32 = 0o755, parents: Bool = false
  ) throws(SystemError) {
    try checkPath(path, .makeDirectory)
    if parents {
      if exists(path) { return }
      let parent = Path.parent(path)
      if !parent.utf8.elementsEqual(path.utf8) {
        try create(parent, mode: mode, parents: true)
      }
    }
    let result = swl_make_directory(path, mode)
    if parents, result == -SWL_EXISTS, exists(path) { return }
    try check(result, .makeDirectory, path)
  }

  /// Removes the empty folder `path`.
  public static func remove(_ path: String) throws(SystemError) {
    try checkPath(path, .remove)
    try check(swl_remove_directory(path), .remove, path)
  }

  /// Removes `path` and everything below it, without following links. At most `depth` levels.
  public static func removeTree(_ path: String, depth: Int = 32) throws(SystemError) {
    guard depth > 0 else {
      throw SystemError.failed(operation: .remove, path: path, code: SWL_INVALID)
    }
    for name in try list(path) {
      let child = Path.join(path, name)
      var raw = swl_status()
      try check(swl_status_of_link(child, &raw), .examine, child)
      if raw.is_directory != 0 {
        try removeTree(child, depth: depth - 1)
      } else {
        try File.remove(child)
      }
    }
    try remove(path)
  }

  /// Returns once the names in `path` (renames, new files) are on the medium.
  public static func sync(_ path: String) throws(SystemError) {
    try check(swl_sync_directory(path), .sync, path)
  }

  /// Bytes that may still be written to the file system of `path`.
  public static func freeBytes(_ path: String) throws(SystemError) -> UInt64 {
    try checkPath(path, .measureFreeSpace)
    var bytes: UInt64 = 0
    try check(swl_free_bytes(path, &bytes), .measureFreeSpace, path)
    return bytes
  }
}
