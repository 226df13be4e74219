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
      options: [
        .value(
          "data", "FILE", "inputs: .npy, .npz[:NAME], .csv, .wav or a folder of those",
          repeatable: true, required: true),
        .value("labels", "FILE", "class indices, one per item; or a column of a .csv"),
        .value("model", "FILE", "the float model it was packed from"),
        .flag("layers", "the error of every layer, as measured at packing"),
        .flag("json", "one JSON document"),
      ] + ModelOptions.specs + [RunCommand.groupsOption]
        + BundleLoading.kernelOptions + BundleLoading.options,
      examples: [
        ExampleSpec(
          "eval digits.swb --data test.npy --labels labels.npy --model model.onnx",
          "accuracy and SQNR against float")
      ])
  ) { (parsed, console) throws(CommandFailure) in
    let bundle = try BundleLoading.open(
      parsed.positional(0) ?? "", parsed, HostEnvironment.environment)
    let session = try BundleLoading.session(bundle, parsed)
    let interface = DataInterface(bundle.manifest.plans[0])
    var dataset = try HostEnvironment.dataset(
      parsed.values("--data"), interface, readsTargets: parsed.value("--labels") == nil)
    if let path = parsed.value("--labels"), let file = try HostEnvironment.files([path]).first {
      dataset.targets = try HostEnvironment.packing { () throws(PackError) in
        try TargetReader.targets(file, of: interface, path: path)
      }
    }
    if let groups = try RunCommand.groups(parsed, HostEnvironment.environment) {
      dataset.groups = TextColumn(groups)
    }
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
    if let accuracy = report.accuracy {
      let float = report.floatAccuracy.map { "float \(percent($0.accuracy)) → " } ?? ""
      let interval = accuracy.interval
      console.out(
        "accuracy  \(float)int8 \(percent(accuracy.accuracy)) (95 % interval \(percent(interval.lowerBound)) to \(percent(interval.upperBound)))"
      )
    }
    if let deviation = report.deviation {
      let float = report.floatDeviation.map { "float \(text($0)) → " } ?? ""
      console.out("error     \(float)int8 \(text(deviation))")
    }
    if let noise = report.noise {
      console.out("SQNR      \(String(format: "%.2f", noise.decibels)) dB against the float model")
    }
    if let agreement = report.agreement {
      console.out(
        "agrees    with the float model's choice on \(agreement.correct) of \(agreement.items) items"
      )
    }
    if let decisions = report.decisions { console.out(text(decisions)) }
    for slice in report.slices {
      console.out("  \(slice.name) \(slice.value)  \(text(slice))")
    }
    guard layers, let table = manifest.quantization else { return }
    for layer in table.layers {
      let decibels = String(format: "%7.2f dB", layer.signalToNoiseDecibels)
      console.out("  \(decibels)  \(layer.operation)  \(layer.name)")
    }
  }

  private static func text(_ deviation: Deviation) -> String {
    String(
      format: "mean %.4g, root mean square %.4g", deviation.meanAbsolute, deviation.rootMeanSquare)
  }

  private static func text(_ slice: SliceReport) -> String {
    if let deviation = slice.deviation { return "\(deviation.items) items, \(text(deviation))" }
    let accuracy = slice.accuracy
    let float = slice.floatAccuracy.map { "float \(percent($0.accuracy)) → " } ?? ""
    return
      "\(accuracy.items) items, \(float)int8 \(percent(accuracy.accuracy)) (\(percent(accuracy.interval.lowerBound)) to \(percent(accuracy.interval.upperBound)))"
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
    if let accuracy = report.accuracy {
      writer.member("accuracy", accuracy.accuracy)
      writer.member("accuracy_low", accuracy.interval.lowerBound)
      writer.member("accuracy_high", accuracy.interval.upperBound)
    }
    if let float = report.floatAccuracy { writer.member("float_accuracy", float.accuracy) }
    if let deviation = report.deviation {
      writer.member("mean_absolute_error", deviation.meanAbsolute)
      writer.member("root_mean_square_error", deviation.rootMeanSquare)
    }
    if let float = report.floatDeviation {
      writer.member("float_mean_absolute_error", float.meanAbsolute)
    }
    printSlices(report.slices, &writer)
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

  private static func printSlices(_ slices: [SliceReport], _ writer: inout JSONWriter) {
    guard !slices.isEmpty else { return }
    writer.name("slices")
    writer.beginArray()
    for slice in slices {
      writer.beginObject()
      writer.member("column", slice.name)
      writer.member("value", slice.value)
      if let deviation = slice.deviation {
        writer.member("items", deviation.items)
        writer.member("mean_absolute_error", deviation.meanAbsolute)
        writer.member("root_mean_square_error", deviation.rootMeanSquare)
      } else {
        writer.member("items", slice.accuracy.items)
        writer.member("accuracy", slice.accuracy.accuracy)
        writer.member("accuracy_low", slice.accuracy.interval.lowerBound)
        writer.member("accuracy_high", slice.accuracy.interval.upperBound)
        if let float = slice.floatAccuracy { writer.member("float_accuracy", float.accuracy) }
      }
      writer.endObject()
    }
    writer.endArray()
  }

  private static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }
}
