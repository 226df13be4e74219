/// How often each byte value occurs.
struct ByteStatistics {
  private(set) var counts = [Int](repeating: 0, count: 256)

  init() {}

  init(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { counts[Int(byte)] += 1 }
  }

  mutating func add(_ other: ByteStatistics) {
    for value in counts.indices { counts[value] += other.counts[value] }
  }

  /// Bytes that a code made for these counts takes, without its table: Σ n · log2(total / n) / 8, for at
  /// most `CodePartition.partBytes` of them.
  var codedBytes: Double {
    var (total, sum) = (0, 0.0)
    for count in counts {
      total += count
      sum += Self.weightedLogarithms[count]
    }
    return (Self.weightedLogarithms[total] - sum) / 8
  }

  /// n · log2 n.
  private static let weightedLogarithms = (0...CodePartition.partBytes).map { count in
    count == 0 ? 0 : Double(count) * Decibels.of(Double(count)) / 3.0102999566398119
  }
}

/// Where to begin new code tables in a run of bytes: the cuts for which codes and tables together
/// take least.
struct CodePartition {
  /// Cuts are multiples of this.
  static let grain = 1024
  /// Bytes of one part at most: a zstd block.
  static let partBytes = 128 << 10
  /// About what a Huffman table and a block's header take.
  private static let tableBytes = 90.0

  /// Starts of all parts but the first, rising.
  let cuts: [Int]
  /// Bytes it all takes.
  let cost: Double

  init(_ bytes: [UInt8]) {
    let grains = stride(from: 0, to: bytes.count, by: Self.grain).map { start in
      ByteStatistics(bytes[start..<min(start + Self.grain, bytes.count)])
    }
    var best = [0.0]
    var previous = [0]
    for end in stride(from: 1, through: grains.count, by: 1) {
      var part = ByteStatistics()
      var (least, from) = (Double.infinity, 0)
      for start in stride(from: end - 1, through: max(end - Self.partBytes / Self.grain, 0), by: -1)
      {
        part.add(grains[start])
        let cost = best[start] + part.codedBytes + Self.tableBytes
        if cost < least { (least, from) = (cost, start) }
      }
      best.append(least)
      previous.append(from)
    }
    cost = best[grains.count]
    var cuts: [Int] = []
    var at = previous[grains.count]
    while at > 0 {
      cuts.append(at * Self.grain)
      at = previous[at]
    }
    self.cuts = cuts.reversed()
  }
}
