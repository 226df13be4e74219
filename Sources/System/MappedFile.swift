import CSystem

/// A file mapped read-only; unmapped when the last reference goes.
public final class MappedFile: @unchecked Sendable {
  /// The path it was mapped from.
  public let path: String
  /// The content. Valid while this object lives.
  public let bytes: UnsafeRawBufferPointer

  /// Maps the whole regular file `path`; refused beyond `limit` bytes. An empty file gives an
  /// empty buffer.
  public init(_ path: String, limit: Int = Int.max) throws(SystemError) {
    let file = try OpenFile(path)
    let status = try file.status()
    guard status.isRegular else { throw SystemError.notRegular(path: path) }
    guard let size = Int(exactly: status.size), size <= limit else {
      throw SystemError.tooLarge(path: path, size: status.size, limit: limit)
    }
    self.path = path
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    var start: UnsafeRawPointer?
    try check(swl_map(file.descriptor, size, &start), .map, path)
    bytes = UnsafeRawBufferPointer(start: start, count: size)
  }

  deinit {
    if let start = bytes.baseAddress { swl_unmap(start, bytes.count) }
  }
}
