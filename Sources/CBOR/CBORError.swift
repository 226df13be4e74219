/// Why bytes are not deterministic CBOR, or a record not what its reader expects.
public enum CBORError: Error, Equatable, Sendable {
  /// The bytes end inside the item at `at`.
  case truncated(at: Int)
  /// A longer head than necessary, an indefinite length, unsorted keys or a float that fits fewer
  /// bits (RFC 8949 section 4.2).
  case notDeterministic(at: Int)
  /// A reserved head, or a simple value other than false, true and null.
  case unsupported(at: Int)
  /// Text that is not UTF-8.
  case invalidText(at: Int)
  /// Nested deeper than the limit.
  case tooDeep(at: Int)
  /// More items than the limit.
  case tooManyItems(at: Int)
  /// Bytes after the item.
  case trailing(at: Int)
  /// The same key twice.
  case duplicateKey(String)
  /// A record lacks a key.
  case missing(path: String)
  /// A key holds something else than `expected`.
  case mistyped(path: String, expected: String)
  /// A number or a length is outside what the record allows.
  case outOfRange(path: String)
  /// A key the reader does not know.
  case unexpectedKey(path: String)

  /// One line for a person.
  public var message: String {
    switch self {
    case .truncated(let at): return "CBOR ends inside the item at byte \(at)"
    case .notDeterministic(let at): return "CBOR at byte \(at) is not in deterministic form"
    case .unsupported(let at): return "CBOR item at byte \(at) is of an unsupported kind"
    case .invalidText(let at): return "CBOR text at byte \(at) is not UTF-8"
    case .tooDeep(let at): return "CBOR at byte \(at) is nested too deep"
    case .tooManyItems(let at): return "CBOR at byte \(at) has too many items"
    case .trailing(let at): return "unexpected bytes after the CBOR item, at byte \(at)"
    case .duplicateKey(let key): return "duplicate key \(key)"
    case .missing(let path): return "\(path) is missing"
    case .mistyped(let path, let expected): return "\(path) is not \(expected)"
    case .outOfRange(let path): return "\(path) is out of range"
    case .unexpectedKey(let path): return "\(path) is not a known key"
    }
  }
}
