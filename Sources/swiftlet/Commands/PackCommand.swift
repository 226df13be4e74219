import BundleFormat
import Bundling
import CommandLineKit
import DeviceCommands
import DriftStatistics
import Evaluation
import Foundation
import Sealing
import Wire

/// `pack RECIPE|MODEL [--calibration F] [--target T] [--key KEY] -o OUT.swb`.
enum PackCommand {
  static let command = Command(
    CommandSpec(
      name: "pack", summary: "quantise a model and seal it into a signed bundle",
      discussion:
        "Takes an ONNX or TFLite model with options, or a recipe (.json5) that names everything. Without --key the bundle is signed with this user's development key, which devices refuse.",
      arguments: [ArgumentSpec("MODEL", "model.onnx, model.tflite or recipe.json5")],
      options: [
        .value("output", short: "o", "FILE", "the bundle, .swb", required: true),
        .value(
          "calibration", "FILE",
          "typical inputs: .npy, .npz[:NAME], .csv, .wav or a folder of those",
          repeatable: true),
        .value("reference", "FILE", "more rows, for the drift reference", repeatable: true),
        .value("target", "NAME", "certify for this device; see swiftlet targets", repeatable: true),
        .value("key", "KEY", "the author's secret key"),
        .value("name", "NAME", "model name; the file's by default"),
        .value("version", "VERSION", "semantic version; 0.1.0 by default"),
        .value("sequence", "N", "release number, rising; 1 by default"),
        .value("input-scale", "S", "inputs are raw bytes times S, e.g. 1/255"),
        .value(
          "sqnr", "DB", "16-bit activations until the outputs are this near the float model's"),
        .value("window", "ITEMS", "inferences per telemetry window"),
        .value("base", "BUNDLE", "follow the integers of this release, for a small delta"),
        .value("dead-zone", "STEPS", "and keep those that should move by less, e.g. 0.25"),
        RunCommand.groupsOption,
      ] + ModelOptions.specs,
      examples: [
        ExampleSpec("pack model.onnx --calibration data.npy -o model.swb", "the usual line"),
        ExampleSpec("pack bundles/digits/recipe.json5 --key author.key -o digits.swb", "a recipe"),
      ])
  ) { (parsed, console) throws(CommandFailure) in
    try BundleLoading.initializeCrypto()
    let start = Date()
    let output = try parsed.required("--output")
    var order = try PackRequestReader(parsed).read()
    let key: Ed25519KeyPair
    if let path = parsed.value("--key") {
      key = try Keys.secret(path)
    } else {
      key = try HostEnvironment.makeDevelopmentKey()
      order.request.isDevelopment = true
    }
    let (outcome, verdicts) = try ReleaseGates(order, console).pack(signer: key)
    for note in outcome.notes where verdicts.contains(where: { !$0.holds }) {
      console.note("note: \(note)")
    }
    try GateReport.check(verdicts, output, console)
    try Files.write(output, outcome.bytes)
    report(outcome, verdicts, output, Date().timeIntervalSince(start), console)
  }

  private static func report(
    _ outcome: PackOutcome, _ verdicts: [GateVerdict], _ path: String, _ seconds: Double,
    _ console: Console
  ) {
    let manifest = outcome.manifest
    let resources = manifest.plans[0].resources
    let ratio = Double(outcome.modelBytes) / Double(outcome.bytes.count)
    console.out(
      "\(console.bold("\(manifest.name) \(manifest.version)"))  \(Quantity.bytes(outcome.modelBytes)) → \(Quantity.bytes(outcome.bytes.count)) (\(decimal(ratio, 1))× smaller) in \(decimal(seconds, 1)) s"
    )
    console.out("quality  \(quality(manifest))")
    GateReport.print(verdicts, console)
    console.out(
      "needs    arena \(Quantity.bytes(Int(resources.arenaBytes))), weights \(Quantity.bytes(Int(resources.weightsBytes))), \(grouped(resources.multiplyAccumulates)) MACs; fits \(fits(manifest))"
    )
    console.out("watches  \(watches(manifest))")
    console.out(
      "signed   \(path), \(manifest.isDevelopment ? "development key: devices refuse it (--key)" : "release \(Hex.encode(release(manifest, outcome)).prefix(16))…")"
    )
    for note in outcome.notes { console.note("note: \(note)") }
  }

  private static func release(_ manifest: Manifest, _ outcome: PackOutcome) -> [UInt8] {
    (try? BundleVerifier(opener: SodiumZstd()).peek(outcome.bytes).release) ?? []
  }

  private static func quality(_ manifest: Manifest) -> String {
    var parts: [String] = []
    if manifest.plans[0].inputs.contains(where: { !$0.ranks.isEmpty }) {
      parts.append("trees: every leaf as the float model's, sums in fixed point")
    } else if let report = manifest.quantization {
      let worst = report.layers.min { $0.signalToNoiseDecibels < $1.signalToNoiseDecibels }
      let how = report.method == "imported" ? "came quantised" : "int8 (\(report.method))"
      parts.append("\(how), \(decimal(report.outputDecibels, 1)) dB against float")
      if let worst {
        parts.append("worst layer \(worst.name) \(decimal(worst.signalToNoiseDecibels, 1)) dB")
      }
    } else {
      parts.append("came quantised; its integers are kept")
    }
    if let figure = manifest.tests?.figures.first, let metric = Metric(rawValue: figure.metric) {
      parts.append("\(metric.title) \(MetricText.value(figure.value, metric)) on test data")
    }
    return parts.joined(separator: "; ")
  }

  private static func fits(_ manifest: Manifest) -> String {
    let names = manifest.certificates.map(\.target)
    return names.isEmpty ? "no target was asked for" : names.joined(separator: ", ")
  }

  private static func watches(_ manifest: Manifest) -> String {
    guard let contract = manifest.telemetry else { return "nothing: no drift contract" }
    return
      "\(contract.taps.count) taps in windows of \(contract.windowItems), one false alarm in \(decimal(1 / contract.alarmRate, 0)) windows"
  }

  private static func decimal(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  private static func grouped(_ value: UInt64) -> String {
    value >= 1_000_000
      ? "\(decimal(Double(value) / 1e6, 1)) M" : "\(decimal(Double(value) / 1e3, 0)) k"
  }
}

extension PackError {
  var exitCode: ExitCode {
    switch kind {
    case .failed: .failed
    case .usage: .usage
    case .unsupportedOperator: .unsupportedOperator
    case .threshold: .threshold
    case .deviceLimit: .deviceLimit
    }
  }
}
