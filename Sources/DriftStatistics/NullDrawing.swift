import Wire

extension NullDistribution {
  /// Fewest reference rows from which a null may be drawn.
  public static let referenceMinimum = 80

  /// Draws `draws` windows of `windowItems` rows without replacement from the reference rows
  /// and keeps the tails of their statistics. Whole rows are drawn, so the dependence between
  /// taps is in the family's tail. A window larger than a quarter of the rows is drawn at that
  /// quarter: X² divided by its inflation hardly depends on n while n/K ≥ 10.
  /// - Parameters:
  ///   - rows: the bin index of every tap, [row][tap].
  ///   - binCounts: bins per tap.
  ///   - seed: of the SplitMix64 stream; the same seed gives the same bits on every machine.
  public static func make(
    rows: [[UInt8]], binCounts: [Int], windowItems: Int, draws: Int, seed: UInt64
  ) throws(TapError) -> NullDistribution {
    guard rows.count >= referenceMinimum else {
      throw TapError.tooFewReferenceItems(items: rows.count, needed: referenceMinimum)
    }
    let size = min(windowItems, rows.count / 4)
    guard size > 0, draws > 0, draws <= drawLimit else { throw TapError.badRows }
    let table = try NullTable(rows: rows, binCounts: binCounts)
    let statistics = table.draw(size: size, draws: draws, seed: seed)
    var tapQuantiles: [[Double]] = []
    for tap in binCounts.indices {
      let testable = table.cells[tap].reference.count > 1
      tapQuantiles.append(testable ? quantiles(statistics[tap]) : [])
    }
    var family: [Double] = []
    family.reserveCapacity(draws)
    for draw in 0..<draws {
      var highest = 0.0
      for tap in tapQuantiles.indices where !tapQuantiles[tap].isEmpty {
        highest = max(highest, score(statistics[tap][draw], in: tapQuantiles[tap]))
      }
      family.append(highest)
    }
    return NullDistribution(
      windowItems: UInt32(size), draws: UInt32(draws), tapQuantiles: tapQuantiles,
      familyQuantiles: quantiles(family))
  }
}

/// Reference rows as cells, flat, ready for drawing.
private struct NullTable {
  let cells: [Cells]
  private let items: Int
  private let codes: [UInt8]
  private let reference: [[UInt32]]

  init(rows: [[UInt8]], binCounts: [Int]) throws(TapError) {
    var counts = binCounts.map { [UInt32](repeating: 0, count: max($0, 1)) }
    for row in rows {
      guard row.count == binCounts.count else { throw TapError.badRows }
      for tap in row.indices {
        guard Int(row[tap]) < binCounts[tap] else { throw TapError.badRows }
        counts[tap][Int(row[tap])] += 1
      }
    }
    cells = counts.map { Cells(reference: $0) }
    reference = cells.map { $0.reference }
    var codes: [UInt8] = []
    codes.reserveCapacity(rows.count * binCounts.count)
    for row in rows {
      for tap in row.indices { codes.append(UInt8(cells[tap].cellOfBin[Int(row[tap])])) }
    }
    self.codes = codes
    items = rows.count
  }

  /// The statistics, [tap][draw]. Rows are drawn by the first `size` steps of a Fisher–Yates
  /// shuffle of a permutation that goes on from draw to draw.
  func draw(size: Int, draws: Int, seed: UInt64) -> [[Double]] {
    var generator = SplitMix64(seed: seed)
    var order = [Int](0..<items)
    let taps = cells.count
    var counts = reference.map { [UInt32](repeating: 0, count: $0.count) }
    var statistics = [[Double]](
      repeating: [Double](repeating: 0, count: draws), count: taps)
    for draw in 0..<draws {
      for tap in 0..<taps {
        for cell in counts[tap].indices { counts[tap][cell] = 0 }
      }
      for position in 0..<size {
        let other = position + Int(generator.below(UInt64(items - position)))
        order.swapAt(position, other)
        let start = order[position] * taps
        for tap in 0..<taps { counts[tap][Int(codes[start + tap])] += 1 }
      }
      for tap in 0..<taps {
        statistics[tap][draw] = ChiSquare.drawn(counts: counts[tap], reference: reference[tap])
      }
    }
    return statistics
  }
}

extension ReferenceStatistics {
  /// Counts reference rows on the contract's bins and draws their null distribution.
  /// - Parameter values: the value of every tap, [row][tap], from ``TapEvaluator``.
  public static func make(
    contract: TelemetryContract, values: [[Int32]], draws: Int, seed: UInt64
  ) throws(TapError) -> ReferenceStatistics {
    var taps = contract.taps.map {
      TapCounts(bins: [UInt32](repeating: 0, count: $0.binCount), below: 0, above: 0)
    }
    var rows: [[UInt8]] = []
    rows.reserveCapacity(values.count)
    for row in values {
      guard row.count == taps.count else { throw TapError.badRows }
      var codes: [UInt8] = []
      for index in row.indices {
        let tap = contract.taps[index]
        let bin = tap.binIndex(row[index])
        guard bin < 256 else { throw TapError.badRows }
        taps[index].bins[bin] += 1
        if row[index] < tap.lowest { taps[index].below += 1 }
        if row[index] > tap.highest { taps[index].above += 1 }
        codes.append(UInt8(bin))
      }
      rows.append(codes)
    }
    let null = try NullDistribution.make(
      rows: rows, binCounts: contract.taps.map { $0.binCount }, windowItems: contract.windowItems,
      draws: draws, seed: seed)
    return ReferenceStatistics(items: UInt32(clamping: values.count), taps: taps, null: null)
  }
}
