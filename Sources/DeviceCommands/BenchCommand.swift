import BundleFormat
public import CommandLineKit
import System

/// `bench BUNDLE`: latency, memory, cold start and first call after idleness; `--layers` names each
/// kernel.
public enum BenchCommand {
  /// The command in an environment.
  public static func make(_ environment: CommandEnvironment) -> Command {
    Command(spec) { (parsed, console) throws(CommandFailure) in
      let plan = try BenchPlan(parsed)
      let watch = BenchStart.now
      let model = try open(parsed, environment)
      let start = watch.firstResult(of: model.session)
      if parsed.flag("--once") {
        console.out("\(Clock.monotonicNanoseconds)")
      } else if parsed.flag("--harness") {
        BenchHarness(session: model.session, start: start).serve(console)
      } else {
        let report = try measure(model, start, plan, parsed, console)
        if parsed.flag("--json") { report.printJSON(console) } else { report.printText(console) }
      }
    }
  }

  private static var spec: CommandSpec {
    CommandSpec(
      name: "bench", summary: "measure latency, memory and cold start of a bundle on this CPU",
      discussion:
        "Latency is that of a warm process. Cold start is the median over new processes of this same executable, from before the process exists to its first result, everything verified. With --idle, each of several calls follows seconds of sleep, in which caches and the clock of the CPU go cold. Results under an emulator are marked as such.",
      arguments: [ArgumentSpec("BUNDLE", "the bundle; not with --root", required: false)],
      options: [
        .value("seconds", "N", "how long to measure; 2 by default"),
        .flag("idle", "the first call after idleness too; takes minutes"),
        .value("idle-seconds", "N", "idleness before each such call; 5 by default"),
        .value("idle-count", "N", "such calls, of which the median counts; 30 by default"),
        .flag("layers", "one row per layer, with the kernel that served it"),
        .flag("json", "one JSON document"),
        .flag("once", "run once, print when its result was there (monotonic ns), and end"),
        .flag(
          "harness",
          "serve a harness: a JSON line when ready, then the times of N ms for each line N of input"
        ),
        .value("root", "DIR", "device root: measure the installed model, from its prepared image"),
        .value("model", "NAME", "which model of the root"),
      ] + BundleLoading.kernelOptions + BundleLoading.options,
      examples: [
        ExampleSpec("bench digits.swb --layers", "where the time goes"),
        ExampleSpec("bench --root /var/lib/swiftlet --idle", "as the installed model will feel"),
      ])
  }

  private static func open(
    _ parsed: ParsedArguments, _ environment: CommandEnvironment
  ) throws(CommandFailure) -> RunnableModel {
    if let root = parsed.value("--root") {
      return try RunnableModel.installed(root: root, parsed, recording: false)
    }
    guard let path = parsed.positional(0) else {
      throw CommandFailure(.usage, "a bundle is missing", hint: "or --root DIR")
    }
    let bundle = try BundleLoading.open(path, parsed, environment)
    let session = try BundleLoading.session(bundle, parsed)
    return RunnableModel(manifest: bundle.manifest, session: session)
  }

  /// Cold starts come first: this process is idle meanwhile.
  private static func measure(
    _ model: RunnableModel, _ start: BenchStart, _ plan: BenchPlan, _ parsed: ParsedArguments,
    _ console: Console
  ) throws(CommandFailure) -> BenchReport {
    let session = model.session
    let peak = CurrentProcess.peakResidentBytes
    let coldStarts = try ColdStart.measure(parsed, program: console.program)
    let latencies = LatencySamples.warm(session, nanoseconds: plan.nanoseconds)
    let layers = parsed.flag("--layers") ? LatencySamples.layerMedians(session) : []
    let idle = plan.idle.map { LatencySamples.afterIdleness(session, $0, console) }
    return BenchReport(
      session: session, manifest: model.manifest, start: start, coldStarts: coldStarts,
      peakBytes: peak, latencies: latencies, idleness: plan.idle, afterIdleness: idle,
      layers: layers)
  }
}

/// What the options ask to measure.
struct BenchPlan {
  /// How long to measure warm latency.
  let nanoseconds: UInt64
  /// The first calls after idleness, if asked for.
  let idle: Idleness?

  init(_ parsed: ParsedArguments) throws(CommandFailure) {
    nanoseconds = try Self.seconds(parsed, "--seconds") ?? 2_000_000_000
    let pause = try Self.seconds(parsed, "--idle-seconds")
    let count = try parsed.integer("--idle-count", in: 1...10_000)
    guard parsed.flag("--idle") else {
      guard pause == nil, count == nil else {
        throw CommandFailure(.usage, "--idle-seconds and --idle-count go with --idle")
      }
      idle = nil
      return
    }
    idle = Idleness(nanoseconds: pause ?? 5_000_000_000, count: Int(count ?? 30))
  }

  private static func seconds(
    _ parsed: ParsedArguments, _ option: String
  ) throws(CommandFailure) -> UInt64? {
    guard let seconds = try parsed.number(option) else { return nil }
    guard seconds > 0, seconds <= 3600 else {
      throw CommandFailure(.usage, "\(option) wants a number above 0, at most 3600")
    }
    return UInt64(seconds * 1e9)
  }
}
