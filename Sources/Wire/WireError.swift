/// Bytes that are not what a bounded reader was told to expect. Offsets count from the start of
/// the reader's bytes.
public enum WireError: Error, Equatable, Sendable {
  /// `needed` bytes were asked for at `at`, and fewer are left.
  case truncated(at: Int, needed: Int)
  /// A number does not fit its type.
  case overflow(at: Int)
  /// A longer encoding than necessary.
  case notCanonical(at: Int)
  /// Text that is not UTF-8.
  case invalidText(at: Int)
  /// A count or a size over its limit.
  case limitExceeded(at: Int, value: UInt64, limit: UInt64)
  /// Bytes after the end.
  case trailing(at: Int)
  /// Not a hexadecimal digit, or an odd number of them.
  case invalidHex(at: Int)

  /// One line for a person.
  public var message: String {
    switch self {
    case .truncated(let at, let needed): return "truncated at byte \(at): \(needed) more needed"
    case .overflow(let at): return "number out of range at byte \(at)"
    case .notCanonical(let at): return "number not in its shortest form at byte \(at)"
    case .invalidText(let at): return "text at byte \(at) is not UTF-8"
    case .limitExceeded(let at, let value, let limit):
      return "\(value) at byte \(at) is over the limit of \(limit)"
    case .trailing(let at): return "unexpected bytes after the end, at byte \(at)"
    case .invalidHex(let at): return "not hexadecimal at character \(at)"
    }
  }
}

/// Limits shared by the formats.
public enum Limits {
  /// Nesting of any structured text or record.
  public static let depth = 16
  /// Items in one CBOR or JSON document.
  public static let items = 1_000_000
  /// Axes of an array.
  public static let rank = 8
  /// Bytes of the name of anything.
  public static let nameBytes = 255
}
