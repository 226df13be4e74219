import BundleFormat
import CBOR
import HostSealing
import Sealing
import TestSupport
import Testing
import Wire

/// Trust, the order of the checks, and sections that lie under a signature that holds.
@Suite("bundle verifier") struct VerifierTests {
  @Test func signerMustBeTrusted() throws {
    let bytes = try SampleBundle.bytes()
    let signer = Hex.encode(try SampleSigner(1).keyIdentifier)
    #expect(
      try SampleBundle.refusal(bytes, SampleBundle.trust(2)) == .untrusted(signers: [signer]))
    #expect(
      try SampleBundle.refusal(bytes, TrustPolicy(keys: [])) == .untrusted(signers: [signer]))
    #expect(
      try SampleBundle.verify(bytes, SampleBundle.trust(2, 1)).trustedSigners == [signer])
  }

  @Test func addedSignatureLeavesTheRelease() throws {
    let bytes = try SampleBundle.bytes()
    let twice = try BundleSigning.adding(SampleSigner(2), to: bytes)
    let (before, after) = (
      try SampleBundle.verify(bytes), try SampleBundle.verify(twice, SampleBundle.trust(2))
    )
    #expect(before.release == after.release)
    #expect(before.manifestBytes == after.manifestBytes)
    #expect(after.signatures.count == 2)
    #expect(throws: BundleError.self) { try BundleSigning.adding(SampleSigner(2), to: twice) }
  }

  @Test func bundleWithoutSectionsTakesSignatures() throws {
    let bytes = try SampleBundle.bytes([])
    _ = try SampleBundle.verify(bytes)
    _ = try SampleBundle.verify(try BundleSigning.adding(SampleSigner(2), to: bytes))
  }

  /// The signatures of one release before the manifest of another, and none at all.
  @Test func signaturesCannotMoveOrGo() throws {
    let first = try SampleBundle.bytes()
    let second = try SampleBundle.bytes { $0.sequence += 1 }
    let block = 32..<32 + Int(first[8]) + Int(first[9]) << 8
    #expect(first.count == second.count)
    var mixed = second
    mixed.replaceSubrange(block, with: first[block])
    let key = Hex.encode(try SampleSigner(1).keyIdentifier)
    #expect(try SampleBundle.refusal(mixed) == .badSignature(key: key))

    var bare = first
    bare.replaceSubrange(block, with: [0x80])
    bare[8] = 1
    bare[9] = 0
    bare[16] = UInt8(truncatingIfNeeded: bare.count)
    bare[17] = UInt8(truncatingIfNeeded: bare.count >> 8)
    guard case .signatureBlock = try SampleBundle.refusal(bare) else {
      Issue.record("a bundle stripped of signatures was not refused as such")
      return
    }
  }

  /// The same valid signature listed twice is still one key's word.
  @Test func keySignsOnce() throws {
    let bytes = try SampleBundle.bytes()
    let end = 32 + Int(bytes[8]) + Int(bytes[9]) << 8
    guard case .array(let items) = try CBORValue.decode(Array(bytes[32..<end])) else {
      Issue.record("a signature block is not an array")
      return
    }
    let block = CBORValue.array(items + items).encoded()
    var doubled = Array(bytes[..<32]) + block + Array(bytes[end...])
    doubled[8] = UInt8(truncatingIfNeeded: block.count)
    doubled[9] = UInt8(truncatingIfNeeded: block.count >> 8)
    doubled[16] = UInt8(truncatingIfNeeded: doubled.count)
    doubled[17] = UInt8(truncatingIfNeeded: doubled.count >> 8)
    #expect(try SampleBundle.refusal(doubled) == .signatureBlock("one key signed twice"))
  }

  @Test func developmentNeedsLeave() throws {
    let bytes = try SampleBundle.bytes { $0.isDevelopment = true }
    #expect(try SampleBundle.refusal(bytes) == .development)
    #expect(try SampleBundle.refusal(bytes, SampleBundle.trust(1, development: true)) == nil)
  }

  /// Nothing is decompressed before every signature held, nor a section before its digest did.
  @Test func orderOfChecks() throws {
    let bytes = try SampleBundle.bytes()
    var opener = RecordingOpener()
    _ = try BundleVerifier(opener: opener).verify(bytes, trust: SampleBundle.trust(1))
    let opened = opener.calls.firstIndex(of: .decompress) ?? 0
    #expect(opener.calls.firstIndex(of: .verify) ?? .max < opened)
    #expect(opener.calls.filter { $0 == .decompress }.count == 4)

    opener = RecordingOpener()
    #expect(throws: BundleError.self) {
      try BundleVerifier(opener: opener).verify(bytes, trust: SampleBundle.trust(9))
    }
    #expect(opener.calls.contains(.verify) && !opener.calls.contains(.decompress))

    // The first section stands 64-aligned after the manifest; spoil its frame.
    let lengths = Int(bytes[8]) + Int(bytes[9]) << 8 + Int(bytes[12]) + Int(bytes[13]) << 8
    var spoiled = bytes
    spoiled[(32 + lengths + 63) / 64 * 64] ^= 1
    opener = RecordingOpener()
    #expect(throws: BundleError.section(kind: "plan", reason: "its bytes were changed")) {
      try BundleVerifier(opener: opener).verify(spoiled, trust: SampleBundle.trust(1))
    }
    #expect(!opener.calls.contains(.decompress))
  }

  /// Frames that lie about themselves, with digests and signatures in order.
  @Test(arguments: ["bomb", "short", "two frames", "skippable", "liar", "none"])
  func dishonestFrames(_ trick: String) throws {
    var part = try SampleBundle.Part(.plan, [UInt8](repeating: 0, count: 100))
    switch trick {
    case "bomb": part.frame = try ZstdEncoder.compress([UInt8](repeating: 0, count: 64 << 20))
    case "short": part.frame = try ZstdEncoder.compress([UInt8](repeating: 0, count: 99))
    case "two frames": part.frame += try ZstdEncoder.compress([])
    case "skippable": part.frame = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0] + part.frame
    case "liar":
      // RFC 8878: a single segment stating 100 bytes whose one RLE block states 100,000.
      let block = 100_000 << 3 | 1 << 1 | 1
      part.frame = [
        0x28, 0xb5, 0x2f, 0xfd, 0x20, 100, UInt8(block & 0xff), UInt8(block >> 8 & 0xff),
        UInt8(block >> 16), 0,
      ]
    default: part.frame = []
    }
    let bytes = try SampleBundle.bytes([part])
    #expect(
      try SampleBundle.refusal(bytes)
        == .section(kind: "plan", reason: "it is not one zstd frame of the size stated"))
  }

  @Test func contentMustBeWhatWasSigned() throws {
    var part = try SampleBundle.Part(.plan, [1, 2, 3])
    part.frame = try ZstdEncoder.compress([1, 2, 4])
    #expect(
      try SampleBundle.refusal(try SampleBundle.bytes([part]))
        == .section(kind: "plan", reason: "its content is not what was signed"))
  }

  @Test func sameInputsGiveSameBytes() throws {
    #expect(try SampleBundle.bytes() == (try SampleBundle.bytes()))
    #expect(try SampleBundle.bytes() != (try SampleBundle.bytes { $0.sequence += 1 }))
  }
}
