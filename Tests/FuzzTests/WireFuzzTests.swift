import CBOR
import COSE
import JSON
import Sealing
import Testing
import Wire

/// The formats others are made of, and key files.
@Suite("fuzz wire") struct WireFuzzTests {
  static func key() throws -> Ed25519KeyPair {
    try Crypto.initialize()
    return try #require(Ed25519KeyPair(seed: [UInt8](repeating: 9, count: 32)))
  }

  @Test func cbor() {
    let value = CBORValue.map([
      "a": .array([.unsigned(1), .int(-70_000), .float64(0.1), .bool(true), .text("ä")]),
      "bb": .bytes([1, 2, 3]), "c": .map(["d": .array([.array([]), .unsigned(1 << 40)])]),
    ])
    Fuzzer("cbor", [value.encoded(), CBORValue.unsigned(0).encoded()]).run { bytes in
      let encoded = try CBORValue.decode(bytes).encoded()
      // Only the deterministic encoding is read, so a value has one form.
      #expect(encoded == bytes)
      return encoded
    }
  }

  @Test func json() {
    let texts = [
      #"{"a":[1,-2.5e3,true,null,"\u00e4\n"],"b":{"c":{}},"":""}"#, "[]", "0", #""x""#,
    ]
    Fuzzer("json", texts.map { Array($0.utf8) }).run { try JSONValue.parse($0).canonical() }
  }

  @Test func cose() throws {
    let key = try Self.key()
    let samples = [
      COSESign1.sign([1, 2, 3], with: key).encoded(),
      COSESign1.sign([1], detached: true, with: key).encoded(),
    ]
    let public32 = key.publicKey
    Fuzzer("cose", samples).run { bytes in
      let envelope = try COSESign1.decode(bytes)
      _ = try? envelope.verify(publicKey: public32, with: SodiumVerifier())
      return envelope.encoded()
    }
  }

  @Test func keyFiles() throws {
    let key = try Self.key()
    Fuzzer("secret key", [KeyFile.printSecret(key)]).run { bytes in
      KeyFile.printSecret(try KeyFile.parseSecret(bytes))
    }
    Fuzzer("public key", [KeyFile.printPublic(key.publicKey)]).run { bytes in
      KeyFile.printPublic(try KeyFile.parsePublic(bytes))
    }
  }
}
