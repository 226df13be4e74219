import CZstd

/// zstd (RFC 8878), decompression only: compressing is the host's business.
public enum Zstd {
  /// The largest window a frame may ask for, bytes: the level-19 window of the largest section
  /// stays below it.
  public static let windowLimit: UInt64 = 8 << 20

  /// The content of `frame`: exactly one frame that states its size, which must be
  /// `expectedSize`. No memory is taken before the frame's header agrees, and never more than
  /// `expectedSize` bytes for the content.
  public static func decompress(
    _ frame: [UInt8], expectedSize: Int
  ) throws(SealingError) -> [UInt8] {
    try frame.withUnsafeBufferPointer { (buffer) throws(SealingError) -> [UInt8] in
      try decompress(UnsafeRawBufferPointer(buffer), expectedSize: expectedSize)
    }
  }

  /// The content of `frame`; see ``decompress(_:expectedSize:)-([UInt8],_)``.
  public static func decompress(
    _ frame: UnsafeRawBufferPointer, expectedSize: Int
  ) throws(SealingError) -> [UInt8] {
    try examine(frame, expectedSize: expectedSize)
    var content = [UInt8](repeating: 0, count: expectedSize)
    let written = content.withUnsafeMutableBytes { target in
      // zstd wants a valid address even for nothing.
      var nothing: UInt8 = 0
      return withUnsafeMutablePointer(to: &nothing) { spare in
        ZSTD_decompress(
          target.baseAddress ?? UnsafeMutableRawPointer(spare), target.count, frame.baseAddress,
          frame.count)
      }
    }
    guard ZSTD_isError(written) == 0 else { throw SealingError.notZstd }
    guard written == expectedSize else {
      throw SealingError.sizeMismatch(expected: UInt64(expectedSize), found: UInt64(written))
    }
    return content
  }

  /// Checks the frame's header and its extent, without decompressing.
  private static func examine(
    _ frame: UnsafeRawBufferPointer, expectedSize: Int
  ) throws(SealingError) {
    guard expectedSize >= 0, frame.count >= 5 else { throw SealingError.notZstd }
    let magic =
      UInt32(frame[0]) | UInt32(frame[1]) << 8 | UInt32(frame[2]) << 16 | UInt32(frame[3]) << 24
    if magic & 0xffff_fff0 == 0x184d_2a50 { throw SealingError.notSingleFrame }
    guard magic == 0xfd2f_b528 else { throw SealingError.notZstd }
    // ZSTD_CONTENTSIZE_UNKNOWN and _ERROR are the two largest numbers.
    let stated = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
    if stated == UInt64.max { throw SealingError.sizeUnknown }
    if stated == UInt64.max - 1 { throw SealingError.notZstd }
    guard stated == UInt64(expectedSize) else {
      throw SealingError.sizeMismatch(expected: UInt64(expectedSize), found: stated)
    }
    let length = ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
    guard ZSTD_isError(length) == 0 else { throw SealingError.notZstd }
    guard length == frame.count else { throw SealingError.notSingleFrame }
    // A single-segment frame's window is its content, bounded already. Otherwise the next byte
    // tells (RFC 8878 section 3.1.1.1.2).
    if frame[4] & 0x20 == 0 {
      let descriptor = UInt64(frame[5])
      let base = UInt64(1) << (10 + descriptor >> 3)
      let window = base + (base / 8) * (descriptor & 7)
      guard window <= windowLimit else {
        throw SealingError.windowTooLarge(bytes: window, limit: windowLimit)
      }
    }
  }
}
