public import BundleFormat
import Wire

/// Applies a delta: reads its frame once, a buffer at a time, and hands the new sections on as they
/// come. It holds a buffer, the frame's window and the head, whatever the size of the model.
///
/// A delta is not signed. So nothing of it is believed: the head is verified before a section is read,
/// sizes are those that the signed manifest states, and the caller checks the digests it states.
public struct DeltaReader<Opener: DeltaOpener> {
  private static var bufferBytes: Int { 16 << 10 }
  private let opener: Opener
  private let trust: TrustPolicy

  /// Creates a reader over injected crypto.
  ///
  /// - Parameter trust: whose bundles are made.
  public init(opener: Opener, trust: TrustPolicy) {
    self.opener = opener
    self.trust = trust
  }

  /// Applies a delta.
  ///
  /// - Parameters:
  ///   - delta: the file.
  ///   - sink: gets every section of the new manifest, `weights` last. What it got is worth nothing
  ///     until this returns, and nothing but bytes until their digests were compared.
  /// - Returns: the verified head of the new bundle, and its bytes.
  /// - Throws: `DeltaError` at the first rule broken.
  public func apply(
    _ delta: UnsafeRawBufferPointer, to base: DeltaBase, into sink: inout some DeltaSink
  ) throws(DeltaError) -> (head: BundleHead, bytes: [UInt8]) {
    let headBytes = try checkHeader(delta, base)
    let prefix = base.prefix
    return try prefix.withUnsafeBufferPointer { (prefix) throws(DeltaError) in
      let frame = UnsafeRawBufferPointer(rebasing: delta[DeltaFormat.headerBytes...])
      let prefix = UnsafeRawBufferPointer(prefix)
      guard let stream = opener.begin(frame, prefix: prefix, windowLog: DeltaFormat.windowLog)
      else { throw .corrupt("its frame cannot be read") }
      var input = FrameInput(stream: stream)
      let bytes = try input.array(headBytes)
      let head: BundleHead
      do throws(BundleError) {
        head = try BundleVerifier(opener: opener).verifyHead(bytes, trust: trust)
      } catch {
        throw .bundle(error)
      }
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Self.bufferBytes, alignment: 16)
      defer { buffer.deallocate() }
      for position in head.manifest.deltaOrder {
        let section = head.manifest.sections[position]
        sink.begin(section, position: position)
        try read(section, base, &input, buffer, into: &sink)
      }
      try input.expectEnd()
      return (head, bytes)
    }
  }

  /// Checks all that stands outside the frame; returns the bytes of the head.
  private func checkHeader(
    _ delta: UnsafeRawBufferPointer, _ base: DeltaBase
  ) throws(DeltaError) -> Int {
    guard delta.count >= DeltaFormat.headerBytes, delta.starts(with: DeltaFormat.magic) else {
      throw .notADelta
    }
    guard delta.count <= DeltaFormat.fileBytes else { throw .corrupt("the file is too large") }
    func number(_ offset: Int, _ count: Int) -> UInt64 {
      var value: UInt64 = 0
      for index in 0..<count { value |= UInt64(delta[offset + index]) << (8 * UInt64(index)) }
      return value
    }
    let version = UInt16(number(4, 2))
    guard version == DeltaFormat.version else { throw .version(version) }
    guard number(6, 2) == UInt64(DeltaFormat.headerBytes) else {
      throw .corrupt("the header has unknown fields")
    }
    guard number(8, 8) == UInt64(delta.count) else {
      throw .corrupt("the file has \(delta.count) bytes, its header says another number")
    }
    guard number(20, 4) == UInt64(DeltaFormat.checksum(delta)) else {
      throw .corrupt("its checksum is another")
    }
    let needed = [UInt8](delta[24..<DeltaFormat.headerBytes])
    guard needed == base.release else { throw .otherBase(needed: needed) }
    let headBytes = number(16, 4)
    guard headBytes <= UInt64(BundleLimits.manifestBytes + BundleLimits.signatureBytes + 128) else {
      throw .corrupt("the header states an oversized head")
    }
    return Int(headBytes)
  }

  private func read(
    _ section: Section, _ base: DeltaBase, _ input: inout FrameInput<Opener.Frame>,
    _ buffer: UnsafeMutableRawBufferPointer, into sink: inout some DeltaSink
  ) throws(DeltaError) {
    let size = Int(section.rawBytes)
    guard let mode = DeltaFormat.SectionMode(rawValue: try input.u8()) else {
      throw .corrupt("a section is given in an unknown way")
    }
    let old = base.part(like: section)
    switch mode {
    case .whole:
      try input.copy(size, through: buffer, into: &sink)
    case .same:
      guard let old, old.section.rawDigest == section.rawDigest, old.content.count == size else {
        throw .corrupt("the base has another section \(section.kind.rawValue)")
      }
      old.content.withUnsafeBytes { sink.append($0) }
    case .pieces:
      guard let old else { throw .corrupt("the base has no section \(section.kind.rawValue)") }
      var left = size
      while left > 0 {
        left -= try piece(of: old.content, left, &input, buffer, into: &sink)
      }
    }
  }

  /// One piece; returns its length.
  private func piece(
    of old: [UInt8], _ left: Int, _ input: inout FrameInput<Opener.Frame>,
    _ buffer: UnsafeMutableRawBufferPointer, into sink: inout some DeltaSink
  ) throws(DeltaError) -> Int {
    guard let kind = DeltaFormat.PieceKind(rawValue: try input.u8()) else {
      throw .corrupt("a piece is of an unknown kind")
    }
    let length = try input.u32()
    guard (1...left).contains(length) else { throw .corrupt("a piece has a wrong length") }
    guard kind != .verbatim else {
      try input.copy(length, through: buffer, into: &sink)
      return length
    }
    let offset = try input.u32()
    guard offset <= old.count, length <= old.count - offset else {
      throw .corrupt("a piece refers to bytes the base does not have")
    }
    try old.withUnsafeBufferPointer { (old) throws(DeltaError) in
      let source = UnsafeRawBufferPointer(
        UnsafeBufferPointer(rebasing: old[offset..<offset + length]))
      guard kind == .residual else { return sink.append(source) }
      var done = 0
      while done < length {
        let part = UnsafeMutableRawBufferPointer(
          rebasing: buffer[..<min(buffer.count, length - done)])
        try input.fill(part)
        for index in 0..<part.count { part[index] &+= source[done + index] }
        sink.append(UnsafeRawBufferPointer(part))
        done += part.count
      }
    }
    return length
  }
}

/// Reads of a frame that must succeed.
struct FrameInput<Stream: ByteStream> {
  var stream: Stream

  mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(DeltaError) {
    try check(stream.read(into: buffer), buffer.count)
  }

  private func check(_ filled: Int?, _ wanted: Int) throws(DeltaError) {
    guard let filled else { throw .corrupt("its frame is damaged") }
    guard filled == wanted else { throw .corrupt("it ends too early") }
  }

  mutating func array(_ count: Int) throws(DeltaError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try check(bytes.withUnsafeMutableBytes { stream.read(into: $0) }, count)
    return bytes
  }

  mutating func u8() throws(DeltaError) -> UInt8 {
    var byte: UInt8 = 0
    try check(withUnsafeMutableBytes(of: &byte) { stream.read(into: $0) }, 1)
    return byte
  }

  mutating func u32() throws(DeltaError) -> Int {
    var value: UInt32 = 0
    try check(withUnsafeMutableBytes(of: &value) { stream.read(into: $0) }, 4)
    return Int(UInt32(littleEndian: value))
  }

  mutating func copy(
    _ count: Int, through buffer: UnsafeMutableRawBufferPointer, into sink: inout some DeltaSink
  ) throws(DeltaError) {
    var left = count
    while left > 0 {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, left)])
      try fill(part)
      sink.append(UnsafeRawBufferPointer(part))
      left -= part.count
    }
  }

  mutating func expectEnd() throws(DeltaError) {
    var byte: UInt8 = 0
    let count = withUnsafeMutableBytes(of: &byte) { stream.read(into: $0) }
    guard count == 0 else { throw .corrupt("bytes follow its last section") }
  }
}
