/// Pearson's statistic with the reference's own size taken into account.
///
/// The reference is a sample too: with n items against N reference items the plain X² is too
/// large by f = 1 + n/N on average (two independent multinomials), so it is divided by f.
public enum ChiSquare {
  /// X² = Σ (c − n·p)² / (n·p) / f over the bins with p > 0, f = 1 + n/N. Summed in the order of
  /// the bins: the same bits everywhere.
  /// - Parameters:
  ///   - counts: live counts per cell, summing to n.
  ///   - reference: reference counts per cell, summing to N. A cell without reference items is
  ///     left out: ``Cells`` pools such bins first.
  public static func inflated(counts: [UInt32], reference: [UInt32]) -> Double {
    let (plain, items, referenceItems) = plain(counts, reference)
    guard items > 0, referenceItems > 0 else { return 0 }
    return plain / (1 + items / referenceItems)
  }

  /// The same for a window drawn without replacement from the reference itself: its plain X² is
  /// too small by 1 − n/N (finite population), so that ÷ f · (1 + n/N)/(1 − n/N) is ÷ (1 − n/N).
  public static func drawn(counts: [UInt32], reference: [UInt32]) -> Double {
    let (plain, items, referenceItems) = plain(counts, reference)
    guard items > 0, referenceItems > items else { return 0 }
    return plain / (1 - items / referenceItems)
  }

  private static func plain(
    _ counts: [UInt32], _ reference: [UInt32]
  ) -> (statistic: Double, items: Double, referenceItems: Double) {
    var items = 0.0
    var referenceItems = 0.0
    for count in counts { items += Double(count) }
    for count in reference { referenceItems += Double(count) }
    guard items > 0, referenceItems > 0 else { return (0, items, referenceItems) }
    var statistic = 0.0
    for cell in 0..<min(counts.count, reference.count) where reference[cell] > 0 {
      let mass = Double(reference[cell]) / referenceItems
      let expected = items * mass
      let difference = Double(counts[cell]) - expected
      let square = difference * difference
      statistic += square / expected
    }
    return (statistic, items, referenceItems)
  }
}

/// The upper tail of the guards' exact null.
public enum GuardTail {
  /// P(X ≥ `count`) for X beta-binomial(n, 1, N): of n + N exchangeable values, the chance that
  /// the `count` most extreme are all live, Π (n − i)/(n + N − i) for i < `count`.
  public static func probability(count: UInt32, items: UInt32, referenceItems: UInt32) -> Double {
    guard count <= items else { return 0 }
    var probability = 1.0
    var index = 0.0
    let live = Double(items)
    let all = live + Double(referenceItems)
    // Below 1e-300 nothing more is to be learnt: the loop ends however large the count.
    for _ in 0..<count {
      probability *= (live - index) / (all - index)
      index += 1
      if probability < 1e-300 { return 1e-300 }
    }
    return probability
  }
}

/// The cells of a tap's X²: bins in which the reference has items. A bin without reference items
/// has no mass to compare with; it joins the nearest cell before it (the first cell, for leading
/// ones), and the items in it are a guard of their own (`unseen`): for a fixed bin the chance
/// that N reference items miss it and `count` of n live ones hit it is below the beta-binomial
/// tail for n ≪ N.
public struct Cells: Sendable, Equatable {
  /// The cell of each bin.
  public let cellOfBin: [Int]
  /// Reference items per cell, none zero unless all are.
  public let reference: [UInt32]
  /// Bins that the reference never saw.
  public let unseenBins: [Int]

  /// Pools the bins of a tap by its reference counts.
  public init(reference counts: [UInt32]) {
    var cellOfBin: [Int] = []
    var reference: [UInt32] = []
    var unseenBins: [Int] = []
    for bin in counts.indices {
      if counts[bin] > 0 { reference.append(counts[bin]) } else { unseenBins.append(bin) }
      cellOfBin.append(max(reference.count - 1, 0))
    }
    self.cellOfBin = cellOfBin
    self.reference = reference
    self.unseenBins = unseenBins
  }

  /// Live counts per cell.
  public func pool(_ bins: [UInt32]) -> [UInt32] {
    var pooled = [UInt32](repeating: 0, count: reference.count)
    for bin in 0..<min(bins.count, cellOfBin.count) where cellOfBin[bin] < pooled.count {
      pooled[cellOfBin[bin]] &+= bins[bin]
    }
    return pooled
  }

  /// Live items in bins that the reference never saw.
  public func unseen(_ bins: [UInt32]) -> UInt32 {
    var total: UInt32 = 0
    for bin in unseenBins where bin < bins.count { total &+= bins[bin] }
    return total
  }
}
