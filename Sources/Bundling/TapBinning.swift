import DriftStatistics

/// Cuts a tap's bins at the reference's quantiles, so that each holds about the same mass.
enum TapBinning {
  /// Bins for windows of this many items: at least ten expected per bin, at most 16 (X² needs
  /// n / K ≥ 10 to follow its limit).
  static func binCount(windowItems: Int) -> Int { min(max(windowItems / 10, 4), 16) }

  /// Edges for the reference values of one tap.
  ///
  /// - Parameters:
  ///   - values: one per reference row, at least one.
  ///   - categories: class names; their bins are the classes themselves.
  /// - Returns: ascending edges, and the lowest and highest reference value. Every bin of an
  ///   ordered tap holds at least one reference row; few distinct values make fewer bins.
  static func cut(
    _ values: [Int32], categories: Int, bins: Int
  ) -> (edges: [Int32], lowest: Int32, highest: Int32) {
    if categories > 0 {
      return (edges: (1..<Int32(categories)).map { $0 }, lowest: 0, highest: Int32(categories - 1))
    }
    let sorted = values.sorted()
    var edges: [Int32] = []
    for bin in 1..<bins {
      let edge = sorted[bin * sorted.count / bins]
      if edge > edges.last ?? sorted[0] { edges.append(edge) }
    }
    // A constant tap still needs two bins: at the reference's value or not.
    if edges.isEmpty { edges = [sorted[0] &+ 1] }
    return (edges: edges, lowest: sorted[0], highest: sorted[sorted.count - 1])
  }
}
