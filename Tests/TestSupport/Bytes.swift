public import Wire

/// Ways to damage a sample, for tests that no bytes crash a reader.
public enum Damage {
  /// Every proper prefix.
  public static func truncations(_ bytes: [UInt8]) -> [[UInt8]] {
    (0..<bytes.count).map { Array(bytes.prefix($0)) }
  }

  /// Every byte with one bit flipped, and with all of them.
  public static func flips(_ bytes: [UInt8]) -> [[UInt8]] {
    var damaged: [[UInt8]] = []
    for index in bytes.indices {
      for mask in [UInt8(1) << UInt8(index % 8), 0xff] {
        var copy = bytes
        copy[index] ^= mask
        damaged.append(copy)
      }
    }
    return damaged
  }

  /// `count` copies with some bytes replaced by those of `generator`.
  public static func random(
    _ bytes: [UInt8], count: Int, _ generator: inout SplitMix64
  ) -> [[UInt8]] {
    (0..<count).map { _ in
      var copy = bytes
      for _ in 0...generator.below(4) where !copy.isEmpty {
        copy[Int(generator.below(UInt64(copy.count)))] = generator.byte()
      }
      return copy
    }
  }
}
