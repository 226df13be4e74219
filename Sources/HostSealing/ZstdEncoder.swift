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
  ///
  /// - Parameter parts: where parts of other statistics begin, rising; each gets code tables of its
  ///   own. Whether matches shorter than seven bytes are worth looking for is tried: among weights they
  ///   rarely are.
  /// - Parameters:
  ///   - prefix: bytes that the frame may refer to as if they came before it; its reader needs them too.
  ///   - windowLog: how far it may look back, log2. 2^23 is the limit of the device's reader.
  public static func compress(
    _ bytes: [UInt8], level: Int = 19, parts: [Int] = [], prefix: [UInt8] = [],
    windowLog: Int32 = 23
  ) throws(Failure) -> [UInt8] {
    let form = Form(level: level, parts: parts, prefix: prefix, windowLog: windowLog)
    let frame = try frame(bytes, form, minimumMatch: 0)
    guard !parts.isEmpty else { return frame }
    let literal = try self.frame(bytes, form, minimumMatch: 7)
    return literal.count < frame.count ? literal : frame
  }

  /// What `compress` was asked for.
  private struct Form {
    var level: Int
    var parts: [Int]
    var prefix: [UInt8]
    var windowLog: Int32
  }

  private static func frame(
    _ bytes: [UInt8], _ form: Form, minimumMatch: Int32
  ) throws(Failure) -> [UInt8] {
    guard let context = ZSTD_createCCtx() else { throw Failure(message: "no memory") }
    defer { ZSTD_freeCCtx(context) }
    try set(context, ZSTD_c_compressionLevel, Int32(clamping: form.level))
    try set(context, ZSTD_c_contentSizeFlag, 1)
    try set(context, ZSTD_c_checksumFlag, 0)
    try set(context, ZSTD_c_dictIDFlag, 0)
    try set(context, ZSTD_c_windowLog, form.windowLog)
    if minimumMatch > 0 { try set(context, ZSTD_c_minMatch, minimumMatch) }
    try check(ZSTD_CCtx_setPledgedSrcSize(context, UInt64(bytes.count)))
    // A flushed part costs a few bytes beyond what one block would.
    let capacity = ZSTD_compressBound(bytes.count) + 64 * (form.parts.count + 1)
    var frame = [UInt8](repeating: 0, count: capacity)
    var output = ZSTD_outBuffer(dst: nil, size: capacity, pos: 0)
    // Its bytes are referred to until the frame ends.
    let prefix = UnsafeMutableRawBufferPointer.allocate(
      byteCount: form.prefix.count, alignment: 1)
    defer { prefix.deallocate() }
    prefix.copyBytes(from: form.prefix)
    if !form.prefix.isEmpty {
      try check(ZSTD_CCtx_refPrefix(context, prefix.baseAddress, prefix.count))
    }
    for (start, end) in zip([0] + form.parts, form.parts + [bytes.count]) {
      let directive = end == bytes.count ? ZSTD_e_end : ZSTD_e_flush
      let rest = frame.withUnsafeMutableBytes { target in
        bytes.withUnsafeBytes { source in
          output.dst = target.baseAddress
          var input = ZSTD_inBuffer(
            src: source.baseAddress.map { $0 + start }, size: end - start, pos: 0)
          return ZSTD_compressStream2(context, &output, &input, directive)
        }
      }
      try check(rest)
      guard rest == 0 else { throw Failure(message: "the frame outgrew its bound") }
    }
    frame.removeLast(frame.count - output.pos)
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
