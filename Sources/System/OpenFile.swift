import CSystem

/// An open file; closed when the last reference goes.
public final class OpenFile {
  /// How to open.
  public enum Mode: Sendable {
    /// Reading; the file must exist.
    case read
    /// Reading and writing a file that must not exist yet.
    case createExclusive
    /// Writing at the end; created when absent.
    case append
    /// Reading and writing anywhere; created when absent.
    case readWrite
  }

  /// The path it was opened by.
  public let path: String
  let descriptor: Int32

  /// Opens `path`; a file made by this call gets the permission bits `permissions`.
  public init(
    _ path: String, _ mode: Mode = .read, permissions: UInt32 = 0o644
  ) throws(SystemError) {
    let how: Int32
    var operation = SystemOperation.open
    switch mode {
    case .read: how = SWL_OPEN_READ
    case .createExclusive:
      how = SWL_OPEN_CREATE_EXCLUSIVE
      operation = .create
    case .append: how = SWL_OPEN_APPEND
    case .readWrite: how = SWL_OPEN_READ_WRITE
    }
    try checkPath(path, operation)
    self.path = path
    descriptor = try check(swl_open(path, how, permissions), operation, path)
  }

  deinit {
    swl_close(descriptor)
  }

  /// Size, kind and permissions now.
  public func status() throws(SystemError) -> FileStatus {
    var raw = swl_status()
    try check(swl_status_of_descriptor(descriptor, &raw), .examine, path)
    return FileStatus(raw)
  }

  /// Reads up to `count` bytes from `offset`; fewer only at the end of the file.
  public func read(count: Int, at offset: UInt64) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let start = filled
      let got = bytes.withUnsafeMutableBytes { buffer in
        swl_read_at(
          descriptor, buffer.baseAddress?.advanced(by: start), count - start,
          offset + UInt64(start))
      }
      guard got >= 0 else {
        throw SystemError.failed(operation: .read, path: path, code: Int32(-got))
      }
      if got == 0 { break }
      filled += Int(got)
    }
    if filled < count { bytes.removeLast(count - filled) }
    return bytes
  }

  /// Fills `buffer` from `offset`; returns the bytes read, fewer only at the end of the file.
  public func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws(SystemError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let got = swl_read_at(
        descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled,
        offset + UInt64(filled))
      guard got >= 0 else {
        throw SystemError.failed(operation: .read, path: path, code: Int32(-got))
      }
      if got == 0 { break }
      filled += Int(got)
    }
    return filled
  }

  /// Writes everything at the current position (at the end in `append` mode).
  public func write(_ bytes: [UInt8]) throws(SystemError) {
    let result = bytes.withUnsafeBytes { swl_write_all(descriptor, $0.baseAddress, $0.count) }
    try check(result, .write, path)
  }

  /// Writes everything at the current position (at the end in `append` mode).
  public func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    try check(swl_write_all(descriptor, bytes.baseAddress, bytes.count), .write, path)
  }

  /// Writes everything at `offset`.
  public func write(_ bytes: [UInt8], at offset: UInt64) throws(SystemError) {
    let result = bytes.withUnsafeBytes {
      swl_write_all_at(descriptor, $0.baseAddress, $0.count, offset)
    }
    try check(result, .write, path)
  }

  /// Returns once the bytes are on the medium.
  public func sync() throws(SystemError) {
    try check(swl_sync(descriptor), .sync, path)
  }

  /// Cuts or extends (with zeros) to `size` bytes.
  public func truncate(to size: UInt64) throws(SystemError) {
    try check(swl_truncate(descriptor, size), .truncate, path)
  }
}
