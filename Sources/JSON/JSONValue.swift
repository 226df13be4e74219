/// One JSON value (RFC 8259).
public indirect enum JSONValue: Sendable {
  /// null.
  case null
  /// false or true.
  case bool(Bool)
  /// A number written without fraction or exponent that fits 64 bits.
  case integer(Int64)
  /// Any other finite number.
  case number(Double)
  /// Text.
  case string(String)
  /// Items in order.
  case array([JSONValue])
  /// Members in the order of the text, each name once.
  case object([JSONMember])

  /// The member `name` of an object; nil when absent or when this is no object.
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    for member in members where member.name.utf8.elementsEqual(name.utf8) { return member.value }
    return nil
  }

  /// The text of a string.
  public var string: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  /// The value of an integer.
  public var integer: Int64? {
    if case .integer(let value) = self { return value }
    return nil
  }

  /// The value of any number.
  public var double: Double? {
    switch self {
    case .integer(let value): return Double(value)
    case .number(let value): return value
    default: return nil
    }
  }

  /// The value of a boolean.
  public var bool: Bool? {
    if case .bool(let value) = self { return value }
    return nil
  }

  /// The items of an array.
  public var array: [JSONValue]? {
    if case .array(let items) = self { return items }
    return nil
  }

  /// The members of an object.
  public var members: [JSONMember]? {
    if case .object(let members) = self { return members }
    return nil
  }
}

/// A name and its value.
public struct JSONMember: Sendable {
  /// The name.
  public let name: String
  /// The value.
  public let value: JSONValue

  /// A member.
  public init(_ name: String, _ value: JSONValue) {
    self.name = name
    self.value = value
  }
}

/// Why text is not JSON.
public enum JSONError: Error, Equatable, Sendable {
  /// Not JSON: `expected` tells what would have been right at byte `at`.
  case unexpected(at: Int, expected: String)
  /// The text ends too early.
  case truncated(at: Int)
  /// Not UTF-8, or a lone surrogate escape.
  case invalidText(at: Int)
  /// A number beyond the range of a double.
  case numberOutOfRange(at: Int)
  /// The same name twice in an object.
  case duplicateName(at: Int, name: String)
  /// Nested deeper than the limit.
  case tooDeep(at: Int)
  /// More values, or more bytes, than the limit.
  case tooLarge(at: Int)

  /// One line for a person.
  public var message: String {
    switch self {
    case .unexpected(let at, let expected): return "JSON: \(expected) expected at byte \(at)"
    case .truncated(let at): return "JSON ends too early, at byte \(at)"
    case .invalidText(let at): return "JSON text at byte \(at) is not valid Unicode"
    case .numberOutOfRange(let at): return "JSON number at byte \(at) is out of range"
    case .duplicateName(let at, let name): return "JSON name \(name) appears twice, at byte \(at)"
    case .tooDeep(let at): return "JSON at byte \(at) is nested too deep"
    case .tooLarge(let at): return "JSON is too large, at byte \(at)"
    }
  }
}
