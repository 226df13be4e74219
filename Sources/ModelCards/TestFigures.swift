import BundleFormat
import DriftStatistics
import JSON

/// What a bundle's tests found, for cards and bills.
struct TestFigures {
  private let report: TestReport

  init(_ report: TestReport) { self.report = report }

  /// One row per figure: metric, items they are of, how many, value, interval, the float model's.
  var rows: [[String]] {
    report.figures.map { figure in
      [
        figure.metric, Self.place(figure), ModelCard.grouped(figure.items),
        Self.number(figure.value), figure.interval.map(Self.text) ?? "",
        figure.floatValue.map(Self.number) ?? "",
      ]
    }
  }

  /// The limits that held.
  var gates: [String] {
    report.gates.map { gate in
      let target = gate.target.isEmpty ? "" : " on \(gate.target)"
      let slices = gate.sliceItems.map { ", slices of \($0) items or more too" } ?? ""
      return "\(gate.quantity)\(target): \(gate.kind) \(Self.number(gate.limit))\(slices)"
    }
  }

  /// CycloneDX's performance metrics.
  var metrics: [JSONValue] {
    report.figures.map { figure in
      .record(
        ("type", .string(figure.metric)), ("value", .string(Self.number(figure.value))),
        ("slice", .string("test data, \(Self.place(figure))")),
        (
          "confidenceInterval",
          figure.interval.map {
            .record(
              ("lowerBound", .string(Self.number($0.lowerBound))),
              ("upperBound", .string(Self.number($0.upperBound))))
          }
        ))
    }
  }

  private static func place(_ figure: TestReport.Figure) -> String {
    figure.slice.map { "\($0.column) \($0.value)" } ?? "all"
  }

  private static func text(_ interval: ClosedRange<Double>) -> String {
    "\(number(interval.lowerBound)) to \(number(interval.upperBound))"
  }

  private static func number(_ value: Double) -> String {
    // Sizes whole, as they were stated.
    if value >= 1000, value < 1e15, value == value.rounded() {
      return ModelCard.grouped(UInt64(value))
    }
    return DecimalText.significant(value, digits: 4)
  }
}
