import BundleFormat
import Bundling
import CommandLineKit
import DeviceCommands
import DeviceRuntime
import Evaluation

/// `compare CHAMPION CHALLENGER --data F --labels F [--margin X]`.
enum CompareCommand {
  static let command = Command(
    CommandSpec(
      name: "compare",
      summary: "compare two bundles on the same items: paired tests, latency, size",
      discussion:
        "Every metric, over all items and per slice, with the 95 % interval of the difference and p: how often equal models would differ as much. Accuracy is tested by McNemar's exact test, other metrics by exchanging the two models' answers at random; p of slices is Holm's. Items of one group count as one. Exit 13 when the challenger is worse beyond chance (p below 0.05) by the first metric, over all items or on a slice; with --margin, also unless it is shown not to be worse by more than that: the one-sided 95 % bound of the loss is within the margin, over all items and on every slice large enough to show it.",
      arguments: [
        ArgumentSpec("CHAMPION", "the bundle in service"),
        ArgumentSpec("CHALLENGER", "the bundle that would follow"),
      ],
      options: TestFiles.options + [
        .value(
          "metric", "NAME",
          "compare by this metric, the decisive one first; all by default, slices by the first",
          choices: Metric.allCases.map(\.rawValue), repeatable: true),
        .value("margin", "X", "largest loss accepted: 0.01 or 1% of a share, or the target's unit"),
        .value("slice-items", "N", "independent items a slice needs to be judged; 30 by default"),
        .flag("json", "one JSON document"),
      ] + BundleLoading.kernelOptions + BundleLoading.options,
      examples: [
        ExampleSpec(
          "compare digits-1.swb digits-2.swb --data test.npy --labels labels.npy",
          "is the new one worse anywhere?"),
        ExampleSpec(
          "compare old.swb new.swb --data test.csv --margin 1%",
          "exit 13 unless it is shown to be at most a point worse"),
      ])
  ) { (parsed, console) throws(CommandFailure) in
    let margin = try margin(parsed)
    let sliceItems = Int(try parsed.integer("--slice-items", in: 1...Int64(Int32.max)) ?? 30)
    let champion = try Contender(parsed, 0, console)
    let challenger = try Contender(parsed, 1, console)
    console.progress("measuring latency …")
    let latency = LatencyMeasurement(challenger.session, beside: champion.session)
    let report = try HostEnvironment.packing { () throws(PackError) in
      try ComparisonReport(
        champion, challenger, latency, metrics: parsed.values("--metric"), margin: margin,
        sliceItems: sliceItems)
    }
    if parsed.flag("--json") { report.printJSON(console) } else { report.printText(console) }
    if let reason = report.objection { throw CommandFailure(.threshold, reason) }
  }

  /// `0.01`, `1%` or `1 %`.
  private static func margin(_ parsed: ParsedArguments) throws(CommandFailure) -> Double? {
    guard let text = parsed.value("--margin") else { return nil }
    let isPercent = text.hasSuffix("%")
    let digits = isPercent ? text.dropLast().filter { $0 != " " } : text
    guard let number = Double(digits), number.isFinite, number >= 0 else {
      throw CommandFailure(.usage, "--margin wants a number that is not negative, not '\(text)'")
    }
    return isPercent ? number / 100 : number
  }
}

/// A bundle on the data.
struct Contender {
  let manifest: Manifest
  let session: Session
  let report: EvaluationReport
  /// Bytes of the bundle.
  let bytes: Int

  var plan: PlanEntry { manifest.plans[0] }
  var model: ReleasedModel { ReleasedModel(session: session, plan: plan, bytes: bytes) }

  /// Verifies and evaluates the bundle of an argument.
  init(_ parsed: ParsedArguments, _ position: Int, _ console: Console) throws(CommandFailure) {
    let path = parsed.positional(position) ?? ""
    let bundle: VerifiedBundle
    do throws(CommandFailure) {
      bundle = try BundleLoading.open(path, parsed, HostEnvironment.environment)
    } catch {
      throw CommandFailure(error.code, "\(path): \(error.message)", hint: error.hint)
    }
    manifest = bundle.manifest
    session = try BundleLoading.session(bundle, parsed)
    bytes = try Files.read(path, limit: BundleLimits.fileBytes).count
    console.progress("evaluating \(path) …")
    let dataset = try TestFiles(parsed).dataset(DataInterface(manifest.plans[0]))
    if position == 0 { for note in dataset.notes { console.note(note) } }
    let evaluator = Evaluator(session: session, plan: manifest.plans[0])
    report = try HostEnvironment.packing { () throws(PackError) in
      try evaluator.evaluate(dataset, model: nil)
    }
  }
}
