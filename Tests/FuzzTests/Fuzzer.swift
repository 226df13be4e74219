import Foundation
import Testing
import Wire

/// Mutates samples and shows each to a reader. A trap ends the process: with SWIFTLET_FUZZ_TRACE set,
/// the last line printed is the input that caused it.
struct Fuzzer {
  /// Mutations per reader; more with SWIFTLET_FUZZ_ITERATIONS.
  static let iterations =
    ProcessInfo.processInfo.environment["SWIFTLET_FUZZ_ITERATIONS"].flatMap(Int.init) ?? 3000
  static let isTraced = ProcessInfo.processInfo.environment["SWIFTLET_FUZZ_TRACE"] != nil

  /// How the mutations ended.
  struct Outcome {
    var accepted = 0
    var refused = 0
  }

  let name: String
  let samples: [[UInt8]]
  let seed: UInt64

  init(_ name: String, _ samples: [[UInt8]], seed: UInt64 = 0x5eed) {
    self.name = name
    self.samples = samples
    self.seed = seed
  }

  /// Shows every sample whole, which must be accepted, then `iterations` mutations.
  ///
  /// - Parameter read: returns the bytes its result encodes to, nil where there is no encoder; throws
  ///   to refuse.
  @discardableResult
  func run(
    iterations: Int = Self.iterations, _ read: ([UInt8]) throws -> [UInt8]?
  ) -> Outcome {
    for sample in samples {
      do { _ = try read(sample) } catch { Issue.record("\(name): sample refused: \(error)") }
    }
    var outcome = Outcome()
    for iteration in 0..<iterations {
      let bytes = mutation(iteration)
      if Self.isTraced {
        print(
          "\(name), seed \(seed), iteration \(iteration): \(bytes.count) bytes \(Data(bytes).base64EncodedString())"
        )
      }
      do {
        let encoded = try read(bytes)
        outcome.accepted += 1
        if let encoded, encoded != bytes {
          // What was read encodes to bytes that are read alike.
          let again = try? read(encoded)
          #expect(again == encoded, "\(name), seed \(seed), iteration \(iteration)")
        }
      } catch {
        outcome.refused += 1
      }
    }
    #expect(outcome.refused > 0, "\(name) refuses nothing")
    return outcome
  }

  /// Mutation `iteration` of the seed, alone: no other need be made before it.
  func mutation(_ iteration: Int) -> [UInt8] {
    var random = SplitMix64(seed: seed ^ UInt64(iteration) &* 0x9e37_79b9_7f4a_7c15)
    func position(_ bytes: [UInt8], _ random: inout SplitMix64) -> Int {
      // Half of the time near the start, where structure stands.
      let span = random.below(2) == 0 ? min(bytes.count, 256) : bytes.count
      return Int(random.below(UInt64(max(span, 1))))
    }
    var bytes = samples[Int(random.below(UInt64(samples.count)))]
    let kind = random.below(12)
    if kind == 0 { return random.bytes(Int(random.below(300))) }
    if kind == 1 { return Array(bytes.prefix(Int(random.below(UInt64(bytes.count + 1))))) }
    for _ in 0...random.below(kind < 6 ? 1 : 8) where !bytes.isEmpty {
      let at = position(bytes, &random)
      switch random.below(6) {
      case 0, 1: bytes[at] ^= 1 << UInt8(random.below(8))
      case 2: bytes[at] = random.byte()
      case 3: bytes[at] = [0, 1, 0x7f, 0x80, 0xff, 0x5b, 0x7b, 0x22][Int(random.below(8))]
      case 4:
        // A run of one sample over, or into, another place.
        let other = samples[Int(random.below(UInt64(samples.count)))]
        guard !other.isEmpty else { continue }
        let start = position(other, &random)
        let run = other[start..<min(start + 1 + Int(random.below(64)), other.count)]
        let end = random.below(2) == 0 ? at : min(at + run.count, bytes.count)
        bytes.replaceSubrange(at..<end, with: run)
      default: bytes.removeSubrange(at..<min(at + 1 + Int(random.below(16)), bytes.count))
      }
    }
    return bytes
  }
}
