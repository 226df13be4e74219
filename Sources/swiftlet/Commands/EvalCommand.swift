import BundleFormat
import Bundling
import CommandLineKit
import DeviceCommands
import Evaluation
import Foundation
import HostArrays
import JSON
import Kernels
import ModelGraph

/// `eval BUNDLE --data F [--labels F] [--model M] [--json]`.
enum EvalCommand {
  static let command = Command(
    CommandSpec(
      name: "eval",
      summary: "measure a bundle on data: accuracy, and error against the float model",
      arguments: [ArgumentSpec("BUNDLE", "the bundle")],
      options: TestFiles.options + [
        .value("model", "FILE", "the float model it was packed from"),
        .flag("layers", "the error of every layer, as measured at packing"),
        .flag("json", "one JSON document"),
      ] + ModelOptions.specs + BundleLoading.kernelOptions + BundleLoading.options,
      examples: [
        ExampleSpec(
          "eval digits.swb --data test.npy --labels labels.npy --model model.onnx",
          "accuracy and SQNR against float")
      ])
  ) { (parsed, console) throws(CommandFailure) in
    let bundle = try BundleLoading.open(
      parsed.positional(0) ?? "", parsed, HostEnvironment.environment)
    let session = try BundleLoading.session(bundle, parsed)
    let dataset = try TestFiles(parsed).dataset(DataInterface(bundle.manifest.plans[0]))
    var model: Graph?
    if let path = parsed.value("--model") {
      model = try ModelFile.load(path, arrays: dataset.arrays, try ModelOptions.reading(parsed))
    }
    let report = try HostEnvironment.packing { () throws(PackError) in
      try Evaluator(session: session, plan: bundle.manifest.plans[0])
        .evaluate(dataset, model: model)
    }
    for note in dataset.notes { console.note(note) }
    if parsed.flag("--json") {
      printJSON(report, bundle.manifest, console)
    } else {
      printText(report, bundle.manifest, layers: parsed.flag("--layers"), console)
    }
  }

  private static func printText(
    _ report: EvaluationReport, _ manifest: Manifest, layers: Bool, _ console: Console
  ) {
    console.out("\(manifest.name) \(manifest.version)  \(report.items) items")
    printMetrics(report, console)
    if let noise = report.noise {
      console.out("SQNR      \(String(format: "%.2f", noise.decibels)) dB against the float model")
    }
    if let agreement = report.agreement {
      console.out(
        "agrees    with the float model's choice on \(agreement.correct) of \(agreement.items) items"
      )
    }
    if let decisions = report.decisions { console.out(text(decisions)) }
    for selection in report.selections {
      guard let slice = selection.slice, let metric = report.metrics.first else { continue }
      console.out(
        "  \(MetricText.name(slice))  \(selection.items.count) items, \(text(metric, report, selection))"
      )
    }
    guard layers, let table = manifest.quantization else { return }
    for layer in table.layers {
      let decibels = String(format: "%7.2f dB", layer.signalToNoiseDecibels)
      console.out("  \(decibels)  \(layer.operation)  \(layer.name)")
    }
  }

  /// The usual metric with its interval, the others behind it.
  private static func printMetrics(_ report: EvaluationReport, _ console: Console) {
    guard let first = report.metrics.first else { return }
    let name = first.isHigherBetter ? first.title : "error"
    console.out(
      name.padding(toLength: 10, withPad: " ", startingAt: 0)
        + text(first, report, report.selections[0]))
    let others = report.metrics.dropFirst().compactMap { metric in
      report.measure(metric).map { "\(metric.title) \(MetricText.value($0.value, metric))" }
    }
    if !others.isEmpty { console.out("also      \(others.joined(separator: ", "))") }
  }

  private static func text(
    _ metric: Metric, _ report: EvaluationReport, _ selection: Selection
  ) -> String {
    guard let measured = report.measure(metric, selection) else {
      return "no \(metric.title): the items are all of one kind"
    }
    let float =
      report.floatValue(metric, selection).map { "float \(MetricText.value($0, metric)) → " } ?? ""
    return
      "\(float)int8 \(MetricText.value(measured.value, metric)) (95 % interval \(MetricText.interval(measured.interval, metric)))"
  }

  private static func text(_ counts: DecisionCounts) -> String {
    var text: String
    if counts.isReconstruction {
      text = "decides   \(counts.hits) items are above the threshold"
      if counts.isLabelled {
        text +=
          ": \(counts.found) of \(counts.anomalies) anomalies and \(counts.hits - counts.found) of the others"
      }
    } else {
      text = "decides   \(counts.accepted) of \(counts.items) items reach their threshold"
      if counts.isLabelled { text += ", \(counts.right) of those are right" }
    }
    return text + "; alarm at \(counts.alarms)"
  }

  private static func printJSON(
    _ report: EvaluationReport, _ manifest: Manifest, _ console: Console
  ) {
    var writer = JSONWriter(indented: true)
    writer.beginObject()
    writer.member("schema", "swiftlet.eval/1")
    writer.member("model", manifest.name)
    writer.member("version", manifest.version)
    writer.member("items", report.items)
    if let all = report.selections.first { printMetrics(report, all, &writer) }
    printSlices(report, &writer)
    if let noise = report.noise { writer.member("sqnr_db", noise.decibels) }
    if let agreement = report.agreement { writer.member("agreement", agreement.accuracy) }
    if let decisions = report.decisions {
      writer.name("decisions")
      writer.beginObject()
      if decisions.isReconstruction {
        writer.member("above", decisions.hits)
        if decisions.isLabelled {
          writer.member("anomalies", decisions.anomalies)
          writer.member("found", decisions.found)
        }
      } else {
        writer.member("accepted", decisions.accepted)
        if decisions.isLabelled { writer.member("right", decisions.right) }
        writer.member("hits", decisions.hits)
      }
      writer.member("alarms", decisions.alarms)
      writer.endObject()
    }
    if let table = manifest.quantization {
      writer.name("layers")
      writer.beginArray()
      for layer in table.layers {
        writer.beginObject()
        writer.member("name", layer.name)
        writer.member("operation", layer.operation)
        writer.member("sqnr_db", layer.signalToNoiseDecibels)
        writer.endObject()
      }
      writer.endArray()
    }
    writer.endObject()
    console.out(writer.string)
  }

  private static func printMetrics(
    _ report: EvaluationReport, _ selection: Selection, _ writer: inout JSONWriter
  ) {
    for metric in report.metrics {
      guard let measured = report.measure(metric, selection) else { continue }
      let key = MetricText.key(metric)
      writer.member(key, measured.value)
      if let interval = measured.interval {
        writer.member("\(key)_low", interval.lowerBound)
        writer.member("\(key)_high", interval.upperBound)
      }
      if let float = report.floatValue(metric, selection) { writer.member("float_\(key)", float) }
    }
  }

  private static func printSlices(_ report: EvaluationReport, _ writer: inout JSONWriter) {
    guard report.selections.count > 1 else { return }
    writer.name("slices")
    writer.beginArray()
    for selection in report.selections {
      guard let slice = selection.slice else { continue }
      writer.beginObject()
      writer.member("column", slice.column)
      writer.member("value", slice.value)
      writer.member("items", selection.items.count)
      printMetrics(report, selection, &writer)
      writer.endObject()
    }
    writer.endArray()
  }
}
