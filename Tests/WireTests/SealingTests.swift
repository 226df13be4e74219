import HostSealing
import Sealing
import TestSupport
import Testing
import Wire

@Suite("Sealing")
struct SealingTests {
  init() throws { try Crypto.initialize() }

  /// RFC 8032 section 7.1, tests 1, 2 and 3.
  static let vectors: [(seed: String, key: String, message: String, signature: String)] = [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        + "d25bf5f0595bbe24655141438e7a100b"
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        + "387b2eaeb4302aeeb00d291612bb0c00"
    ),
    (
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        + "4a7c15e9716ed28dc027beceea1ec40a"
    ),
  ]

  @Test("RFC 8032 Ed25519 vectors", arguments: vectors.indices)
  func ed25519(index: Int) throws {
    let vector = Self.vectors[index]
    let pair = try #require(Ed25519KeyPair(seed: try Hex.decode(vector.seed)))
    let message = try Hex.decode(vector.message)
    #expect(Hex.encode(pair.publicKey) == vector.key)
    let signature = pair.sign(message)
    #expect(Hex.encode(signature) == vector.signature)
    #expect(Ed25519.verify(signature: signature, message: message, publicKey: pair.publicKey))
    for damaged in Damage.flips(signature) + Damage.truncations(signature) {
      #expect(!Ed25519.verify(signature: damaged, message: message, publicKey: pair.publicKey))
    }
    #expect(
      !Ed25519.verify(signature: signature, message: message + [0], publicKey: pair.publicKey))
    #expect(
      !Ed25519.verify(
        signature: signature, message: message, publicKey: [UInt8](repeating: 0, count: 32)))
  }

  @Test("SHA-256 of FIPS 180-4's samples, whole and in parts")
  func sha256() {
    #expect(
      Hex.encode(SHA256.digest(Array("abc".utf8)))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Hex.encode(SHA256.digest([UInt8]()))
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    var hasher = SHA256Hasher()
    hasher.update([0x61])
    _ = hasher.finish()
    hasher.update([0x62, 0x63])
    #expect(hasher.finish() == SHA256.digest(Array("abc".utf8)))
  }

  @Test("keys print and parse; wrong files say what they are")
  func keyFiles() throws {
    let pair = try Ed25519KeyPair.generate()
    let secret = KeyFile.printSecret(pair)
    let open = KeyFile.printPublic(pair.publicKey)
    #expect(try KeyFile.parseSecret(secret).publicKey == pair.publicKey)
    #expect(try KeyFile.parsePublic(open) == pair.publicKey)
    #expect(throws: SealingError.badKey(.publicWhereSecret)) { try KeyFile.parseSecret(open) }
    #expect(throws: SealingError.badKey(.secretWherePublic)) { try KeyFile.parsePublic(secret) }
    #expect(throws: SealingError.badKey(.notAKey)) { try KeyFile.parsePublic([]) }
    #expect(throws: SealingError.badKey(.badDigits)) {
      try KeyFile.parsePublic(Array(open.dropLast(2)))
    }
    #expect(try Ed25519KeyPair.generate().publicKey != pair.publicKey)
    #expect(KeyFile.keyIdentifier(pair.publicKey) == Array(SHA256.digest(pair.publicKey)[..<16]))
  }

  @Test("zstd round trips, the same bytes every time")
  func zstd() throws {
    var generator = SplitMix64(seed: 5)
    for size in [0, 1, 100, 70_000, 300_000] {
      let content = (0..<size).map { _ in UInt8(generator.below(7)) }
      let frame = try ZstdEncoder.compress(content)
      #expect(try ZstdEncoder.compress(content) == frame)
      #expect(try Zstd.decompress(frame, expectedSize: size) == content)
      #expect(throws: SealingError.sizeMismatch(expected: UInt64(size) + 1, found: UInt64(size))) {
        try Zstd.decompress(frame, expectedSize: size + 1)
      }
      #expect(throws: SealingError.notSingleFrame) {
        try Zstd.decompress(frame + frame, expectedSize: size)
      }
      #expect(throws: SealingError.notSingleFrame) {
        try Zstd.decompress(frame + [0], expectedSize: size)
      }
    }
  }

  @Test("damaged and hostile zstd frames are refused or give the stated size")
  func hostileZstd() throws {
    let content = Array("a section, a section, a section of a bundle".utf8)
    let frame = try ZstdEncoder.compress(content)
    for damaged in Damage.flips(frame) + Damage.truncations(frame) {
      guard let other = try? Zstd.decompress(damaged, expectedSize: content.count) else { continue }
      #expect(other.count == content.count)
    }
    #expect(throws: SealingError.notSingleFrame) {
      try Zstd.decompress(
        [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0] + frame, expectedSize: content.count)
    }
    // Frame_Content_Size of 4 bytes, no single segment, window of 2 GiB; one empty raw last block.
    #expect(throws: SealingError.windowTooLarge(bytes: 1 << 31, limit: Zstd.windowLimit)) {
      try Zstd.decompress(
        [0x28, 0xb5, 0x2f, 0xfd, 0x80, 0xa8, 0, 0, 0, 0, 1, 0, 0], expectedSize: 0)
    }
    // No size stated.
    #expect(throws: SealingError.sizeUnknown) {
      try Zstd.decompress([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 1, 0, 0], expectedSize: 0)
    }
  }
}
