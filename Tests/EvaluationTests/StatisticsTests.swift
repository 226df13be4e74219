import Evaluation
import Testing

/// Closed formulas against scipy 1.17.1 and statsmodels 0.15.0.
@Suite("statistics") struct StatisticsTests {
  private func near(_ value: Double, _ expected: Double, _ tolerance: Double) -> Bool {
    (value - expected).magnitude <= tolerance * max(expected.magnitude, 1e-300)
  }

  /// scipy.stats.norm.cdf and .ppf.
  @Test func normal() {
    for (x, p) in [
      (-6, 9.865876450376946e-10), (-2.5, 0.006209665325776132), (-0.3, 0.3820885778110474),
      (0, 0.5), (1, 0.8413447460685429), (1.959963984540054, 0.975), (4.2, 0.9999866542509841),
    ] {
      #expect((NormalDistribution.cumulative(x) - p).magnitude < 1e-14, "\(x)")
    }
    for (p, x) in [
      (1e-6, -4.753424308822899), (0.001, -3.090232306167813), (0.025, -1.9599639845400545),
      (0.3, -0.5244005127080409), (0.95, 1.6448536269514722), (0.9999, 3.719016485455709),
    ] {
      #expect(near(NormalDistribution.quantile(p), x, 1e-9), "\(p)")
    }
    #expect(NormalDistribution.quantile(0.5) == 0)
    #expect(NormalDistribution.cumulative(-40) == 0 && NormalDistribution.cumulative(40) == 1)
  }

  /// statsmodels.stats.proportion.proportion_confint(method="wilson").
  @Test func wilson() {
    for (right, items, low, high) in [
      (0, 10, 0, 0.27753279986288926), (10, 10, 0.7224672001371106, 1),
      (527, 540, 0.9592504314837592, 0.9858779541207431),
      (3, 7, 0.15821985525146964, 0.7495416354723428),
    ] {
      let proportion = Proportion(right: right, items: items)
      #expect((proportion.bound(0.025) - low).magnitude < 1e-12)
      #expect((proportion.bound(0.975) - high).magnitude < 1e-12)
    }
  }

  /// scipy.stats.binom.cdf(right, items, share).
  @Test func binomialTail() {
    for (right, items, share, p) in [
      (27, 30, 0.95, 0.18782118685303992),
      (60, 100, 0.9, 2.945529793746503e-15),
      (0, 10, 0.5, 0.0009765625),
      (10, 10, 0.9, 1.0),
      (5, 10, 1.0, 0.0),
      (527, 540, 0.97, 0.823785718797269),
      (9000, 10000, 0.9, 0.5048759163093204),
      (40, 3000, 0.5, 0.0), (2990, 3000, 0.01, 1),
    ] {
      let chance = Proportion(right: right, items: items).chance(of: share)
      #expect((chance - p).magnitude < 1e-10 * max(p, 1e-6), "\(right) \(items) \(share)")
    }
  }

  /// statsmodels.stats.contingency_tables.mcnemar(exact=True).
  @Test func exactMcNemar() {
    for (won, lost, p) in [
      (0, 0, 1), (3, 1, 0.625), (10, 2, 0.03857421875), (5, 5, 1), (60, 90, 0.017597691928785828),
      (400, 520, 8.549170923883781e-05), (0, 1200, 0),
    ] {
      let pair = PairedProportions(won: won, lost: lost, items: 2000)
      #expect(near(pair.p, p, 1e-10), "\(won) to \(lost): \(pair.p)")
      #expect(PairedProportions(won: lost, lost: won, items: 2000).p == pair.p)
    }
  }

  /// statsmodels.stats.multitest.multipletests(method="holm").
  @Test func holm() {
    for (p, adjusted) in [
      ([0.01, 0.04, 0.03, 0.005, 0.5], [0.04, 0.09, 0.09, 0.025, 0.5]),
      ([0.02, 0.02, 0.9], [0.06, 0.06, 0.9]), ([0.3], [0.3]), ([], []),
    ] as [([Double], [Double])] {
      for (value, expected) in zip(MultipleTests.holm(p), adjusted) {
        #expect(near(value, expected, 1e-12))
      }
    }
  }

  /// Bonett and Price's bound holds what it says: of pairs drawn with a known difference, the one-sided
  /// 95 % bound is above it in about 95 of 100.
  @Test func pairedBoundCovers() {
    var random = SeededRandom()
    for (won, lost, items) in [(0.02, 0.03, 200), (0.1, 0.05, 60), (0.005, 0.005, 500)] {
      var covered = 0
      let trials = 4000
      for _ in 0..<trials {
        var counts = (won: 0, lost: 0)
        for _ in 0..<items {
          let u = Double(random.next() >> 11) * 0x1p-53
          if u < won { counts.won += 1 } else if u < won + lost { counts.lost += 1 }
        }
        let pair = PairedProportions(won: counts.won, lost: counts.lost, items: items)
        if pair.bound(0.05) <= won - lost { covered += 1 }
      }
      let share = Double(covered) / Double(trials)
      #expect((0.935...0.995).contains(share), "\(won) \(lost) \(items): \(share)")
    }
  }
}
