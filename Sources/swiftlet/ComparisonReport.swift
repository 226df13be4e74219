import BundleFormat
import Bundling
import CommandLineKit
import DeviceCommands
import Evaluation
import Foundation
import JSON

/// What `compare` found.
struct ComparisonReport {
  let champion: Contender
  let challenger: Contender
  let comparison: ModelComparison
  let latency: LatencyMeasurement
  /// Of the margin that was asked for.
  let margin: GateVerdict?

  /// Compares by the metrics named, with slices, or by all there are, with slices of the first, which the
  /// margin is of.
  init(
    _ champion: Contender, _ challenger: Contender, _ latency: LatencyMeasurement,
    metrics names: [String], margin: Double?, sliceItems: Int
  ) throws(PackError) {
    try champion.model.checkComparable(with: challenger.plan)
    let named = names.compactMap { Metric(rawValue: $0) }
    let metrics = named.isEmpty ? challenger.report.metrics : named
    self.champion = champion
    self.challenger = challenger
    self.latency = latency
    comparison = try ModelComparison(
      champion: champion.report, challenger: challenger.report, metrics: metrics,
      allSlices: !named.isEmpty, sliceItems: sliceItems)
    guard let margin, let metric = metrics.first else {
      self.margin = nil
      return
    }
    var evidence = GateEvidence()
    evidence.report = challenger.report
    evidence.champion = champion.report
    self.margin = try GateJudge(evidence).verdict(
      Gate(.metric(metric), .margin(margin), sliceItems: sliceItems))
  }

  /// Why the challenger should not follow; nil where nothing speaks against it.
  var objection: String? {
    let metric = comparison.rows.first?.pair.metric
    let worse = comparison.rows.filter { $0.isWorse && $0.pair.metric == metric }
    if let first = worse.first {
      let place =
        first.pair.selection.slice.map { "on \(MetricText.name($0))" } ?? "over all items"
      let more = worse.count > 1 ? " and \(worse.count - 1) more" : ""
      return "the challenger's \(first.pair.metric.title) is worse \(place)\(more)"
    }
    guard let margin, !margin.holds else { return nil }
    return "the challenger is not shown to be within the margin"
  }

  // MARK: Text

  func printText(_ console: Console) {
    console.out(
      "\(name(champion)) → \(name(challenger))  \(champion.report.items) items, \(units)")
    let rows = comparison.rows.map { row in (cells: cells(row), row: row) }
    let widths = (0..<4).map { column in
      (rows.map(\.cells) + [Self.headings]).map { $0[column].count }.max() ?? 0
    }
    console.out(console.dim(Self.line(Self.headings, widths)))
    for (cells, row) in rows {
      let line = Self.line(cells, widths)
      console.out(
        row.isWorse ? console.bad(line) : row.isBetter ? console.good(line) : line)
    }
    if let ratio = latency.ratio, let interval = latency.ratioInterval,
      let other = latency.otherMedian
    {
      console.out(
        "latency  \(Quantity.time(UInt64(other))) → \(Quantity.time(UInt64(latency.median))), "
          + String(
            format: "×%.2f (%.2f to %.2f)", ratio, interval.lowerBound, interval.upperBound)
          + ", \(latency.kernels) kernels, \(latency.times.count) runs of each in turn")
    }
    printSize("bundle ", champion.bytes, challenger.bytes, console)
    let needs = (champion.plan.resources, challenger.plan.resources)
    printSize("arena  ", Int(needs.0.arenaBytes), Int(needs.1.arenaBytes), console)
    printSize("weights", Int(needs.0.weightsBytes), Int(needs.1.weightsBytes), console)
    if let margin { console.out("margin   \(GateReport.line(margin, console))") }
    if objection == nil, margin == nil {
      console.out("nothing shows the challenger to be worse")
    }
  }

  private static let headings = ["", "champion", "challenger", "difference (95 % interval)", "p"]

  private var units: String {
    let units = challenger.report.selections[0].units
    return units == champion.report.items ? "paired" : "paired in \(units) groups"
  }

  private func name(_ contender: Contender) -> String {
    "\(contender.manifest.name) \(contender.manifest.version)"
  }

  private func cells(_ row: ModelComparison.Row) -> [String] {
    let (pair, metric) = (row.pair, row.pair.metric)
    var title = metric.title
    if let slice = pair.selection.slice {
      title = "  \(MetricText.name(slice)), \(pair.selection.items.count) items"
    }
    let interval =
      pair.interval.map {
        "\(MetricText.difference($0.lowerBound, metric)) to \(MetricText.difference($0.upperBound, metric))"
      } ?? "unknown"
    return [
      title, MetricText.value(pair.champion, metric), MetricText.value(pair.challenger, metric),
      "\(MetricText.difference(pair.difference, metric)) (\(interval))",
      row.isJudged ? Self.text(p: row.p) : "too few",
    ]
  }

  private static func text(p: Double) -> String {
    p < 0.001 ? "<0.001" : String(format: "%.3f", p)
  }

  private static func line(_ cells: [String], _ widths: [Int]) -> String {
    let first = cells[0].padding(toLength: widths[0], withPad: " ", startingAt: 0)
    let others = (1..<4).map { Quantity.padded(cells[$0], widths[$0]) }
    return ([first] + others + [cells[4]]).joined(separator: "  ")
  }

  private func printSize(_ name: String, _ old: Int, _ new: Int, _ console: Console) {
    let change = old == new ? "the same" : String(format: "×%.2f", Double(new) / Double(old))
    console.out("\(name)  \(Quantity.bytes(old)) → \(Quantity.bytes(new)), \(change)")
  }

  // MARK: JSON

  func printJSON(_ console: Console) {
    var writer = JSONWriter(indented: true)
    writer.beginObject()
    writer.member("schema", "swiftlet.compare/1")
    for (role, contender) in [("champion", champion), ("challenger", challenger)] {
      writer.name(role)
      writer.beginObject()
      writer.member("model", contender.manifest.name)
      writer.member("version", contender.manifest.version)
      writer.member("bundle_bytes", contender.bytes)
      writer.member("arena_bytes", Int(contender.plan.resources.arenaBytes))
      writer.member("weights_bytes", Int(contender.plan.resources.weightsBytes))
      let median = role == "champion" ? latency.otherMedian ?? 0 : latency.median
      writer.member("latency_ns_median", Int(median))
      writer.endObject()
    }
    writer.member("items", champion.report.items)
    writer.member("independent_units", challenger.report.selections[0].units)
    writer.name("comparisons")
    writer.beginArray()
    for row in comparison.rows { print(row, &writer) }
    writer.endArray()
    writer.name("latency")
    writer.beginObject()
    writer.member("kernels", latency.kernels)
    writer.member("runs", latency.times.count)
    if let ratio = latency.ratio, let interval = latency.ratioInterval {
      writer.member("ratio", ratio)
      writer.member("ratio_low", interval.lowerBound)
      writer.member("ratio_high", interval.upperBound)
    }
    writer.endObject()
    if let margin {
      writer.member("margin", margin.gate.limit.value)
      writer.member("within_margin", margin.holds)
    }
    writer.name("objection")
    if let objection { writer.string(objection) } else { writer.null() }
    writer.endObject()
    console.out(writer.string)
  }

  private func print(_ row: ModelComparison.Row, _ writer: inout JSONWriter) {
    let pair = row.pair
    writer.beginObject()
    writer.member("metric", MetricText.key(pair.metric))
    if let slice = pair.selection.slice {
      writer.member("column", slice.column)
      writer.member("value", slice.value)
    }
    writer.member("items", pair.selection.items.count)
    writer.member("champion", pair.champion)
    writer.member("challenger", pair.challenger)
    writer.member("difference", pair.difference)
    if let interval = pair.interval, let bound = pair.lossBound(0.95) {
      writer.member("difference_low", interval.lowerBound)
      writer.member("difference_high", interval.upperBound)
      writer.member("loss_bound", bound)
    }
    writer.member("p", pair.p)
    writer.member("p_adjusted", row.p)
    writer.member("judged", row.isJudged)
    writer.endObject()
  }
}
