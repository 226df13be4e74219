import BundleFormat
import Bundling
import Evaluation

/// 120 items that two models answered, drawn as the oracles' script draws them: a linear congruential
/// generator of 31 bits. Beside each use stand the oracles' versions.
enum OracleData {
  static let count = 120

  /// Four rows of uniform numbers.
  static let uniform: [[Double]] = {
    var state = 7
    let all = (0..<4 * count).map { _ -> Double in
      state = (state * 1_103_515_245 + 12345) % (1 << 31)
      return Double(state) / Double(1 << 31)
    }
    return (0..<4).map { Array(all[$0 * count..<($0 + 1) * count]) }
  }()

  private static let labels = uniform[0].map { Int($0 * 3) }

  /// A classifier of three classes.
  private static func classes(_ row: Int, right: Double, other: Double) -> Answers {
    let scores = zip(labels, uniform[row]).map { label, u -> [Float] in
      let chosen = u < right ? label : Int(u * other) % 3
      return (0..<3).map { $0 == chosen ? 1 : 0 }
    }
    return Answers(scores: scores, labels: labels)
  }

  static let classifier = classes(1, right: 0.7, other: 97)
  static let otherClassifier = classes(2, right: 0.8, other: 89)

  private static let isPositive = uniform[0].map { $0 > 0.6 }

  /// Scores with ties.
  static let detector = Answers(
    anomalyScores: zip(uniform[1], isPositive).map { (($0 + ($1 ? 0.4 : 0)) * 20).rounded(.down) },
    labels: isPositive.map { $0 ? 1 : 0 })
  static let otherDetector = Answers(
    anomalyScores: zip(uniform[2], isPositive).map { $0 + ($1 ? 0.9 : 0) },
    labels: isPositive.map { $0 ? 1 : 0 })

  private static func numbers(_ row: Int, _ centre: Double, _ width: Double) -> Answers {
    let targets = uniform[0].map { $0 * 10 }
    return Answers(
      values: zip(targets, uniform[row]).map { Float($0 + ($1 - centre) * width) },
      targets: targets.map { Float($0) })
  }

  static let regressor = numbers(1, 0.4, 2)
  static let otherRegressor = numbers(2, 0.5, 3)

  /// All items, each by itself.
  static let all = Selection.all(of: count, slices: [], groups: nil)[0]
}
