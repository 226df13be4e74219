import BundleFormat
import CommandLineKit
import DeviceCommands
import Evaluation
import Foundation

/// Verdicts of gates as people read them.
enum GateReport {
  /// One line per gate.
  static func print(_ verdicts: [GateVerdict], _ console: Console) {
    guard !verdicts.isEmpty else { return }
    let held = verdicts.count(where: \.holds)
    let count = held == verdicts.count ? "all \(held)" : "\(held) of \(verdicts.count)"
    console.out("gates    \(count) hold")
    for verdict in verdicts { console.out("  \(line(verdict, console))") }
  }

  /// A mark, the limit, and what was measured.
  static func line(_ verdict: GateVerdict, _ console: Console) -> String {
    let mark = verdict.holds ? console.good("✓") : console.bad("✗")
    return "\(mark) \(limit(verdict.gate)): \(evidence(verdict))"
  }

  /// Prints them and ends the command where one does not hold.
  static func check(
    _ verdicts: [GateVerdict], _ output: String, _ console: Console
  ) throws(CommandFailure) {
    let failed = verdicts.count { !$0.holds }
    guard failed > 0 else { return }
    print(verdicts, console)
    throw CommandFailure(
      .threshold,
      "\(failed) of \(verdicts.count) \(verdicts.count == 1 ? "gate does" : "gates do") not hold: \(output) is not written"
    )
  }

  /// `accuracy at least 97.00 %, in every slice`.
  private static func limit(_ gate: Gate) -> String {
    var name = gate.metric?.title ?? gate.quantity.name
    if gate.quantity == .noise { name = "SQNR" }
    if let target = gate.quantity.target { name += " on \(target)" }
    let scope = gate.sliceItems == nil ? "" : ", whole and slices"
    switch gate.limit {
    case .minimum(let value): return "\(name) at least \(text(value, gate))\(scope)"
    case .maximum(let value): return "\(name) at most \(text(value, gate))\(scope)"
    case .drop(let value):
      return "\(name) at most \(loss(value, gate)) below float\(scope)".replacingOccurrences(
        of: "below", with: gate.metric?.isHigherBetter == false ? "above" : "below")
    case .margin(let value):
      return "\(name) not worse than the champion's by more than \(loss(value, gate))\(scope)"
    }
  }

  private static func evidence(_ verdict: GateVerdict) -> String {
    guard let whole = verdict.findings.first else { return "nothing was judged" }
    let gate = verdict.gate
    guard gate.metric != nil else { return plain(verdict) }
    var text = finding(whole, gate)
    if let worst = verdict.worstSlice {
      text += "; \(worst.holds ? "worst" : "not") \(name(worst)), \(finding(worst, gate))"
      let failed = verdict.findings.count { !$0.holds && $0.slice != nil }
      if failed > 1 { text += ", and \(failed - 1) more" }
    }
    if verdict.smallSlices > 0 {
      text +=
        "; too few items to judge \(verdict.smallSlices) slice\(verdict.smallSlices == 1 ? "" : "s")"
    }
    return text
  }

  private static func name(_ finding: GateVerdict.Finding) -> String {
    finding.slice.map(MetricText.name) ?? ""
  }

  /// What a metric's finding found.
  private static func finding(_ finding: GateVerdict.Finding, _ gate: Gate) -> String {
    guard let metric = gate.metric else { return "" }
    let value = MetricText.value(finding.value, metric)
    guard let reference = finding.reference else {
      return
        "\(value) of \(finding.items) items (95 % interval \(MetricText.interval(finding.interval, metric)))"
    }
    let from = "\(MetricText.value(reference, metric)) → \(value) of \(finding.items) items"
    guard let interval = finding.interval else {
      return "\(from): too few independent items to say more"
    }
    if case .margin = gate.limit {
      return "\(from), at most \(loss(interval.upperBound, gate)) worse (95 % bound)"
    }
    return
      "\(from), \(loss(finding.measured, gate)) (95 % interval \(number(interval.lowerBound, metric)) to \(number(interval.upperBound, metric)))"
  }

  /// Latency, sizes and noise.
  private static func plain(_ verdict: GateVerdict) -> String {
    guard let finding = verdict.decisive else { return "" }
    let gate = verdict.gate
    var text = text(finding.value, Gate(gate.quantity, .maximum(0)))
    if gate.quantity == .latency { text += ", median of \(finding.items) runs on this host" }
    if let reference = finding.reference {
      text += " beside \(self.text(reference, Gate(gate.quantity, .maximum(0))))"
      text += String(format: ", %+.1f %%", finding.measured * 100)
      if let bound = finding.interval?.upperBound {
        text += String(format: " (at most %+.1f %%)", bound * 100)
      }
    }
    if let target = finding.target, gate.quantity.target == nil { text += " on \(target)" }
    return text
  }

  /// A value in the quantity's own unit.
  private static func text(_ value: Double, _ gate: Gate) -> String {
    switch gate.quantity {
    case .metric(let metric): MetricText.value(value, metric)
    case .noise: String(format: "%.2f dB", value)
    case .latency: Quantity.time(UInt64(value))
    case .arena, .image, .memory, .bundle: Quantity.bytes(Int(value))
    }
  }

  /// A difference: points of a share, else the unit.
  private static func loss(_ value: Double, _ gate: Gate) -> String {
    guard let metric = gate.metric else { return String(format: "%.1f %%", value * 100) }
    return metric.isShare ? "\(number(value, metric)) points" : number(value, metric)
  }

  private static func number(_ value: Double, _ metric: Metric) -> String {
    // No loss is 0, not −0.
    let value = value == 0 ? 0 : value
    return metric.isShare ? String(format: "%.2f", value * 100) : String(format: "%.4g", value)
  }
}
