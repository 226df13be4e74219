import CZstd
public import DeltaCoding

/// A zstd frame being decompressed (RFC 8878), a buffer at a time. It holds the frame's window.
public final class ZstdFrame: ByteStream {
  private let context: OpaquePointer
  private let frame: UnsafeRawBufferPointer
  private var position = 0
  private var isComplete = false
  private var isDamaged = false

  /// Begins one; nil without memory. Both buffers must outlive it.
  init?(_ frame: UnsafeRawBufferPointer, prefix: UnsafeRawBufferPointer, windowLog: Int) {
    guard let context = ZSTD_createDCtx() else { return nil }
    self.context = context
    self.frame = frame
    guard
      ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(windowLog))) == 0,
      ZSTD_isError(ZSTD_DCtx_refPrefix(context, prefix.baseAddress, prefix.count)) == 0
    else { return nil }
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Fills `buffer`, or as much as is left of the one frame; nil when it is damaged, or when bytes
  /// follow it.
  public func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
    while output.pos < buffer.count, !isComplete, !isDamaged {
      var input = ZSTD_inBuffer(src: frame.baseAddress, size: frame.count, pos: position)
      let (before, written) = (position, output.pos)
      let hint = ZSTD_decompressStream(context, &output, &input)
      position = input.pos
      isComplete = hint == 0
      // No progress with room for more: the frame is cut short.
      isDamaged =
        ZSTD_isError(hint) != 0
        || hint != 0 && position == before && output.pos == written
    }
    if isComplete, position != frame.count { isDamaged = true }
    return isDamaged ? nil : output.pos
  }
}

extension SodiumZstd: DeltaOpener {
  /// Begins a frame.
  public func begin(
    _ frame: UnsafeRawBufferPointer, prefix: UnsafeRawBufferPointer, windowLog: Int
  ) -> ZstdFrame? {
    ZstdFrame(frame, prefix: prefix, windowLog: windowLog)
  }
}
