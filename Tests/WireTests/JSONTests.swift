import Foundation
import JSON
import TestSupport
import Testing
import Wire

@Suite("JSON")
struct JSONTests {
  private func parse(_ text: String) throws(JSONError) -> JSONValue {
    try JSONValue.parse(Array(text.utf8))
  }

  private func canonical(_ text: String) throws -> String {
    String(decoding: try parse(text).canonical(), as: UTF8.self)
  }

  @Test(
    "accepted texts and their canonical form",
    arguments: [
      (" null ", "null"), ("[]", "[]"), ("{}", "{}"), ("[1, 2 ,3]", "[1,2,3]"),
      ("{\"b\":1,\"a\":{\"d\":true,\"c\":false}}", "{\"a\":{\"c\":false,\"d\":true},\"b\":1}"),
      ("-9223372036854775808", "-9223372036854775808"),
      ("9223372036854775807", "9223372036854775807"),
      ("9223372036854775808", "9.223372036854776e+18"), ("-0", "-0.0"), ("1e2", "100.0"),
      ("0.1", "0.1"), ("1E-7", "1e-07"), ("\"\\u00e9\\ud83d\\ude00\\/\"", "\"é😀/\""),
      ("\"\\u0000\\u001f\\n\\\"\\\\\"", "\"\\u0000\\u001f\\n\\\"\\\\\""),
    ])
  func accepted(text: String, expected: String) throws {
    #expect(try canonical(text) == expected)
    #expect(try canonical(expected) == expected)
  }

  @Test(
    "texts that are not JSON",
    arguments: [
      "", " ", "nul", "nulll", "[1,]", "[,1]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "01", "-", "+1",
      "1.", ".5", "1e", "1e+", "0x1", "NaN", "Infinity", "1e999", "\"", "\"\\x\"", "\"\\u12g4\"",
      "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\t\"", "[1] 2", "{\"a\":1,\"a\":2}",
      "'a'", "[1 2]", "\u{feff}1", "// c\n1", "{\"a\":1,\"\\u0061\":2}",
    ])
  func refused(text: String) {
    #expect(throws: JSONError.self) { try parse(text) }
  }

  @Test("limits and broken text")
  func limits() {
    #expect(throws: JSONError.tooDeep(at: 16)) {
      try JSONValue.parse([UInt8](repeating: UInt8(ascii: "["), count: 100_000))
    }
    #expect(throws: JSONError.tooLarge(at: 5)) {
      try JSONValue.parse(Array("[1,2,3]".utf8), values: 3)
    }
    #expect(throws: JSONError.invalidText(at: 0)) { try JSONValue.parse([0x22, 0xff, 0x22]) }
  }

  static func random(_ generator: inout SplitMix64, _ depth: Int) -> JSONValue {
    switch generator.below(depth > 0 ? 7 : 5) {
    case 0: return .null
    case 1: return .bool(generator.below(2) == 0)
    case 2: return .integer(Int64(bitPattern: generator.next()) >> generator.below(64))
    case 3:
      let value = Double(bitPattern: generator.next())
      return .number(value.isFinite ? value : 0.5)
    case 4:
      return .string(String(decoding: generator.bytes(Int(generator.below(20))), as: UTF8.self))
    case 5: return .array((0..<generator.below(5)).map { _ in random(&generator, depth - 1) })
    default:
      return .object(
        (0..<generator.below(5)).map { index in
          JSONMember("k\(index)", random(&generator, depth - 1))
        })
    }
  }

  @Test("random values round trip, Foundation reads them, damage never crashes")
  func roundTrips() throws {
    for seed in UInt64(1)...200 {
      var generator = SplitMix64(seed: seed)
      let value = Self.random(&generator, 4)
      var indented = JSONWriter(indented: true)
      indented.value(value, sorted: true)
      let bytes = value.canonical()
      #expect(try JSONValue.parse(bytes).canonical() == bytes, "seed \(seed)")
      #expect(try JSONValue.parse(indented.bytes).canonical() == bytes, "seed \(seed)")
      _ = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
      for damaged in Damage.random(bytes, count: 50, &generator)
        + Damage.truncations(bytes).prefix(300)
      {
        guard let other = try? JSONValue.parse(damaged) else { continue }
        let again = other.canonical()
        #expect(try JSONValue.parse(again).canonical() == again, "seed \(seed)")
      }
    }
  }

  @Test("the writer keeps the order given and never writes what JSON cannot say")
  func writer() {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("z", 1)
    writer.member("a", "x\"\u{7f}")
    writer.name("list")
    writer.beginArray()
    writer.number(Double.nan)
    writer.number(Float(0.1))
    writer.unsigned(.max)
    writer.endArray()
    writer.endObject()
    #expect(
      writer.string
        == "{\"z\":1,\"a\":\"x\\\"\\u007f\",\"list\":[null,0.1,18446744073709551615]}")
  }
}
