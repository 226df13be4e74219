import Wire

/// How a section's content was arranged before compression: constants read as matrices, their lines
/// in another order or their columns as lines, so that bytes of like distributions stand together.
///
/// It follows the content in the section's frame. Per matrix, by rising offset and without overlap:
///
/// ```
/// bytes
///     4  offset in the content
///     4  L, lines as stored
///     4  W, bytes of a line
///     1  1: a line is a column of the content; 2: lines are in the order that follows
///   2·L  for 2: which line of the content each is
/// ```
package struct Arrangement: Sendable, Equatable {
  /// A constant of `lines` · `width` bytes.
  package struct Matrix: Sendable, Equatable {
    /// Where it starts in the content.
    package var offset: Int
    /// Lines as stored.
    package var lines: Int
    /// Bytes of a line.
    package var width: Int
    /// True where stored lines are columns of the content, [width, lines].
    package var isTransposed: Bool
    /// For each stored line, which of the content it is; empty for the same order.
    package var order: [UInt16]

    package init(
      offset: Int, lines: Int, width: Int, isTransposed: Bool = false, order: [UInt16] = []
    ) {
      self.offset = offset
      self.lines = lines
      self.width = width
      self.isTransposed = isTransposed
      self.order = order
    }

    /// Calls `visit` with the index of each byte as stored and in the content, from `offset` on.
    private func forEachByte(_ visit: (_ stored: Int, _ content: Int) -> Void) {
      for stored in 0..<lines {
        let line = order.isEmpty ? stored : Int(order[stored])
        for column in 0..<width {
          visit(
            stored * width + column, isTransposed ? column * lines + line : line * width + column)
        }
      }
    }

    /// Puts the bytes of the content back in their places.
    fileprivate func restore(_ bytes: inout [UInt8]) {
      let stored = Array(bytes[offset..<offset + lines * width])
      forEachByte { from, to in bytes[offset + to] = stored[from] }
    }

    /// The bytes as stored.
    package func stored(_ bytes: [UInt8]) -> [UInt8] {
      var stored = [UInt8](repeating: 0, count: lines * width)
      forEachByte { to, from in stored[to] = bytes[offset + from] }
      return stored
    }
  }

  package var matrices: [Matrix]

  package init(_ matrices: [Matrix]) { self.matrices = matrices }

  /// Splits a frame's bytes into content and arrangement, and restores the content in place.
  ///
  /// - Parameters:
  ///   - bytes: content as stored, then the arrangement; the content alone afterwards.
  ///   - count: bytes of the arrangement.
  /// - Throws: `WireError` when it is cut short or names bytes that are not there.
  static func restore(_ bytes: inout [UInt8], count: Int) throws(WireError) {
    let content = bytes.count - count
    let arrangement = try ByteReader.reading(Array(bytes[content...])) {
      (reader) throws(WireError) in try Arrangement(&reader, content: content)
    }
    bytes.removeLast(count)
    for matrix in arrangement.matrices { matrix.restore(&bytes) }
  }

  /// Reads to the end.
  private init(_ reader: inout ByteReader, content: Int) throws(WireError) {
    matrices = []
    var end = 0
    while !reader.isAtEnd {
      let start = reader.position
      let offset = try Self.number(&reader, limit: content)
      let lines = try Self.number(&reader, limit: content)
      let width = try Self.number(&reader, limit: content)
      let flags = try reader.u8()
      let (bytes, overflow) = lines.multipliedReportingOverflow(by: width)
      guard offset >= end, !overflow, bytes <= content - offset, flags < 4 else {
        throw WireError.limitExceeded(
          at: start, value: UInt64(offset), limit: UInt64(content))
      }
      var order: [UInt16] = []
      if flags & 2 != 0 {
        guard lines <= reader.remaining / 2 else {
          throw WireError.truncated(at: reader.position, needed: 2 * lines)
        }
        order.reserveCapacity(lines)
        for _ in 0..<lines {
          let line = try reader.u16()
          guard line < lines else {
            throw WireError.limitExceeded(
              at: reader.position, value: UInt64(line), limit: UInt64(lines))
          }
          order.append(line)
        }
      }
      matrices.append(
        Matrix(
          offset: offset, lines: lines, width: width, isTransposed: flags & 1 != 0, order: order))
      end = offset + bytes
    }
  }

  private static func number(
    _ reader: inout ByteReader, limit: Int
  ) throws(WireError) -> Int {
    let (start, value) = (reader.position, try reader.u32())
    guard value <= limit else {
      throw WireError.limitExceeded(at: start, value: UInt64(value), limit: UInt64(limit))
    }
    return Int(value)
  }

  /// The bytes that follow the content.
  package func encoded() -> [UInt8] {
    var writer = ByteWriter()
    for matrix in matrices {
      writer.u32(UInt32(matrix.offset))
      writer.u32(UInt32(matrix.lines))
      writer.u32(UInt32(matrix.width))
      writer.u8((matrix.isTransposed ? 1 : 0) | (matrix.order.isEmpty ? 0 : 2))
      for line in matrix.order { writer.u16(line) }
    }
    return writer.bytes
  }
}
