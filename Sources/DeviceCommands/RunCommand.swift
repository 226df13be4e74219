import Arrays
import BundleFormat
public import CommandLineKit
import DeviceRuntime
import Sealing
import System
import Wire

/// `run BUNDLE --input X.npy [-o Y.npy] [--expect Z.npy]`, or `run --root DIR` for what is installed.
public enum RunCommand {
  /// The command in an environment.
  public static func make(_ environment: CommandEnvironment) -> Command {
    let spec = CommandSpec(
      name: "run", summary: "run inputs through a bundle, or through an installed model",
      discussion:
        "An array of the input's shape is one item; with one more leading axis it is many. int8 is taken as quantised, float32 is quantised at the edge, and outputs come back dequantised unless the model itself is int8. With --root the active release runs and telemetry is recorded. A model that keeps states carries them from item to item; it starts anew with the command and where --groups changes.",
      arguments: [ArgumentSpec("BUNDLE", "the bundle; not with --root", required: false)],
      options: [
        .value(
          "input", short: "i", "FILE", "input array, once per input of the model",
          repeatable: true, required: true),
        .value(
          "output", short: "o", "FILE", "write the first output here, .npy; again for the next",
          repeatable: true),
        .value("take", "NAME", "the output that --output and --expect are of, if not the first"),
        .value("expect", "FILE", "compare with this array; a difference exits 13"),
        .value("tolerance", "STEPS", "steps by which elements may differ from --expect"),
        .value("decisions", "FILE", "write what is decided of each item here, .csv"),
        groupsOption,
        .value("root", "DIR", "device root: run the installed model and record telemetry"),
        .value("model", "NAME", "which model of the root"),
      ] + BundleLoading.kernelOptions + BundleLoading.options,
      examples: [
        ExampleSpec("run digits.swb --input test.npy -o logits.npy", "classify an array of items")
      ])
    return Command(spec) { (parsed, console) throws(CommandFailure) in
      let model: RunnableModel
      if let root = parsed.value("--root") {
        model = try RunnableModel.installed(root: root, parsed)
      } else {
        guard let path = parsed.positional(0) else {
          throw CommandFailure(.usage, "a bundle is missing", hint: "or --root DIR")
        }
        let bundle = try BundleLoading.open(path, parsed, environment)
        let session = try BundleLoading.session(bundle, parsed)
        model = RunnableModel(manifest: bundle.manifest, session: session)
      }
      let arrays = try environment.readInputs(parsed.values("--input"), model.plan, console)
      try run(model, arrays, parsed, environment, console)
    }
  }

  /// Which items belong to one recording.
  public static let groupsOption = OptionSpec.value(
    "groups", "FILE", "a number per item: where it changes, what the model keeps starts anew")

  /// The numbers of `--groups`.
  public static func groups(
    _ parsed: ParsedArguments, _ environment: CommandEnvironment
  ) throws(CommandFailure) -> [Int64]? {
    guard let path = parsed.value("--groups") else { return nil }
    let array = try environment.readArray(path)
    do throws(ArrayError) {
      return try array.asInt64()
    } catch {
      throw CommandFailure(.failed, "\(path): \(error.message)")
    }
  }

  private static func run(
    _ model: RunnableModel, _ arrays: [NumericArray], _ parsed: ParsedArguments,
    _ environment: CommandEnvironment, _ console: Console
  ) throws(CommandFailure) {
    let tolerance = try parsed.integer("--tolerance", in: 0...65535) ?? 0
    let names = model.plan.outputs.map { $0.name }
    let taken = try position(of: parsed.value("--take"), among: names)
    let paths = try outputPaths(parsed, from: taken, count: names.count)
    var feeder = try ItemFeeder(plan: model.plan, arrays: arrays, session: model.session)
    var log = try DecisionLog(plan: model.plan, session: model.session)
    var found = try DetectionLog(plan: model.plan, session: model.session)
    if log == nil, found == nil, parsed.value("--decisions") != nil {
      throw CommandFailure(
        .usage, "the bundle decides nothing", hint: "add `decision` to its recipe")
    }
    var outputs = model.plan.outputs.enumerated().map { position, port in
      OutputCollector(port: port, tensor: model.session.outputTensor(position))
    }
    var times: [UInt64] = []
    let groups = try groups(parsed, environment)
    if let groups, groups.count != feeder.itemCount {
      throw CommandFailure(
        .failed, "--groups has \(groups.count) numbers for \(feeder.itemCount) items")
    }
    for item in 0..<feeder.itemCount {
      if let groups, item > 0, groups[item] != groups[item - 1] { model.session.reset() }
      try feeder.load(item, into: model.session)
      log?.willRun(model.session)
      let start = Clock.monotonicNanoseconds
      model.session.run()
      times.append(Clock.monotonicNanoseconds &- start)
      log?.didRun(model.session)
      found?.didRun(model.session)
      for position in outputs.indices { outputs[position].append(model.session.output(position)) }
      try model.record(latencyNanoseconds: times[item])
      if CurrentProcess.isInterrupted { throw CommandFailure(.interrupted, "interrupted") }
    }
    try model.finish()
    for (position, path) in paths.enumerated() {
      let output = outputs[taken + position]
      try Files.write(path, Npy.write(try output.array(items: feeder.itemCount)))
    }
    console.out(summary(model, outputs, times, items: feeder.itemCount))
    if let found {
      if let path = parsed.value("--decisions") { try Files.write(path, found.table()) }
      if feeder.itemCount <= 8 { for line in found.lines() { console.out(line) } }
    } else if let log {
      if let path = parsed.value("--decisions") { try Files.write(path, log.table()) }
      if feeder.itemCount <= 8 { for line in log.lines() { console.out(line) } }
    } else if feeder.itemCount <= 8 {
      printTopClasses(outputs[taken], feeder.itemCount, console)
    }
    if let path = parsed.value("--expect") {
      let expectation = Expectation(
        expected: try environment.readArray(path), tolerance: Int(tolerance))
      try expectation.check(outputs[taken], items: feeder.itemCount)
      console.out(tolerance == 0 ? "equal to \(path)" : "within \(tolerance) of \(path)")
    }
  }

  /// Where the outputs from `first` on go.
  ///
  /// - Throws: a usage error for an archive, since there would be bytes of another format under its
  ///   name, and for more files than outputs.
  public static func outputPaths(
    _ parsed: ParsedArguments, from first: Int, count: Int
  ) throws(CommandFailure) -> [String] {
    let paths = parsed.values("--output")
    for path in paths where path.utf8.reversed().starts(with: "zpn.".utf8) {
      throw CommandFailure(
        .usage, "run writes the first output as .npy, not .npz", hint: "-o NAME.npy")
    }
    guard first + paths.count <= count else {
      throw CommandFailure(
        .usage, "\(paths.count) files for \(count - first) outputs",
        hint: "give --output at most that often")
    }
    return paths
  }

  /// Where the output of a name stands; the first where none is asked for.
  public static func position(
    of name: String?, among names: [String]
  ) throws(CommandFailure) -> Int {
    guard let name else { return 0 }
    guard let position = names.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) else {
      var list = ""
      for name in names { list += list.utf8.isEmpty ? name : ", \(name)" }
      throw CommandFailure(.usage, "there is no output called \(name)", hint: "there is \(list)")
    }
    return position
  }

  /// One line that tells equal runs on different machines to be equal.
  private static func summary(
    _ model: RunnableModel, _ outputs: [OutputCollector], _ times: [UInt64], items: Int
  ) -> String {
    var hasher = SHA256Hasher()
    for output in outputs { hasher.update(output.bytes) }
    return
      "\(model.manifest.name) \(model.manifest.version)  \(items) \(items == 1 ? "item" : "items")  outputs \(Hex.encode(Array(hasher.finish().prefix(8))))"
  }

  private static func printTopClasses(_ output: OutputCollector, _ items: Int, _ console: Console) {
    let levels = output.levels
    let size = levels.count / max(items, 1)
    if output.isClass, size == 1 {
      for item in 0..<items where output.port.labels.indices.contains(Int(levels[item])) {
        console.out("  item \(item): \(output.port.labels[Int(levels[item])])")
      }
    }
    guard size > 1, output.port.labels.count == size else { return }
    for item in 0..<items {
      let row = levels[item * size..<(item + 1) * size]
      var best = row.startIndex
      for index in row.indices where row[index] > row[best] { best = index }
      console.out("  item \(item): \(output.port.labels[best - row.startIndex])")
    }
  }
}
