/// The shape of a tensor that taps may read: an entry of `Plan.taps`.
public struct TapSource: Sendable, Equatable {
  /// Elements of the tensor.
  public var elements: Int
  /// Its last axis.
  public var channels: Int
  /// True where elements are int16, else int8.
  public var isWide: Bool

  /// Creates a shape.
  public init(elements: Int, channels: Int, isWide: Bool = false) {
    self.elements = elements
    self.channels = channels
    self.isWide = isWide
  }

  /// Vectors longer than this are read as many positions of one channel: nobody watches each of
  /// hundreds of features by itself.
  public static let featuresMax = 16

  /// The source of a plan tensor, channels last. Wide ones are ranks of features: some of them are
  /// watched however many there are.
  public init(shape: [Int], isWide: Bool = false) {
    elements = shape.reduce(1, *)
    let last = shape.last ?? 1
    channels = elements == last && elements > Self.featuresMax && !isWide ? 1 : last
    self.isWide = isWide
  }
}

/// Counts the items of one window on the contract's bins. Creation takes memory;
/// ``observe(_:)`` takes none.
public struct WindowAccumulator: Sendable {
  /// Items observed since the last reset.
  public private(set) var items: UInt32 = 0
  private let taps: [Tap]
  private let sources: [TapSource]
  private let evaluators: [TapEvaluator]
  /// Where each tap's bins begin in `bins`.
  private let offsets: [Int]
  private var bins: [UInt32]
  private var below: [UInt32]
  private var above: [UInt32]

  /// Prepares to count `taps`, whose tensors have the shapes `sources` (in the order of
  /// `Plan.taps`).
  public init(taps: [Tap], sources: [TapSource]) throws(TapError) {
    var evaluators: [TapEvaluator] = []
    var offsets: [Int] = []
    var binCount = 0
    for index in taps.indices {
      let tap = taps[index]
      guard tap.source >= 0, tap.source < sources.count else {
        throw TapError.noSource(tap: index, source: tap.source)
      }
      let source = sources[tap.source]
      guard !source.isWide || source.elements <= TapEvaluator.wideElementLimit else {
        throw TapError.badShape(tap: index, elements: source.elements, channels: source.channels)
      }
      evaluators.append(
        try TapEvaluator(
          tap.function, elements: source.elements, channels: source.channels, tap: index))
      offsets.append(binCount)
      binCount += tap.binCount
    }
    self.taps = taps
    self.sources = sources
    self.evaluators = evaluators
    self.offsets = offsets
    bins = [UInt32](repeating: 0, count: binCount)
    below = [UInt32](repeating: 0, count: taps.count)
    above = below
  }

  /// Counts one inference. `tensor` gives the bytes of an entry of `Plan.taps`; it is asked once
  /// per tap. Throws without counting when a tensor has another size than announced, or when the
  /// window is full (2³² − 1 items).
  public mutating func observe(
    _ tensor: (_ source: Int) -> UnsafeRawBufferPointer
  ) throws(TapError) {
    guard items < UInt32.max else { throw TapError.countOverflow }
    for source in sources.indices {
      let size = sources[source].isWide ? 2 : 1
      let bytes = tensor(source).count
      let found = bytes / size
      guard bytes == sources[source].elements * size else {
        throw TapError.tensorSize(
          source: source, expected: sources[source].elements, found: found)
      }
    }
    for index in taps.indices {
      let source = taps[index].source
      let value = evaluators[index].evaluate(tensor(source), isWide: sources[source].isWide)
      bins[offsets[index] + taps[index].binIndex(value)] += 1
      if value < taps[index].lowest { below[index] += 1 }
      if value > taps[index].highest { above[index] += 1 }
    }
    items += 1
  }

  /// The counts, in the order of the taps.
  public var counts: [TapCounts] {
    var counts: [TapCounts] = []
    counts.reserveCapacity(taps.count)
    for index in taps.indices {
      let start = offsets[index]
      counts.append(
        TapCounts(
          bins: Array(bins[start..<(start + taps[index].binCount)]), below: below[index],
          above: above[index]))
    }
    return counts
  }

  /// Forgets everything counted.
  public mutating func reset() {
    items = 0
    for index in bins.indices { bins[index] = 0 }
    for index in below.indices {
      below[index] = 0
      above[index] = 0
    }
  }

  /// Goes on from counts taken earlier.
  public mutating func restore(items: UInt32, counts: [TapCounts]) throws(TapError) {
    guard counts.count == taps.count else { throw TapError.countsMismatch }
    for index in taps.indices {
      guard counts[index].bins.count == taps[index].binCount, counts[index].total == UInt64(items)
      else { throw TapError.countsMismatch }
    }
    for index in taps.indices {
      for bin in counts[index].bins.indices {
        bins[offsets[index] + bin] = counts[index].bins[bin]
      }
      below[index] = counts[index].below
      above[index] = counts[index].above
    }
    self.items = items
  }
}

extension TapCounts {
  /// Items counted: the sum of the bins.
  public var total: UInt64 {
    var total: UInt64 = 0
    for count in bins { total += UInt64(count) }
    return total
  }

  /// Adds other counts of the same tap. Throws, changing nothing, when bins differ in number or a
  /// count would overflow.
  public mutating func merge(_ other: TapCounts) throws(TapError) {
    guard bins.count == other.bins.count else { throw TapError.countsMismatch }
    var merged = self
    for bin in bins.indices {
      merged.bins[bin] = try Self.add(bins[bin], other.bins[bin])
    }
    merged.below = try Self.add(below, other.below)
    merged.above = try Self.add(above, other.above)
    self = merged
  }

  private static func add(_ left: UInt32, _ right: UInt32) throws(TapError) -> UInt32 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    guard !overflow else { throw TapError.countOverflow }
    return sum
  }
}

/// A window's counts as a verdict takes them.
public struct WindowCounts: Sendable, Equatable {
  /// Items counted.
  public var items: UInt32
  /// Counts in the order of the contract's taps.
  public var taps: [TapCounts]

  /// Creates a window.
  public init(items: UInt32, taps: [TapCounts]) {
    self.items = items
    self.taps = taps
  }

  /// Adds another window. Throws, changing nothing, on a mismatch or an overflow.
  public mutating func merge(_ other: WindowCounts) throws(TapError) {
    guard taps.count == other.taps.count else { throw TapError.countsMismatch }
    var merged = self
    let (sum, overflow) = items.addingReportingOverflow(other.items)
    guard !overflow else { throw TapError.countOverflow }
    merged.items = sum
    for index in taps.indices { try merged.taps[index].merge(other.taps[index]) }
    self = merged
  }
}
