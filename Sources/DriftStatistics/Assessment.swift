/// The tests of one set of counts, before anything is put in words.
struct Assessment {
  /// A p-value; with `isBound` the true one is smaller.
  struct Probability {
    var value: Double
    var isBound: Bool

    static let certain = Probability(value: 1, isBound: false)

    func times(_ factor: Double) -> Probability {
      let product = value * factor
      return product >= 1 ? .certain : Probability(value: product, isBound: isBound)
    }

    static func lower(_ left: Probability, _ right: Probability) -> Probability {
      if left.value != right.value { return left.value < right.value ? left : right }
      return left.isBound ? left : right
    }
  }

  /// One tap's tests.
  struct TapResult {
    var chiSquare: Double
    /// Of X² alone, for this tap alone.
    var own: Probability
    /// Smallest tail of this tap's guards, alone.
    var guardTail: Double
    /// Of everything, corrected for the number of taps and guards.
    var adjusted: Probability
    /// True when a guard, not X², gave `adjusted`.
    var byGuard: Bool
  }

  /// Share of the alarm budget that X² takes; the guards take the rest.
  static let chiSquareShare = 0.9
  static let guardShare = 0.1

  let taps: [TapResult]
  /// Of the whole family.
  let family: Probability

  init(
    contract: TelemetryContract, reference: ReferenceStatistics, cells: [Cells],
    window: WindowCounts
  ) {
    var guards = 0.0
    for index in cells.indices {
      if contract.taps[index].categories.isEmpty { guards += 2 }
      if !cells[index].unseenBins.isEmpty { guards += 1 }
    }
    var results: [TapResult] = []
    var family = Probability.certain
    for index in cells.indices {
      let result = Self.test(
        index, contract: contract, reference: reference, cells: cells[index], window: window,
        guards: guards)
      family = Probability.lower(family, result.adjusted)
      results.append(result)
    }
    taps = results
    self.family = family
  }

  private static func test(
    _ index: Int, contract: TelemetryContract, reference: ReferenceStatistics, cells: Cells,
    window: WindowCounts, guards: Double
  ) -> TapResult {
    let null = reference.null
    let quantiles = index < null.tapQuantiles.count ? null.tapQuantiles[index] : []
    let counts = window.taps[index]
    var chiSquare = 0.0
    var own = Probability.certain
    var adjusted = Probability.certain
    if !quantiles.isEmpty {
      chiSquare = ChiSquare.inflated(
        counts: cells.pool(counts.bins), reference: cells.reference)
      let alone = null.probability(chiSquare, in: quantiles)
      own = Probability(value: alone.value, isBound: alone.isBound)
      let score = NullDistribution.score(chiSquare, in: quantiles)
      let together = null.probability(score, in: null.familyQuantiles)
      adjusted = Probability(value: together.value, isBound: together.isBound)
        .times(1 / chiSquareShare)
    }
    var tail = 1.0
    var extremes: [UInt32] = [cells.unseen(counts.bins)]
    if contract.taps[index].categories.isEmpty { extremes += [counts.below, counts.above] }
    for count in extremes {
      tail = min(
        tail,
        GuardTail.probability(count: count, items: window.items, referenceItems: reference.items))
    }
    let guarded = Probability(value: tail, isBound: false).times(guards / guardShare)
    let byGuard = guarded.value < adjusted.value
    return TapResult(
      chiSquare: chiSquare, own: own, guardTail: tail,
      adjusted: byGuard ? guarded : adjusted, byGuard: byGuard)
  }
}
