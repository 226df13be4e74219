import BundleFormat
import Bundling
import CommandLineKit
import DeviceCommands
import Evaluation
import Foundation
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
        .value("data", "FILE", "inputs, .npy or .npz[:NAME]", repeatable: true, required: true),
        .value("labels", "FILE", "class indices, one per item"),
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
    let arrays = try HostEnvironment.arrays(parsed.values("--data"))
    var labels: [Int]?
    if let path = parsed.value("--labels") { labels = try Labels.read(path) }
    var model: Graph?
    if let path = parsed.value("--model") {
      model = try ModelFile.load(path, arrays: arrays, try ModelOptions.reading(parsed))
    }
    let groups = try RunCommand.groups(parsed, HostEnvironment.environment)
    let report: EvaluationReport
    do throws(PackError) {
      report = try Evaluator(session: session, plan: bundle.manifest.plans[0])
        .evaluate(arrays, labels: labels, model: model, groups: groups)
    } catch {
      throw CommandFailure(error.exitCode, error.message, hint: error.hint)
    }
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
    if let noise = report.noise {
      console.out("SQNR      \(String(format: "%.2f", noise.decibels)) dB against the float model")
    }
    if let agreement = report.agreement {
      console.out(
        "agrees    with the float model's choice on \(agreement.correct) of \(agreement.items) items"
      )
    }
    if let decisions = report.decisions { console.out(text(decisions)) }
    guard layers, let table = manifest.quantization else { return }
    for layer in table.layers {
      let decibels = String(format: "%7.2f dB", layer.signalToNoiseDecibels)
      console.out("  \(decibels)  \(layer.operation)  \(layer.name)")
    }
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

  private static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }
}
