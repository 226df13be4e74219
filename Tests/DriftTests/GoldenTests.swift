import DriftStatistics
import Foundation
import TestSupport
import Testing

/// Statistics of the published prototype on real streams: counts in, statistics out.
@Suite struct GoldenTests {
  static let folder = Shared.file("drift/goldens")

  private struct Manifest: Decodable {
    let n: Int
    let N: Int
    let K: Int
    let T: Int
    let C: Int
    let labels: [String]
  }

  private func u16(_ path: String) throws -> [UInt32] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return stride(from: 0, to: data.count, by: 2).map {
      UInt32(data[$0]) | UInt32(data[$0 + 1]) << 8
    }
  }

  private func f64(_ path: String) throws -> [Double] {
    let data = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    return stride(from: 0, to: data.count, by: 8).map { start in
      var bits: UInt64 = 0
      for byte in 0..<8 { bits |= UInt64(data[start + byte]) << UInt64(8 * byte) }
      return Double(bitPattern: bits)
    }
  }

  @Test(.requiresShared, arguments: ["imu", "vowels", "mnist"])
  func equalsPrototype(_ name: String) throws {
    let base = Self.folder + "/" + name
    let manifest = try JSONDecoder().decode(
      Manifest.self, from: Data(contentsOf: URL(fileURLWithPath: base + "/manifest.json")))
    let counts = try u16(base + "/counts.bin")
    let reference = try u16(base + "/ref_counts.bin")
    let classes = try u16(base + "/class_counts.bin")
    let classReference = try u16(base + "/ref_class.bin")
    let guards = try u16(base + "/guard_counts.bin")
    let expected = try f64(base + "/stats.bin")
    let (taps, bins) = (manifest.T, manifest.K)
    for window in manifest.labels.indices {
      var largest = 0.0
      for tap in 0..<taps {
        let start = (window * taps + tap) * bins
        let statistic = ChiSquare.inflated(
          counts: Array(counts[start..<(start + bins)]),
          reference: Array(reference[(tap * bins)..<((tap + 1) * bins)]))
        largest = max(largest, statistic)
      }
      let row = window * 5
      #expect(abs(largest - expected[row]) <= 1e-9 * max(1, expected[row]))
      // The prototype gives an unseen class half an item: compare where there is none.
      if !classReference.contains(0) {
        let live = Array(classes[(window * manifest.C)..<((window + 1) * manifest.C)])
        let statistic = ChiSquare.inflated(counts: live, reference: classReference)
        #expect(abs(statistic - expected[row + 3]) <= 1e-9 * max(1, expected[row + 3]))
      }
      var tail = 1.0
      for extreme in 0..<(2 * taps) {
        tail = min(
          tail,
          GuardTail.probability(
            count: guards[window * 2 * taps + extreme], items: UInt32(manifest.n),
            referenceItems: UInt32(manifest.N)))
      }
      // SciPy takes the tail as 1 − cdf: it is good to 1e-11 absolutely. `GuardTail` is held
      // to the exact recurrence elsewhere.
      #expect(abs(tail - expected[row + 4]) <= 1e-9 * expected[row + 4] + 1e-11)
    }
    #expect(expected.count == manifest.labels.count * 5)
  }
}
