/// A share of independent items that are right.
package struct Proportion: Sendable, Equatable {
  let right: Int
  let items: Int

  package init(right: Int, items: Int) {
    self.right = right
    self.items = items
  }

  var value: Double { Double(right) / Double(items) }

  /// The value that the true share is below with probability `level` (Wilson 1927): right for few
  /// items and near 0 and 1.
  package func bound(_ level: Double) -> Double {
    let n = Double(items)
    let z = NormalDistribution.quantile(level)
    let centre = value + z * z / (2 * n)
    let spread = z * ((value * (1 - value) + z * z / (4 * n)) / n).squareRoot()
    return min(max((centre + spread) / (1 + z * z / n), 0), 1)
  }

  /// How often a model whose true share is `share` would have as few right, by chance: P(B ≤ right),
  /// B ~ Binomial(items, share), exactly.
  package func chance(of share: Double) -> Double {
    guard share < 1 else { return right < items ? 0 : 1 }
    guard share > 0 else { return 1 }
    // Terms relative to the last, which is that of `right`; then all of them, to have it in a scale of
    // its own.
    let odds = share / (1 - share)
    func sum(from start: Int, to end: Int) -> Double {
      var (term, sum) = (1.0, 0.0)
      for k in stride(from: start, through: end, by: start > end ? -1 : 1) where k != start {
        term *=
          start > end
          ? Double(k + 1) / (Double(items - k) * odds)
          : Double(items - k + 1) / Double(k) * odds
        sum += term
      }
      return sum
    }
    let below = 1 + sum(from: right, to: 0)
    return below.isFinite ? below / (below + sum(from: right, to: items)) : 1
  }
}

/// Two models right or wrong on the same independent items.
package struct PairedProportions: Sendable, Equatable {
  /// Items that only the challenger has right.
  let won: Int
  /// Items that only the champion has right.
  let lost: Int
  /// All items.
  let items: Int

  package init(won: Int, lost: Int, items: Int) {
    self.won = won
    self.lost = lost
    self.items = items
  }

  /// How much larger the challenger's share is.
  var difference: Double { Double(won - lost) / Double(items) }

  /// The value that the true difference is below with probability `level`: Wald's with half an item
  /// more in each of the four cells (Bonett and Price 2012).
  package func bound(_ level: Double) -> Double {
    let n = Double(items + 2)
    let (won, lost) = (Double(won + 1) / n, Double(lost + 1) / n)
    let difference = won - lost
    let spread = ((won + lost - difference * difference) / n).squareRoot()
    return min(max(difference + NormalDistribution.quantile(level) * spread, -1), 1)
  }

  /// McNemar's test in its exact form (McNemar 1947; binomial): how often two equal models would
  /// differ so much one way, 2 · P(B ≤ min(won, lost)), B ~ Binomial(won + lost, ½), at most 1.
  package var p: Double {
    let (few, all) = (min(won, lost), won + lost)
    guard 2 * few < all else { return 1 }
    // The term of `few` as a product that stays near 1, then the rest of the tail relative to it.
    var (term, halvings) = (1.0, all - 1)
    for k in stride(from: 1, through: few, by: 1) {
      term *= Double(all - few + k) / Double(k)
      while term > 1, halvings > 0 {
        term /= 2
        halvings -= 1
      }
    }
    var (tail, ratio) = (1.0, 1.0)
    for k in stride(from: few, to: 0, by: -1) {
      ratio *= Double(k) / Double(all - k + 1)
      tail += ratio
    }
    while halvings > 0, term > 0 {
      term /= 2
      halvings -= 1
    }
    return min(term * tail, 1)
  }
}
