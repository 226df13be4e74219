/// Writes JSON as it goes: members in the order they are given, numbers in their shortest form
/// that reads back the same, no white space unless `indented`.
///
/// Calls must nest: a value at the top, items in an array, `name` before each value in an object.
public struct JSONWriter: Sendable {
  private var text: [UInt8] = []
  private var levels: [Level] = []
  private var afterName = false
  private let indented: Bool

  private struct Level {
    var isEmpty = true
  }

  /// An empty writer; `indented` puts each item and member on its own line.
  public init(indented: Bool = false) {
    self.indented = indented
  }

  /// The UTF-8 text so far.
  public var bytes: [UInt8] { text }

  /// The text so far.
  public var string: String { String(decoding: text, as: UTF8.self) }

  /// Opens an object.
  public mutating func beginObject() { open(UInt8(ascii: "{")) }
  /// Closes an object.
  public mutating func endObject() { close(UInt8(ascii: "}")) }
  /// Opens an array.
  public mutating func beginArray() { open(UInt8(ascii: "[")) }
  /// Closes an array.
  public mutating func endArray() { close(UInt8(ascii: "]")) }

  /// The name of the next member.
  public mutating func name(_ name: String) {
    separate()
    quote(name)
    text.append(UInt8(ascii: ":"))
    if indented { text.append(0x20) }
    afterName = true
  }

  /// null.
  public mutating func null() { raw("null") }
  /// false or true.
  public mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }
  /// An integer.
  public mutating func integer(_ value: Int64) { raw("\(value)") }
  /// An integer.
  public mutating func integer(_ value: Int) { raw("\(value)") }
  /// An integer; readers that hold numbers as doubles lose digits above 2^53.
  public mutating func unsigned(_ value: UInt64) { raw("\(value)") }

  /// A finite number in its shortest form that reads back the same; null for others, which JSON
  /// cannot say.
  public mutating func number(_ value: Double) {
    raw(value.isFinite ? "\(value)" : "null")
  }

  /// A finite number in the shortest form that reads back the same float.
  public mutating func number(_ value: Float) {
    raw(value.isFinite ? "\(value)" : "null")
  }

  /// Text.
  public mutating func string(_ value: String) {
    separate()
    quote(value)
  }

  /// A member with text.
  public mutating func member(_ name: String, _ value: String) {
    self.name(name)
    string(value)
  }

  /// A member with an integer.
  public mutating func member(_ name: String, _ value: Int) {
    self.name(name)
    integer(value)
  }

  /// A member with a number.
  public mutating func member(_ name: String, _ value: Double) {
    self.name(name)
    number(value)
  }

  /// A member with a boolean.
  public mutating func member(_ name: String, _ value: Bool) {
    self.name(name)
    bool(value)
  }

  /// A whole value; with `sorted`, the members of every object in bytewise order of their names.
  public mutating func value(_ value: JSONValue, sorted: Bool = false) {
    switch value {
    case .null: null()
    case .bool(let flag): bool(flag)
    case .integer(let number): integer(number)
    case .number(let number): self.number(number)
    case .string(let text): string(text)
    case .array(let items):
      beginArray()
      for item in items { self.value(item, sorted: sorted) }
      endArray()
    case .object(let members):
      beginObject()
      let ordered =
        sorted
        ? members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } : members
      for member in ordered {
        name(member.name)
        self.value(member.value, sorted: sorted)
      }
      endObject()
    }
  }

  private mutating func raw(_ value: String) {
    separate()
    text.append(contentsOf: value.utf8)
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    text.append(bracket)
    levels.append(Level())
  }

  private mutating func close(_ bracket: UInt8) {
    let wasEmpty = levels.popLast()?.isEmpty ?? true
    if !wasEmpty { newLine() }
    text.append(bracket)
  }

  private mutating func separate() {
    if afterName {
      afterName = false
      return
    }
    guard let last = levels.indices.last else { return }
    if !levels[last].isEmpty { text.append(UInt8(ascii: ",")) }
    levels[last].isEmpty = false
    newLine()
  }

  private mutating func newLine() {
    guard indented else { return }
    text.append(0x0a)
    text.append(contentsOf: repeatElement(0x20, count: 2 * levels.count))
  }

  private mutating func quote(_ value: String) {
    text.append(UInt8(ascii: "\""))
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        text.append(UInt8(ascii: "\\"))
        text.append(byte)
      case 0x0a: text.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
      case 0x0d: text.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
      case 0x09: text.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
      case 0..<0x20, 0x7f:
        text.append(contentsOf: "\\u00".utf8)
        text.append(hexDigit(byte >> 4))
        text.append(hexDigit(byte & 15))
      default: text.append(byte)
      }
    }
    text.append(UInt8(ascii: "\""))
  }

  private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? 0x30 + value : 0x61 + value - 10
  }
}

extension JSONValue {
  /// The canonical text: names sorted bytewise, no white space, shortest numbers.
  public func canonical() -> [UInt8] {
    var writer = JSONWriter()
    writer.value(self, sorted: true)
    return writer.bytes
  }
}
