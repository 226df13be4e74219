/// Counts of one tap over some items. Merging is addition, in any order.
public struct TapCounts: Sendable, Equatable {
  /// One count per bin of the tap.
  public var bins: [UInt32]
  /// Items below the reference's lowest value (also counted in the first bin).
  public var below: UInt32
  /// Items above the reference's highest value (also counted in the last bin).
  public var above: UInt32

  /// Creates counts.
  public init(bins: [UInt32], below: UInt32, above: UInt32) {
    self.bins = bins
    self.below = below
    self.above = above
  }
}

/// What the training data looked like through the taps: the reference of every verdict.
public struct ReferenceStatistics: Sendable, Equatable {
  /// Rows the counts were taken over.
  public var items: UInt32
  /// Counts in the order of the contract's taps.
  public var taps: [TapCounts]
  /// Sorted statistics of windows in which nothing changed, per tap and for their maximum: see
  /// `NullDistribution`.
  public var null: NullDistribution

  /// Creates a reference.
  public init(items: UInt32, taps: [TapCounts], null: NullDistribution) {
    self.items = items
    self.taps = taps
    self.null = null
  }
}

/// Distributions under no change, made at packing by drawing windows from the reference rows.
public struct NullDistribution: Sendable, Equatable {
  /// Items per drawn window.
  public var windowItems: UInt32
  /// Windows drawn.
  public var draws: UInt32
  /// Per tap: upper quantiles of the inflated X² at the probabilities of `NullDistribution.levels`.
  public var tapQuantiles: [[Double]]
  /// The same for the smallest p over taps, as −log2 p ranks: the family's verdict.
  public var familyQuantiles: [Double]

  /// Creates a null distribution.
  public init(
    windowItems: UInt32, draws: UInt32, tapQuantiles: [[Double]], familyQuantiles: [Double]
  ) {
    self.windowItems = windowItems
    self.draws = draws
    self.tapQuantiles = tapQuantiles
    self.familyQuantiles = familyQuantiles
  }
}
