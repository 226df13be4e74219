/// A map with text keys being read as a record: typed access, and errors that name the path of
/// the key, such as `manifest.inputs[1].shape`.
public struct CBORRecord: Sendable {
  /// The map.
  public let map: CBORMap
  /// How messages name this record; empty at the top.
  public let path: String

  /// A record over `map`.
  public init(_ map: CBORMap, path: String = "") {
    self.map = map
    self.path = path
  }

  /// A record over `value`, which must be a map.
  public init(_ value: CBORValue, path: String = "") throws(CBORError) {
    guard case .map(let map) = value else {
      throw CBORError.mistyped(path: path.utf8.isEmpty ? "the record" : path, expected: "a map")
    }
    self.init(map, path: path)
  }

  /// The path of `key` in this record.
  public func pathOf(_ key: String) -> String {
    path.utf8.isEmpty ? key : path + "." + key
  }

  /// The value under `key`, nil when absent.
  public subscript(key: String) -> CBORValue? { map[key] }

  /// True when `key` is there.
  public func has(_ key: String) -> Bool { map[key] != nil }

  /// Throws ``CBORError/unexpectedKey(path:)`` for any key not listed.
  public func expectOnly(_ keys: [String]) throws(CBORError) {
    for entry in map.entries {
      guard case .text(let key) = entry.key,
        keys.contains(where: { $0.utf8.elementsEqual(key.utf8) })
      else { throw CBORError.unexpectedKey(path: pathOf(entry.key.keyText)) }
    }
  }

  /// The value under `key`; throws ``CBORError/missing(path:)``.
  public func value(at key: String) throws(CBORError) -> CBORValue {
    guard let value = map[key] else { throw CBORError.missing(path: pathOf(key)) }
    return value
  }

  /// An unsigned integer.
  public func unsigned(at key: String) throws(CBORError) -> UInt64 {
    guard case .unsigned(let value) = try value(at: key) else {
      throw mistyped(key, "an unsigned integer")
    }
    return value
  }

  /// An unsigned integer in `range`, such as a count.
  public func count(
    at key: String, in range: ClosedRange<Int> = 0...Int.max
  ) throws(CBORError) -> Int {
    guard let value = Int(exactly: try unsigned(at: key)), range.contains(value) else {
      throw CBORError.outOfRange(path: pathOf(key))
    }
    return value
  }

  /// A signed integer.
  public func int(at key: String) throws(CBORError) -> Int64 {
    switch try value(at: key) {
    case .unsigned, .negative: break
    default: throw mistyped(key, "an integer")
    }
    guard let value = map[key]?.int64 else { throw CBORError.outOfRange(path: pathOf(key)) }
    return value
  }

  /// Text.
  public func text(at key: String) throws(CBORError) -> String {
    guard case .text(let value) = try value(at: key) else { throw mistyped(key, "text") }
    return value
  }

  /// A byte string; of exactly `count` bytes when given.
  public func bytes(at key: String, count: Int? = nil) throws(CBORError) -> [UInt8] {
    guard case .bytes(let value) = try value(at: key) else {
      throw mistyped(key, "a byte string")
    }
    if let count, value.count != count { throw CBORError.outOfRange(path: pathOf(key)) }
    return value
  }

  /// false or true.
  public func bool(at key: String) throws(CBORError) -> Bool {
    guard case .bool(let value) = try value(at: key) else { throw mistyped(key, "a boolean") }
    return value
  }

  /// A floating-point number; an integer is not one.
  public func double(at key: String) throws(CBORError) -> Double {
    guard case .float64(let value) = try value(at: key) else {
      throw mistyped(key, "a floating-point number")
    }
    return value
  }

  /// An array of at most `limit` items.
  public func array(at key: String, limit: Int = Int.max) throws(CBORError) -> [CBORValue] {
    guard case .array(let items) = try value(at: key) else { throw mistyped(key, "an array") }
    guard items.count <= limit else { throw CBORError.outOfRange(path: pathOf(key)) }
    return items
  }

  /// A nested record.
  public func record(at key: String) throws(CBORError) -> CBORRecord {
    try CBORRecord(try value(at: key), path: pathOf(key))
  }

  /// An array of records, at most `limit`.
  public func records(at key: String, limit: Int = Int.max) throws(CBORError) -> [CBORRecord] {
    var records: [CBORRecord] = []
    for item in try array(at: key, limit: limit) {
      records.append(try CBORRecord(item, path: "\(pathOf(key))[\(records.count)]"))
    }
    return records
  }

  /// An array of texts, at most `limit`.
  public func texts(at key: String, limit: Int = Int.max) throws(CBORError) -> [String] {
    var texts: [String] = []
    for item in try array(at: key, limit: limit) {
      guard case .text(let text) = item else {
        throw CBORError.mistyped(path: "\(pathOf(key))[\(texts.count)]", expected: "text")
      }
      texts.append(text)
    }
    return texts
  }

  /// An array of signed integers, at most `limit`.
  public func ints(at key: String, limit: Int = Int.max) throws(CBORError) -> [Int64] {
    var values: [Int64] = []
    for item in try array(at: key, limit: limit) {
      guard let value = item.int64 else {
        throw CBORError.mistyped(path: "\(pathOf(key))[\(values.count)]", expected: "an integer")
      }
      values.append(value)
    }
    return values
  }

  /// An array of floating-point numbers, at most `limit`.
  public func doubles(at key: String, limit: Int = Int.max) throws(CBORError) -> [Double] {
    var values: [Double] = []
    for item in try array(at: key, limit: limit) {
      guard case .float64(let value) = item else {
        throw CBORError.mistyped(
          path: "\(pathOf(key))[\(values.count)]", expected: "a floating-point number")
      }
      values.append(value)
    }
    return values
  }

  private func mistyped(_ key: String, _ expected: String) -> CBORError {
    .mistyped(path: pathOf(key), expected: expected)
  }
}
