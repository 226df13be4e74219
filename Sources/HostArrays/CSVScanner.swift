/// Fields of comma-separated text one after the other (RFC 4180): quoted fields may hold commas,
/// line ends and doubled quotes; a line ends with LF or CRLF.
struct CSVScanner {
  /// What is wrong with the text, where the scanner stands.
  enum Fault: Error {
    /// A quote is opened and the text ends.
    case openQuote
    /// Something stands between a closing quote and the comma.
    case afterQuote
    /// A quote stands inside a field that does not begin with one.
    case strayQuote

    var text: String {
      switch self {
      case .openQuote: "a quote is not closed"
      case .afterQuote: "text follows a closing quote"
      case .strayQuote: "a quote stands inside a field that is not quoted"
      }
    }
  }

  /// What stands behind a field.
  enum Terminator { case comma, line, end }

  /// A field's bytes: without its quotes, or without outer blanks where it has none.
  struct Field {
    var start: Int
    var end: Int
    var terminator: Terminator
    var isQuoted = false
    /// True where doubled quotes stand for single ones.
    var hasDoubledQuotes = false
  }

  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
  private static let lineFeed: UInt8 = 0x0a

  private let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  /// The line that `position` is on, from 1.
  private(set) var line: Int

  init(_ bytes: UnsafeRawBufferPointer, from position: Int, line: Int) {
    self.bytes = bytes
    self.position = position
    self.line = line
  }

  var isAtEnd: Bool { position == bytes.count }

  /// Passes over lines that hold nothing but blanks.
  mutating func skipBlankLines() {
    while true {
      var probe = position
      while probe < bytes.count, Self.isBlank(bytes[probe]) { probe += 1 }
      guard probe < bytes.count else {
        position = probe
        return
      }
      guard bytes[probe] == Self.lineFeed else { return }
      position = probe + 1
      line += 1
    }
  }

  /// The next field; there must be one.
  @inline(__always)
  mutating func next() throws(Fault) -> Field {
    var start = position
    while start < bytes.count, Self.isBlank(bytes[start]) { start += 1 }
    if start < bytes.count, bytes[start] == Self.quote { return try quoted(from: start + 1) }
    var end = start
    while end < bytes.count {
      let byte = bytes[end]
      if byte == Self.comma || byte == Self.lineFeed { break }
      if byte == Self.quote { throw Fault.strayQuote }
      end += 1
    }
    let terminator = finish(at: end)
    while end > start, Self.isBlank(bytes[end - 1]) { end -= 1 }
    return Field(start: start, end: end, terminator: terminator)
  }

  private mutating func quoted(from start: Int) throws(Fault) -> Field {
    var field = Field(start: start, end: start, terminator: .end, isQuoted: true)
    var end = start
    while true {
      guard end < bytes.count else { throw Fault.openQuote }
      if bytes[end] == Self.lineFeed { line += 1 }
      if bytes[end] == Self.quote {
        guard end + 1 < bytes.count, bytes[end + 1] == Self.quote else { break }
        field.hasDoubledQuotes = true
        end += 1
      }
      end += 1
    }
    field.end = end
    end += 1
    while end < bytes.count, Self.isBlank(bytes[end]) { end += 1 }
    guard end == bytes.count || bytes[end] == Self.comma || bytes[end] == Self.lineFeed else {
      throw Fault.afterQuote
    }
    field.terminator = finish(at: end)
    return field
  }

  private mutating func finish(at end: Int) -> Terminator {
    guard end < bytes.count else {
      position = end
      return .end
    }
    position = end + 1
    guard bytes[end] == Self.lineFeed else { return .comma }
    line += 1
    return .line
  }

  /// A space, a tab, or the CR of a CRLF.
  @inline(__always)
  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0d
  }
}
