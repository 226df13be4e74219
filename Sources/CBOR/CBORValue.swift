/// One CBOR item (RFC 8949), in the deterministic subset: no undefined, no simple values but
/// false, true and null, no indefinite lengths.
public indirect enum CBORValue: Sendable {
  /// 0...2^64-1.
  case unsigned(UInt64)
  /// -1-n.
  case negative(UInt64)
  /// A byte string.
  case bytes([UInt8])
  /// UTF-8 text.
  case text(String)
  /// Items in order.
  case array([CBORValue])
  /// Keys and values in canonical order.
  case map(CBORMap)
  /// A tag and its content.
  case tagged(UInt64, CBORValue)
  /// false or true.
  case bool(Bool)
  /// null.
  case null
  /// A floating-point number; encoded in 16, 32 or 64 bits, the fewest that keep its value.
  case float64(Double)

  /// A signed integer.
  public static func int(_ value: Int64) -> CBORValue {
    value >= 0 ? .unsigned(UInt64(value)) : .negative(UInt64(-1 - value))
  }

  /// A size or a count; negative ones become negative integers.
  public static func count(_ value: Int) -> CBORValue { int(Int64(value)) }

  /// The value of an integer that fits.
  public var int64: Int64? {
    switch self {
    case .unsigned(let value): return Int64(exactly: value)
    case .negative(let value):
      guard let magnitude = Int64(exactly: value) else { return nil }
      return -1 - magnitude
    default: return nil
    }
  }

  /// The item under a text key of a map; nil when absent or when this is no map.
  public subscript(key: String) -> CBORValue? {
    guard case .map(let map) = self else { return nil }
    return map[key]
  }
}

extension CBORValue: Equatable {
  /// Equal when their encodings are: text by its bytes, a NaN equal to itself.
  public static func == (left: CBORValue, right: CBORValue) -> Bool {
    left.encoded() == right.encoded()
  }
}

/// A map whose entries always stand in the bytewise order of their encoded keys (RFC 8949 section
/// 4.2.1), each key once.
public struct CBORMap: Sendable {
  /// A key and its value.
  public struct Entry: Sendable {
    /// The key.
    public let key: CBORValue
    /// The value.
    public var value: CBORValue
    let encodedKey: [UInt8]
  }

  /// The entries in canonical order.
  public private(set) var entries: [Entry] = []

  /// An empty map.
  public init() {}

  /// Takes pairs in any order; throws ``CBORError/duplicateKey(_:)``.
  public init(_ pairs: [(key: CBORValue, value: CBORValue)]) throws(CBORError) {
    entries.reserveCapacity(pairs.count)
    for pair in pairs {
      entries.append(Entry(key: pair.key, value: pair.value, encodedKey: pair.key.encoded()))
    }
    entries.sort { $0.encodedKey.lexicographicallyPrecedes($1.encodedKey) }
    for index in entries.indices.dropFirst()
    where entries[index - 1].encodedKey == entries[index].encodedKey {
      throw CBORError.duplicateKey(entries[index].key.keyText)
    }
  }

  /// Entries known to be sorted and unique: the decoder checked.
  init(sorted entries: [Entry]) {
    self.entries = entries
  }

  /// Entries.
  public var count: Int { entries.count }

  /// The value under `key`. Setting nil removes it.
  public subscript(key: CBORValue) -> CBORValue? {
    get {
      let encoded = key.encoded()
      let index = lowerBound(encoded)
      guard index < entries.count, entries[index].encodedKey == encoded else { return nil }
      return entries[index].value
    }
    set {
      let encoded = key.encoded()
      let index = lowerBound(encoded)
      let found = index < entries.count && entries[index].encodedKey == encoded
      if let newValue {
        if found {
          entries[index].value = newValue
        } else {
          entries.insert(Entry(key: key, value: newValue, encodedKey: encoded), at: index)
        }
      } else if found {
        entries.remove(at: index)
      }
    }
  }

  /// The value under a text key. Setting nil removes it.
  public subscript(key: String) -> CBORValue? {
    get { self[CBORValue.text(key)] }
    set { self[CBORValue.text(key)] = newValue }
  }

  private func lowerBound(_ encodedKey: [UInt8]) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].encodedKey.lexicographicallyPrecedes(encodedKey) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
}

extension CBORMap: ExpressibleByDictionaryLiteral {
  /// A literal with text keys; of a key written twice the last value stays.
  public init(dictionaryLiteral elements: (String, CBORValue)...) {
    for element in elements { self[element.0] = element.1 }
  }
}

extension CBORValue {
  /// A key as an error message shows it.
  var keyText: String {
    switch self {
    case .text(let text): return text
    case .unsigned(let value): return "\(value)"
    case .negative(let value): return "-1-\(value)"
    default: return "(a key that is neither text nor an integer)"
    }
  }
}
