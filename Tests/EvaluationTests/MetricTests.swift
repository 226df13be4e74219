import Bundling
import Evaluation
import HostArrays
import Testing

/// Metrics, their intervals and their tests against scikit-learn 1.9.1 and scipy 1.17.1.
@Suite("metrics") struct MetricTests {
  private static func value(_ metric: Metric, _ answers: Answers) -> Double {
    metric.value(answers.items, OracleData.all.items) ?? .nan
  }

  private func isNear(_ value: Double, _ expected: Double, _ tolerance: Double = 1e-6) -> Bool {
    (value - expected).magnitude <= tolerance
  }

  /// accuracy_score, balanced_accuracy_score, f1_score(average="macro"), roc_auc_score,
  /// mean_absolute_error, mean_squared_error ** 0.5, r2_score.
  @Test func values() {
    for (metric, answers, expected) in [
      (.accuracy, OracleData.classifier, 0.8083333333333333),
      (.accuracy, OracleData.otherClassifier, 0.9),
      (.balancedAccuracy, OracleData.classifier, 0.8115827262168726),
      (.balancedAccuracy, OracleData.otherClassifier, 0.8976876781754831),
      (.macroF1, OracleData.classifier, 0.8084228807120374),
      (.macroF1, OracleData.otherClassifier, 0.898963998757754),
      (.auc, OracleData.detector, 0.8447627314814815),
      (.auc, OracleData.otherDetector, 0.9924768518518519),
      (.mae, OracleData.regressor, 0.5037199068410942),
      (.mae, OracleData.otherRegressor, 0.7428771599195898),
      (.rmse, OracleData.regressor, 0.5938809413544544),
      (.rmse, OracleData.otherRegressor, 0.8783256942663542),
      (.r2, OracleData.regressor, 0.9600767741430901),
      (.r2, OracleData.otherRegressor, 0.9126751145774495),
    ] as [(Metric, Answers, Double)] {
      #expect(isNear(Self.value(metric, answers), expected), "\(metric)")
    }
  }

  @Test func tasks() {
    #expect(Metric.of(OracleData.classifier.task) == [.accuracy, .balancedAccuracy, .macroF1])
    #expect(Metric.of(OracleData.regressor.task) == [.mae, .rmse, .r2])
    #expect(Metric.of(OracleData.detector.task) == [.auc])
    let two = Answers(scores: [[0, 1], [1, 0], [2, 3]], labels: [1, 0, 0])
    #expect(Metric.of(two.task).contains(.auc))
    #expect(Metric.auc.value(two.items, [0, 1, 2]) == 0.75)
    // A score for two classes is a number with targets 0 and 1.
    let score = Answers(values: [0.2, 0.9, 0.4], targets: [0, 1, 1])
    #expect(Metric.of(score.task) == [.auc, .mae, .rmse])
    #expect(Metric.auc.value(score.items, [0, 1, 2]) == 1)
    // Five better scores are one too many; equals stand in the order of classes.
    let many = Answers(
      scores: [[9, 8, 7, 6, 5, 4], [9, 8, 7, 6, 5, 5], [1, 1, 1, 1, 1, 1]], labels: [5, 4, 0])
    #expect(Metric.of(many.task).contains(.top5))
    #expect(Metric.top5.value(many.items, [0, 1, 2]) == 2.0 / 3)
    #expect(Metric.accuracy.value(many.items, [0, 1, 2]) == 1.0 / 3)
  }

  @Test func undefined() {
    #expect(Metric.accuracy.value([], []) == nil)
    let normal = Answers(anomalyScores: [1, 2], labels: [0, 0])
    #expect(Metric.auc.value(normal.items, [0, 1]) == nil)
    #expect(Measurement(.auc, normal, Selection.all(of: 2, slices: [], groups: nil)[0]) == nil)
    let same = Answers(values: [1, 2], targets: [5, 5])
    #expect(Metric.r2.value(same.items, [0, 1]) == nil)
  }

  /// scipy.stats.bootstrap(method="BCa", n_resamples=20000); both draw, so ends agree to a few
  /// hundredths of the width.
  @Test func intervals() throws {
    func check(_ found: ClosedRange<Double>?, _ low: Double, _ high: Double) throws {
      let interval = try #require(found)
      let tolerance = (high - low) * 0.05
      #expect(isNear(interval.lowerBound, low, tolerance), "\(interval) \(low)")
      #expect(isNear(interval.upperBound, high, tolerance), "\(interval) \(high)")
    }
    let all = OracleData.all
    try check(
      try #require(Measurement(.rmse, OracleData.regressor, all)).interval,
      0.5395405529172381, 0.6509801827556854)
    try check(
      try #require(Measurement(.auc, OracleData.detector, all)).interval,
      0.7653735464320192, 0.9034113005922628)
    let errors = try #require(
      PairedComparison(
        .mae, champion: OracleData.regressor, challenger: OracleData.otherRegressor, all))
    try check(errors.interval, 0.1415861255051238, 0.3404642635350974)
    // The one-sided bound is the upper end of the 90 % interval.
    #expect(isNear(errors.lossBound(0.95) ?? 0, 0.3235474069732155, 0.01))
    let shares = try #require(
      PairedComparison(
        .macroF1, champion: OracleData.classifier, challenger: OracleData.otherClassifier, all))
    try check(shares.interval, 0.003698967760993772, 0.17830764511049985)
    #expect(shares.loss < 0 && shares.lossBound(0.95) ?? 1 < 0.01)
  }

  /// statsmodels' mcnemar for accuracy; scipy.stats.permutation_test(permutation_type="samples") for the
  /// rest, which draws as well.
  @Test func tests() throws {
    func p(_ metric: Metric, _ champion: Answers, _ challenger: Answers) throws -> Double {
      try #require(
        PairedComparison(metric, champion: champion, challenger: challenger, OracleData.all)
      ).p
    }
    #expect(
      isNear(
        try p(.accuracy, OracleData.classifier, OracleData.otherClassifier), 0.06142834573984146,
        1e-12))
    #expect(
      isNear(
        try p(.macroF1, OracleData.classifier, OracleData.otherClassifier), 0.04665889018496917,
        0.01))
    #expect(try p(.auc, OracleData.detector, OracleData.otherDetector) < 0.002)
    #expect(try p(.mae, OracleData.regressor, OracleData.otherRegressor) < 0.001)
    #expect(try p(.mae, OracleData.regressor, OracleData.regressor) == 1)
  }

  /// Groups are drawn whole: ten copies of every item in a group of its own say no more than the item.
  @Test func groups() throws {
    let count = OracleData.count
    let repeated = (0..<10 * count).map { $0 % count }
    let labels = OracleData.classifier.items.map(\.label)
    func scores(_ answers: Answers) -> [[Float]] {
      repeated.map { item in (0..<3).map { $0 == answers.items[item].chosen ? 1 : 0 } }
    }
    let first = Answers(scores: scores(OracleData.classifier), labels: repeated.map { labels[$0] })
    let second = Answers(
      scores: scores(OracleData.otherClassifier), labels: repeated.map { labels[$0] })
    let grouped = Selection.all(
      of: repeated.count, slices: [], groups: TextColumn(repeated.map { Int64($0) }))[0]
    #expect(grouped.units == count)
    let pair = try #require(
      PairedComparison(.accuracy, champion: first, challenger: second, grouped))
    let single = try #require(
      PairedComparison(
        .accuracy, champion: OracleData.classifier, challenger: OracleData.otherClassifier,
        OracleData.all))
    #expect(isNear(pair.difference, single.difference, 1e-12))
    #expect(isNear(pair.p, single.p, 0.02), "\(pair.p)")
    #expect(isNear(pair.interval?.lowerBound ?? 1, single.interval?.lowerBound ?? 0, 0.01))
    // Of four groups nothing is known but the difference.
    let few = Selection.all(
      of: repeated.count, slices: [], groups: TextColumn(repeated.map { Int64($0 % 4) }))[0]
    let unknown = try #require(
      PairedComparison(.accuracy, champion: first, challenger: second, few))
    #expect(unknown.difference == pair.difference)
    #expect(unknown.p == 1 && unknown.interval == nil && unknown.lossBound(0.95) == nil)
    #expect(Measurement(.accuracy, first, few)?.interval == nil)
    // Taken as items they would seem certain.
    let items = Selection.all(of: repeated.count, slices: [], groups: nil)[0]
    let naive = try #require(
      PairedComparison(.accuracy, champion: first, challenger: second, items))
    #expect(naive.p < 1e-8)
  }
}
