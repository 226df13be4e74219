/// Latencies in buckets a quarter of an octave wide: 0, 1, 2, 3 µs, then four per doubling, the
/// last one open. Adding is integer arithmetic without heap; merging is addition.
public struct LatencyHistogram: Sendable, Equatable {
  /// Buckets.
  public static let bucketCount = 96
  /// Counts per bucket.
  public private(set) var counts = [UInt32](repeating: 0, count: bucketCount)

  /// No latencies.
  public init() {}

  /// Latencies counted earlier; nil when there are more buckets than ``bucketCount``.
  public init?(counts: [UInt32]) {
    guard counts.count <= Self.bucketCount else { return nil }
    for index in counts.indices { self.counts[index] = counts[index] }
  }

  /// Counts one latency; a full bucket stays full.
  public mutating func add(nanoseconds: UInt64) {
    let bucket = Self.bucket(microseconds: nanoseconds / 1000)
    if counts[bucket] < UInt32.max { counts[bucket] += 1 }
  }

  /// The bucket of a latency: e = ⌊log₂ µs⌋ and the two bits below the leading one.
  public static func bucket(microseconds: UInt64) -> Int {
    guard microseconds >= 4 else { return Int(microseconds) }
    let exponent = 63 - microseconds.leadingZeroBitCount
    let quarter = Int((microseconds >> UInt64(exponent - 2)) & 3)
    return min(4 * (exponent - 1) + quarter, bucketCount - 1)
  }

  /// The smallest latency of a bucket, µs.
  public static func lowerBound(bucket: Int) -> UInt64 {
    guard bucket >= 4 else { return UInt64(max(bucket, 0)) }
    let exponent = bucket / 4 + 1
    return (4 + UInt64(bucket % 4)) << UInt64(exponent - 2)
  }

  /// Forgets everything.
  public mutating func reset() {
    for index in counts.indices { counts[index] = 0 }
  }

  /// The counts without the empty buckets at the end: what a record holds.
  var trimmed: [UInt32] {
    var end = counts.count
    while end > 0, counts[end - 1] == 0 { end -= 1 }
    return Array(counts[..<end])
  }
}
