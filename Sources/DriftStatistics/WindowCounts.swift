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
