import BundleFormat
import Evaluation
import Foundation
import JSON

/// Metrics as people and machines read them.
enum MetricText {
  /// `97.59 %`, `0.1234`.
  static func value(_ value: Double, _ metric: Metric) -> String {
    metric.isShare ? percent(value) : String(format: "%.4g", value)
  }

  /// `95.93 to 98.59 %`.
  static func interval(_ interval: ClosedRange<Double>?, _ metric: Metric) -> String {
    guard let interval else { return "unknown: too few groups" }
    let low =
      metric.isShare
      ? String(format: "%.2f", interval.lowerBound * 100) : value(interval.lowerBound, metric)
    return "\(low) to \(value(interval.upperBound, metric))"
  }

  /// A difference of two values: `+0.37`, in points where the metric is a share.
  static func difference(_ difference: Double, _ metric: Metric) -> String {
    metric.isShare
      ? String(format: "%+.2f", difference * 100) : String(format: "%+.4g", difference)
  }

  /// `97.59 %`.
  static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

  /// The name of a metric in JSON.
  static func key(_ metric: Metric) -> String {
    switch metric {
    case .accuracy: "accuracy"
    case .balancedAccuracy: "balanced_accuracy"
    case .macroF1: "macro_f1"
    case .top5: "top5_accuracy"
    case .auc: "auc"
    case .mae: "mean_absolute_error"
    case .rmse: "root_mean_square_error"
    case .r2: "r2"
    }
  }

  /// `slice value`.
  static func name(_ slice: TestReport.Slice) -> String { "\(slice.column) \(slice.value)" }
}
