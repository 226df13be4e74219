import TestSupport
import Testing
import Wire

@Suite("Wire")
struct WireTests {
  @Test("CRC-32C of the check string and of RFC 3720's samples")
  func checksum() {
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xe306_9283)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
    #expect(CRC32C.checksum([UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
    var parts = CRC32C()
    for byte in "123456789".utf8 { parts.update([byte]) }
    #expect(parts.value == 0xe306_9283)
  }

  @Test("SplitMix64 gives its published stream")
  func generator() {
    var generator = SplitMix64(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    #expect((0..<5).map { _ in generator.next() } == expected)
    for bound in [UInt64(1), 2, 7, 1 << 63, .max] {
      for _ in 0..<100 { #expect(generator.below(bound) < bound) }
    }
    #expect(generator.below(0) == 0)
    for _ in 0..<100 { #expect((0..<1).contains(generator.unit())) }
  }

  @Test("varint and zigzag round trips", arguments: [UInt64(1), 2, 3])
  func varints(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    var values: [UInt64] = [0, 1, 127, 128, 16_383, 16_384, .max, .max - 1, 1 << 63]
    for _ in 0..<500 { values.append(generator.next() >> generator.below(64)) }
    for value in values {
      var writer = ByteWriter()
      writer.varint(value)
      writer.zigzag(Int64(bitPattern: value))
      let (first, second) = try ByteReader.reading(writer.bytes) {
        (reader) throws(WireError) -> (UInt64, Int64) in
        let pair = (try reader.varint(), try reader.zigzag())
        try reader.expectEnd()
        return pair
      }
      #expect(first == value, "seed \(seed)")
      #expect(second == Int64(bitPattern: value), "seed \(seed)")
    }
  }

  private func varint(_ bytes: [UInt8], canonical: Bool = true) throws(WireError) -> UInt64 {
    try ByteReader.reading(bytes) { (reader) throws(WireError) -> UInt64 in
      try reader.varint(canonical: canonical)
    }
  }

  @Test("varints that are too long, overflow or end early are refused")
  func badVarints() throws {
    #expect(throws: WireError.notCanonical(at: 0)) { try varint([0x80, 0x00]) }
    #expect(try varint([0x80, 0x00], canonical: false) == 0)
    let nine = [UInt8](repeating: 0xff, count: 9)
    #expect(try varint(nine + [0x01]) == .max)
    #expect(throws: WireError.overflow(at: 0)) { try varint(nine + [0x02]) }
    #expect(throws: WireError.overflow(at: 0)) { try varint(nine + [0x81, 0x01]) }
    #expect(throws: WireError.truncated(at: 2, needed: 1)) { try varint([0x80, 0x80]) }
  }

  @Test("fixed-width numbers round trip and stop at the end")
  func numbers() throws {
    var writer = ByteWriter()
    writer.u8(0xfe)
    writer.i8(-2)
    writer.u16(0x1234)
    writer.i16(-300)
    writer.u32(0xdead_beef)
    writer.i32(.min)
    writer.u64(.max - 5)
    writer.i64(.min)
    writer.f32(-0.1)
    writer.f64(.pi)
    writer.append("é")
    #expect(writer.bytes[2...3] == [0x34, 0x12])
    let bytes = writer.bytes
    try ByteReader.reading(bytes) { (reader) throws(WireError) in
      #expect(try reader.u8() == 0xfe)
      #expect(try reader.i8() == -2)
      #expect(try reader.u16() == 0x1234)
      #expect(try reader.i16() == -300)
      #expect(try reader.u32() == 0xdead_beef)
      #expect(try reader.i32() == .min)
      #expect(try reader.u64() == .max - 5)
      #expect(try reader.i64() == .min)
      #expect(try reader.f32() == -0.1)
      #expect(try reader.f64() == .pi)
      #expect(try reader.text(2) == "é")
      #expect(reader.isAtEnd)
      #expect(throws: WireError.truncated(at: bytes.count, needed: 8)) { try reader.u64() }
      #expect(throws: WireError.truncated(at: bytes.count, needed: -1)) { try reader.take(-1) }
      #expect(throws: WireError.truncated(at: bytes.count, needed: .max)) { try reader.take(.max) }
    }
  }

  @Test("UTF-8 validity agrees with the standard library", arguments: [UInt64(11), 12])
  func text(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let sample = Array("aé€😀\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}".utf8)
    for bytes in Damage.truncations(sample) + Damage.flips(sample)
      + Damage.random(sample, count: 3000, &generator)
    {
      #expect(
        UTF8Text.isValid(bytes) == (String(validating: bytes, as: UTF8.self) != nil),
        "seed \(seed), \(bytes)")
    }
    for overlong: [UInt8] in [
      [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff],
    ] {
      #expect(!UTF8Text.isValid(overlong))
    }
  }

  @Test("hexadecimal")
  func hex() throws {
    #expect(Hex.encode([0, 0x9a, 0xff]) == "009aff")
    #expect(try Hex.decode("009AfF") == [0, 0x9a, 0xff])
    #expect(throws: WireError.invalidHex(at: 3)) { try Hex.decode("123") }
    #expect(throws: WireError.invalidHex(at: 1)) { try Hex.decode("1g") }
  }
}
