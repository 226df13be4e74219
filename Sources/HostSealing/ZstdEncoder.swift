import CZstd

/// zstd compression, on the host only.
public enum ZstdEncoder {
  /// libzstd refused: a level out of range or no memory.
  public struct Failure: Error, Equatable, Sendable {
    /// What libzstd says.
    public let message: String
  }

  /// The version of libzstd, such as "1.5.4": another one may compress to other bytes.
  public static var version: String { String(cString: ZSTD_versionString()) }

  /// One frame stating its content size, without checksum or dictionary id. The same input, level
  /// and library give the same bytes: single-threaded, no setting taken from the host.
  public static func compress(_ bytes: [UInt8], level: Int = 19) throws(Failure) -> [UInt8] {
    guard let context = ZSTD_createCCtx() else { throw Failure(message: "no memory") }
    defer { ZSTD_freeCCtx(context) }
    try set(context, ZSTD_c_compressionLevel, Int32(clamping: level))
    try set(context, ZSTD_c_contentSizeFlag, 1)
    try set(context, ZSTD_c_checksumFlag, 0)
    try set(context, ZSTD_c_dictIDFlag, 0)
    // 2^23: the window limit of the device's reader.
    try set(context, ZSTD_c_windowLog, 23)
    var frame = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let written = frame.withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes { source in
        ZSTD_compress2(context, target.baseAddress, target.count, source.baseAddress, source.count)
      }
    }
    try check(written)
    frame.removeLast(frame.count - written)
    return frame
  }

  private static func set(
    _ context: OpaquePointer, _ parameter: ZSTD_cParameter, _ value: Int32
  ) throws(Failure) {
    try check(ZSTD_CCtx_setParameter(context, parameter, value))
  }

  private static func check(_ result: Int) throws(Failure) {
    guard ZSTD_isError(result) == 0 else {
      throw Failure(message: String(cString: ZSTD_getErrorName(result)))
    }
  }
}
