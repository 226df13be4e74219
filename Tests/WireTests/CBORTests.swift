import CBOR
import TestSupport
import Testing
import Wire

@Suite("CBOR")
struct CBORTests {
  /// RFC 8949 appendix A, the items in the deterministic subset.
  static let appendixA: [(hex: String, value: CBORValue)] = [
    ("00", .unsigned(0)), ("01", .unsigned(1)), ("0a", .unsigned(10)), ("17", .unsigned(23)),
    ("1818", .unsigned(24)), ("1819", .unsigned(25)), ("1864", .unsigned(100)),
    ("1903e8", .unsigned(1000)), ("1a000f4240", .unsigned(1_000_000)),
    ("1b000000e8d4a51000", .unsigned(1_000_000_000_000)),
    ("1bffffffffffffffff", .unsigned(.max)), ("3bffffffffffffffff", .negative(.max)),
    ("c249010000000000000000", .tagged(2, .bytes([1, 0, 0, 0, 0, 0, 0, 0, 0]))),
    ("20", .int(-1)), ("29", .int(-10)), ("3863", .int(-100)), ("3903e7", .int(-1000)),
    ("f90000", .float64(0)), ("f98000", .float64(-0.0)), ("f93c00", .float64(1)),
    ("fb3ff199999999999a", .float64(1.1)), ("f93e00", .float64(1.5)),
    ("f97bff", .float64(65504)), ("fa47c35000", .float64(100_000)),
    ("fa7f7fffff", .float64(3.4028234663852886e+38)), ("fb7e37e43c8800759c", .float64(1.0e+300)),
    ("f90001", .float64(5.960464477539063e-8)), ("f90400", .float64(0.00006103515625)),
    ("f9c400", .float64(-4)), ("fbc010666666666666", .float64(-4.1)),
    ("f97c00", .float64(.infinity)), ("f97e00", .float64(.nan)), ("f9fc00", .float64(-.infinity)),
    ("f4", .bool(false)), ("f5", .bool(true)), ("f6", .null),
    ("c11a514b67b0", .tagged(1, .unsigned(1_363_896_240))),
    ("40", .bytes([])), ("4401020304", .bytes([1, 2, 3, 4])), ("60", .text("")),
    ("6161", .text("a")), ("6449455446", .text("IETF")), ("62225c", .text("\"\\")),
    ("62c3bc", .text("ü")), ("63e6b0b4", .text("水")), ("64f0908591", .text("𐅑")),
    ("80", .array([])), ("83010203", .array([.unsigned(1), .unsigned(2), .unsigned(3)])),
    (
      "8301820203820405",
      .array([
        .unsigned(1), .array([.unsigned(2), .unsigned(3)]), .array([.unsigned(4), .unsigned(5)]),
      ])
    ),
    ("a0", .map([:])),
    ("a26161016162820203", .map(["b": .array([.unsigned(2), .unsigned(3)]), "a": .unsigned(1)])),
  ]

  @Test("RFC 8949 appendix A in both directions", arguments: appendixA.indices)
  func vectors(index: Int) throws {
    let (hex, value) = Self.appendixA[index]
    #expect(Hex.encode(value.encoded()) == hex)
    let decoded = try CBORValue.decode(try Hex.decode(hex))
    #expect(Hex.encode(decoded.encoded()) == hex)
    #expect(decoded == value)
  }

  @Test(
    "appendix A items outside the subset, and other forms of the same values, are refused",
    arguments: [
      "f7", "f0", "f8ff", "f818", "1800", "1817", "1900ff", "1a0000ffff", "1b00000000ffffffff",
      "fa3f800000", "fb3ff0000000000000", "fa7fc00000", "f97e01", "fb7ff8000000000000",
      "5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "bfff", "ff", "1c", "5c",
      "a2616201616101", "a2616101616102", "61ff", "62c080", "0000", "", "9bffffffffffffffff",
      "5bffffffffffffffff", "bbffffffffffffffff", "9a7fffffff", "7a7fffffff00",
    ])
  func refused(hex: String) throws {
    let bytes = try Hex.decode(hex)
    #expect(throws: CBORError.self) { try CBORValue.decode(bytes) }
  }

  static func random(_ generator: inout SplitMix64, _ depth: Int) -> CBORValue {
    switch generator.below(depth > 0 ? 10 : 7) {
    case 0: return .unsigned(generator.next() >> generator.below(64))
    case 1: return .negative(generator.next() >> generator.below(64))
    case 2: return .bytes(generator.bytes(Int(generator.below(40))))
    case 3: return .text(String(decoding: generator.bytes(Int(generator.below(30))), as: UTF8.self))
    case 4: return .bool(generator.below(2) == 0)
    case 5: return .null
    case 6:
      switch generator.below(3) {
      case 0: return .float64(Double(bitPattern: generator.next()))
      case 1: return .float64(Double(Float(bitPattern: UInt32(generator.next() >> 32))))
      default: return .float64(Double(Int64(bitPattern: generator.next()) >> 54) / 64)
      }
    case 7: return .array((0..<generator.below(5)).map { _ in random(&generator, depth - 1) })
    case 8: return .tagged(generator.next() >> generator.below(64), random(&generator, depth - 1))
    default:
      var map = CBORMap()
      for _ in 0..<generator.below(6) {
        map[random(&generator, depth - 1)] = random(&generator, depth - 1)
      }
      return .map(map)
    }
  }

  @Test("random values round trip, and damaged ones decode to their own bytes or not at all")
  func roundTrips() throws {
    for seed in UInt64(1)...300 {
      var generator = SplitMix64(seed: seed)
      let bytes = Self.random(&generator, 5).encoded()
      #expect(try CBORValue.decode(bytes).encoded() == bytes, "seed \(seed)")
      let damaged =
        bytes.count < 200
        ? Damage.flips(bytes) + Damage.truncations(bytes)
        : Damage.random(bytes, count: 50, &generator)
      for other in damaged {
        guard let value = try? CBORValue.decode(other) else { continue }
        #expect(value.encoded() == other, "seed \(seed)")
      }
      for prefix in Damage.truncations(bytes).prefix(100) {
        #expect(throws: CBORError.self, "seed \(seed)") { try CBORValue.decode(prefix) }
      }
    }
  }

  @Test("every half-precision number keeps its two bytes")
  func halves() throws {
    for pattern in UInt16.min...UInt16.max {
      let bytes: [UInt8] = [0xf9, UInt8(pattern >> 8), UInt8(pattern & 0xff)]
      let isOtherNaN = pattern & 0x7c00 == 0x7c00 && pattern & 0x3ff != 0 && pattern != 0x7e00
      if isOtherNaN {
        #expect(throws: CBORError.notDeterministic(at: 0)) { try CBORValue.decode(bytes) }
      } else {
        guard case .float64(let value) = try CBORValue.decode(bytes) else {
          Issue.record("not a float: \(pattern)")
          continue
        }
        #expect(CBORValue.float64(value).encoded() == bytes)
        #expect(value.isNaN || Double(Float16(bitPattern: pattern)) == value)
      }
    }
  }

  @Test("limits on depth and items")
  func limits() throws {
    let nested = [UInt8](repeating: 0x81, count: 16) + [0]
    #expect(throws: Never.self) { try CBORValue.decode(nested) }
    #expect(throws: CBORError.tooDeep(at: 16)) { try CBORValue.decode([0x81] + nested) }
    #expect(throws: CBORError.tooDeep(at: 16)) {
      try CBORValue.decode([UInt8](repeating: 0xc1, count: 100_000))
    }
    #expect(throws: CBORError.tooManyItems(at: 0)) {
      try CBORValue.decode([0x83, 1, 2, 3], items: 3)
    }
  }

  @Test("records name the path of what is wrong")
  func records() throws {
    let item: CBORMap = ["shape": .array([.count(1), .text("x")])]
    let map: CBORMap = [
      "name": .text("digits"), "size": .count(-1), "inputs": .array([.map(item)]),
      "digest": .bytes([1, 2]), "scale": .float64(0.5), "on": .bool(true),
    ]
    let record = CBORRecord(map, path: "manifest")
    #expect(try record.text(at: "name") == "digits")
    #expect(try record.int(at: "size") == -1)
    #expect(try record.double(at: "scale") == 0.5)
    #expect(try record.bool(at: "on"))
    #expect(throws: CBORError.missing(path: "manifest.none")) { try record.text(at: "none") }
    #expect(throws: CBORError.mistyped(path: "manifest.name", expected: "a byte string")) {
      try record.bytes(at: "name")
    }
    #expect(throws: CBORError.mistyped(path: "manifest.size", expected: "an unsigned integer")) {
      try record.unsigned(at: "size")
    }
    #expect(throws: CBORError.outOfRange(path: "manifest.digest")) {
      try record.bytes(at: "digest", count: 32)
    }
    let inputs = try record.records(at: "inputs")
    #expect(
      throws: CBORError.mistyped(path: "manifest.inputs[0].shape[1]", expected: "an integer")
    ) { try inputs[0].ints(at: "shape") }
    #expect(throws: CBORError.unexpectedKey(path: "manifest.digest")) {
      try record.expectOnly(["name", "size", "inputs", "scale", "on"])
    }
    #expect(throws: CBORError.duplicateKey("a")) {
      try CBORMap([(.text("a"), .null), (.text("a"), .null)])
    }
    // Canonically equivalent in Unicode, yet two keys.
    #expect(try CBORMap([(.text("\u{e9}"), .null), (.text("e\u{301}"), .null)]).count == 2)
  }
}
