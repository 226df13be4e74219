import CBOR
import COSE
import Foundation
import Sealing
import TestSupport
import Testing
import Wire

@Suite("COSE_Sign1")
struct COSETests {
  let pair: Ed25519KeyPair
  let payload = CBORValue.map(["b": .int(1), "a": .array([.float64(1.5)])]).encoded()

  init() throws {
    try Crypto.initialize()
    pair = try #require(Ed25519KeyPair(seed: [UInt8](repeating: 7, count: 32)))
  }

  @Test("signs and verifies, attached and detached")
  func roundTrip() throws {
    let attached = COSESign1.sign(payload, with: pair)
    let parsed = try COSESign1.decode(attached.encoded())
    #expect(parsed == attached)
    #expect(parsed.keyIdentifier == pair.keyIdentifier)
    #expect(try parsed.verify(publicKey: pair.publicKey, with: SodiumVerifier()))
    #expect(throws: COSEError.payloadMismatch) {
      try parsed.verify(detachedPayload: payload, publicKey: pair.publicKey, with: SodiumVerifier())
    }
    let detached = try COSESign1.decode(
      COSESign1.sign(payload, detached: true, with: pair).encoded())
    #expect(detached.payload == nil)
    #expect(detached.signature == attached.signature)
    #expect(
      try detached.verify(
        detachedPayload: payload, publicKey: pair.publicKey, with: SodiumVerifier()))
    #expect(throws: COSEError.payloadMismatch) {
      try detached.verify(publicKey: pair.publicKey, with: SodiumVerifier())
    }
  }

  @Test("no damaged byte verifies, but for the unprotected key identifier")
  func damage() throws {
    let good = COSESign1.sign(payload, with: pair)
    let bytes = good.encoded()
    for damaged in Damage.flips(bytes) + Damage.truncations(bytes) {
      guard let parsed = try? COSESign1.decode(damaged) else { continue }
      let holds = try parsed.verify(publicKey: pair.publicKey, with: SodiumVerifier())
      #expect(!holds || parsed.keyIdentifier != good.keyIdentifier)
    }
  }

  @Test("another algorithm, header or shape is refused")
  func profile() throws {
    func sign1(_ protected: [UInt8], _ header: CBORMap, tag: UInt64 = 18) -> [UInt8] {
      let signature = CBORValue.bytes([UInt8](repeating: 0, count: 64))
      return CBORValue.tagged(
        tag, .array([.bytes(protected), .map(header), .bytes(payload), signature])
      ).encoded()
    }
    var header = CBORMap()
    header[.unsigned(4)] = .bytes([1])
    #expect(throws: Never.self) { try COSESign1.decode(sign1([0xa1, 1, 0x27], header)) }
    #expect(throws: COSEError.unsupportedAlgorithm) {
      try COSESign1.decode(sign1([0xa1, 1, 0x26], header))
    }
    #expect(throws: COSEError.unsupportedAlgorithm) { try COSESign1.decode(sign1([], header)) }
    #expect(throws: COSEError.notSign1) {
      try COSESign1.decode(sign1([0xa1, 1, 0x27], header, tag: 98))
    }
    #expect(throws: COSEError.unsupportedHeader) {
      try COSESign1.decode(sign1([0xa1, 1, 0x27], CBORMap()))
    }
  }

  /// RFC 9052 appendix C.2.1 shows the structure signed in this form.
  @Test("the signed structure is the one RFC 9052 section 4.4 builds")
  func structure() {
    #expect(
      Hex.encode(COSESign1.signatureStructure(payload: [1, 2], externalData: [9]))
        == "846a5369676e61747572653143a10127410942" + "0102")
  }
}
