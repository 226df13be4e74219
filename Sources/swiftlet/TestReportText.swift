import BundleFormat
import DeviceCommands
import Evaluation
import Foundation

/// What a bundle says of its tests, as people read it.
enum TestReportText {
  /// A line per figure, then the gates.
  static func lines(_ report: TestReport) -> [String] {
    var lines = report.figures.map { "tested    \(text($0))" }
    if !report.gates.isEmpty {
      lines.append("gates     \(report.gates.map(text).joined(separator: "; "))")
    }
    return lines
  }

  private static func text(_ figure: TestReport.Figure) -> String {
    let place = figure.slice.map { " of \(MetricText.name($0))" } ?? ""
    guard let metric = Metric(rawValue: figure.metric) else {
      return String(format: "%.2f dB against the float model, ", figure.value)
        + "\(figure.items) items"
    }
    let interval = figure.interval.map { " (\(MetricText.interval($0, metric)))" } ?? ""
    let float = figure.floatValue.map { ", float \(MetricText.value($0, metric))" } ?? ""
    return
      "\(metric.title)\(place) \(MetricText.value(figure.value, metric))\(interval)\(float), \(figure.items) items"
  }

  private static func text(_ gate: TestReport.Gate) -> String {
    let target = gate.target.isEmpty ? "" : " on \(gate.target)"
    let slices = gate.sliceItems == nil ? "" : ", slices too"
    return "\(gate.quantity)\(target) \(gate.kind) \(number(gate))\(slices)"
  }

  private static func number(_ gate: TestReport.Gate) -> String {
    if let metric = Metric(rawValue: gate.quantity) { return MetricText.value(gate.limit, metric) }
    switch gate.quantity {
    case "sqnr": return String(format: "%.2f dB", gate.limit)
    case _ where gate.kind == "margin": return String(format: "%.1f %%", gate.limit * 100)
    case "latency": return Quantity.time(UInt64(max(gate.limit, 0)))
    default: return Quantity.bytes(Int(max(gate.limit, 0)))
    }
  }
}
