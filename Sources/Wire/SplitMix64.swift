/// The SplitMix64 generator: 64 bits of state, the same stream on every CPU. Golden vectors and
/// tests are drawn from it by seed. Not for secrets.
///
/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
/// The stream of ``next()``, ``below(_:)``, ``byte()`` and ``unit()`` is part of the bundle
/// format; the standard library's own `random(in:using:)` is not, and may change between
/// compilers.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The stream of `seed`.
  public init(seed: UInt64) {
    state = seed
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// A number in 0..<bound, unbiased: the high half of a 128-bit product, redrawn in the biased
  /// sliver (Lemire 2019). `bound` 0 gives 0.
  public mutating func below(_ bound: UInt64) -> UInt64 {
    guard bound > 0 else { return 0 }
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }

  /// The top eight bits of one draw.
  public mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next() >> 56) }

  /// `count` bytes, one draw each.
  public mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for _ in 0..<count { bytes.append(byte()) }
    return bytes
  }

  /// A double in 0..<1: the top 53 bits of one draw times 2^-53, exact.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
