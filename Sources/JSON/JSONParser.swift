import System
public import Wire

extension JSONValue {
  /// Parses one JSON text and nothing after it but white space.
  /// - Parameters:
  ///   - depth: the deepest nesting accepted.
  ///   - values: the most values accepted in all.
  public static func parse(
    _ bytes: [UInt8], depth: Int = Limits.depth, values: Int = Limits.items
  ) throws(JSONError) -> JSONValue {
    try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) -> JSONValue in
      try parse(UnsafeRawBufferPointer(buffer), depth: depth, values: values)
    }
  }

  /// Parses one JSON text and nothing after it but white space.
  public static func parse(
    _ bytes: UnsafeRawBufferPointer, depth: Int = Limits.depth, values: Int = Limits.items
  ) throws(JSONError) -> JSONValue {
    guard UTF8Text.isValid(bytes) else { throw JSONError.invalidText(at: 0) }
    var parser = JSONParser(bytes, depth: depth, values: values)
    return try parser.document()
  }
}

/// A recursive-descent parser of RFC 8259, nothing more.
struct JSONParser {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var depthLeft: Int
  private var valuesLeft: Int

  init(_ bytes: UnsafeRawBufferPointer, depth: Int, values: Int) {
    self.bytes = bytes
    depthLeft = depth
    valuesLeft = values
  }

  mutating func document() throws(JSONError) -> JSONValue {
    let result = try value()
    skipSpace()
    guard position == bytes.count else {
      throw JSONError.unexpected(at: position, expected: "the end")
    }
    return result
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard current == byte else { return false }
    position += 1
    return true
  }

  private func wrong(_ expected: String) -> JSONError {
    position < bytes.count
      ? .unexpected(at: position, expected: expected) : .truncated(at: position)
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    skipSpace()
    guard valuesLeft > 0 else { throw JSONError.tooLarge(at: position) }
    valuesLeft -= 1
    guard let byte = current else { throw JSONError.truncated(at: position) }
    switch byte {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"):
      try word("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try word("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try word("null")
      return .null
    case UInt8(ascii: "-"), 0x30...0x39: return try number()
    default: throw wrong("a value")
    }
  }

  private mutating func word(_ word: StaticString) throws(JSONError) {
    for index in 0..<word.utf8CodeUnitCount {
      guard current == word.utf8Start[index] else { throw wrong("a value") }
      position += 1
    }
  }

  private mutating func enter() throws(JSONError) {
    guard depthLeft > 0 else { throw JSONError.tooDeep(at: position) }
    depthLeft -= 1
    position += 1
    skipSpace()
  }

  private mutating func array() throws(JSONError) -> JSONValue {
    try enter()
    var items: [JSONValue] = []
    if !take(UInt8(ascii: "]")) {
      repeat {
        items.append(try value())
        skipSpace()
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "]")) else { throw wrong("a comma or ]") }
    }
    depthLeft += 1
    return .array(items)
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    try enter()
    var members: [JSONMember] = []
    var starts: [Int] = []
    if !take(UInt8(ascii: "}")) {
      repeat {
        skipSpace()
        guard current == UInt8(ascii: "\"") else { throw wrong("a name") }
        starts.append(position)
        let name = try string()
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw wrong("a colon") }
        members.append(JSONMember(name, try value()))
        skipSpace()
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "}")) else { throw wrong("a comma or }") }
    }
    depthLeft += 1
    try refuseDuplicates(members, starts)
    return .object(members)
  }

  private func refuseDuplicates(
    _ members: [JSONMember], _ starts: [Int]
  ) throws(JSONError) {
    let order = members.indices.sorted {
      members[$0].name.utf8.lexicographicallyPrecedes(members[$1].name.utf8)
    }
    for index in order.indices.dropFirst() {
      let name = members[order[index]].name
      if members[order[index - 1]].name.utf8.elementsEqual(name.utf8) {
        throw JSONError.duplicateName(
          at: max(starts[order[index - 1]], starts[order[index]]), name: name)
      }
    }
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte = current, (0x30...0x39).contains(byte) { position += 1 }
    if position == start { throw wrong("a digit") }
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    let negative = take(UInt8(ascii: "-"))
    let first = position
    try digits()
    if bytes[first] == 0x30, position > first + 1 {
      throw JSONError.unexpected(at: first, expected: "a number without leading zero")
    }
    var isInteger = true
    if take(UInt8(ascii: ".")) {
      isInteger = false
      try digits()
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isInteger = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    // "-0" is a double: an integer would lose its sign.
    if isInteger, !(negative && position == first + 1 && bytes[first] == 0x30),
      let value = integer(first, negative)
    {
      return .integer(value)
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = Number.double(text), value.isFinite else {
      throw JSONError.numberOutOfRange(at: start)
    }
    return .number(value)
  }

  private func integer(_ first: Int, _ negative: Bool) -> Int64? {
    var value: Int64 = 0
    for index in first..<position {
      let digit = Int64(bytes[index] - 0x30)
      let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, more) =
        negative
        ? scaled.subtractingReportingOverflow(digit) : scaled.addingReportingOverflow(digit)
      if overflow || more { return nil }
      value = next
    }
    return value
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        position += 1
        try escape(into: &text)
      case 0..<0x20:
        throw wrong("an escaped control character")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw JSONError.truncated(at: position)
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard let byte = current else { throw JSONError.truncated(at: position) }
    let start = position
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "u"):
      var scalar = try fourDigits()
      if (0xd800..<0xdc00).contains(scalar) {
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
          throw JSONError.invalidText(at: start)
        }
        let low = try fourDigits()
        guard (0xdc00..<0xe000).contains(low) else { throw JSONError.invalidText(at: start) }
        scalar = 0x10000 + (scalar - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let valid = Unicode.Scalar(scalar) else { throw JSONError.invalidText(at: start) }
      text.append(contentsOf: UTF8.encode(valid) ?? UTF8.encodedReplacementCharacter)
    default:
      position = start
      throw wrong("an escape")
    }
  }

  private mutating func fourDigits() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current else { throw JSONError.truncated(at: position) }
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x41 + 10
      case 0x61...0x66: digit = byte - 0x61 + 10
      default: throw wrong("a hexadecimal digit")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
