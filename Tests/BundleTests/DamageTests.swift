import BundleFormat
import Sealing
import TestSupport
import Testing
import Wire

/// No byte of a bundle can change, go or come without notice.
@Suite("damaged bundles") struct DamageTests {
  @Test func undamagedIsAccepted() throws {
    let parts = try SampleBundle.parts()
    let bundle = try SampleBundle.verify(try SampleBundle.bytes())
    #expect(bundle.manifest == SampleBundle.manifest(parts))
    for part in parts { #expect(try bundle.section(part.kind) == part.raw) }
    #expect(bundle.release == SHA256.digest(bundle.manifestBytes))
    #expect(throws: BundleError.missingSection("reference")) { try bundle.section(.reference) }
    #expect(throws: BundleError.missingSection("plan")) { try bundle.section(.plan, plan: "other") }
  }

  /// With two signatures, one of them by nobody who is trusted: its bytes count as well.
  @Test func everyByteCounts() throws {
    let bytes = try BundleSigning.adding(SampleSigner(2), to: try SampleBundle.bytes())
    _ = try SampleBundle.verify(bytes)
    var refused = 0
    for index in bytes.indices {
      for mask: UInt8 in [1 << UInt8(index % 8), 0xff] {
        var damaged = bytes
        damaged[index] ^= mask
        #expect(
          try SampleBundle.refusal(damaged) != nil, "byte \(index) xor \(mask) of \(bytes.count)")
        refused += 1
      }
    }
    #expect(refused == 2 * bytes.count)
  }

  @Test func everyLengthCounts() throws {
    let bytes = try SampleBundle.bytes()
    for count in bytes.indices {
      #expect(try SampleBundle.refusal(Array(bytes.prefix(count))) != nil, "\(count) bytes")
    }
    for extra in [1, 63, 64, 4096] {
      #expect(try SampleBundle.refusal(bytes + [UInt8](repeating: 0, count: extra)) != nil)
    }
  }

  /// A header that agrees with the longer or shorter file does not help.
  @Test func lengthInHeaderCountsForNothing() throws {
    let bytes = try SampleBundle.bytes()
    for change in [-64, -1, 1, 64] {
      var damaged = bytes
      if change < 0 {
        damaged.removeLast(-change)
      } else {
        damaged += [UInt8](repeating: 0, count: change)
      }
      for index in 0..<8 {
        damaged[16 + index] = UInt8(truncatingIfNeeded: damaged.count >> (8 * index))
      }
      guard case .corrupt = try SampleBundle.refusal(damaged) else {
        Issue.record("length \(change) was not found corrupt")
        continue
      }
    }
  }

  @Test func randomBytesNeverCrash() throws {
    var random = SplitMix64(seed: 0x5eed_0001)
    let bytes = try SampleBundle.bytes()
    for _ in 0..<300 {
      let noise = Array("SWB1".utf8) + random.bytes(Int(random.below(200)))
      #expect(try SampleBundle.refusal(noise) != nil, "seed 5eed0001")
    }
    for damaged in Damage.random(bytes, count: 1000, &random) where damaged != bytes {
      #expect(try SampleBundle.refusal(damaged) != nil, "seed 5eed0001")
      _ = try? BundleSigning.adding(SampleSigner(3), to: damaged)
    }
  }
}
