public import BundleFormat

/// Bytes that come in order, a buffer at a time.
public protocol ByteStream {
  /// Fills `buffer`, or as much of it as is left.
  ///
  /// - Returns: bytes filled; nil when what comes next is damaged.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int?
}

/// The crypto and decompression that applying a delta needs, injected.
public protocol DeltaOpener: SealOpener {
  /// What a frame is read through.
  associatedtype Frame: ByteStream
  /// Begins a frame; both buffers must stay until it was read. Nil when it cannot be begun.
  ///
  /// - Parameters:
  ///   - prefix: bytes that the frame may refer to as if they came before it.
  ///   - windowLog: a frame that looks back further than that is damaged.
  func begin(
    _ frame: UnsafeRawBufferPointer, prefix: UnsafeRawBufferPointer, windowLog: Int
  ) -> Frame?
}

/// Where the sections of a new bundle go, as they come.
public protocol DeltaSink {
  /// A section begins; those before are complete.
  mutating func begin(_ section: Section, position: Int)
  /// Its next bytes.
  mutating func append(_ bytes: UnsafeRawBufferPointer)
}
