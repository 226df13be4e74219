import Arrays
import Bundling
import CommandLineKit
import DeviceCommands
import FloatReference
import ModelGraph
import Quantizer

/// `run`: the device's verb; on the host a model file runs too, in the float reference.
enum RunModelCommand {
  static let command = Command(spec) { (parsed, console) throws(CommandFailure) in
    guard let path = parsed.positional(0), parsed.value("--root") == nil,
      !ModelFile.isBundle(path)
    else {
      guard !ModelOptions.areGiven(parsed) else {
        throw CommandFailure(
          .usage, "--state, --no-state and --constant are for models; a bundle has its own")
      }
      try device.run(parsed, console)
      return
    }
    let files = try HostEnvironment.files(parsed.values("--input"))
    let graph = try ModelFile.load(path, files: files, try ModelOptions.reading(parsed))
    try runFloat(graph, files, parsed, console)
  }

  private static var spec: CommandSpec {
    let device = device.spec
    return CommandSpec(
      name: device.name, summary: device.summary, discussion: device.discussion,
      arguments: device.arguments, options: device.options + ModelOptions.specs,
      examples: device.examples)
  }

  private static var device: Command { RunCommand.make(HostEnvironment.environment) }

  private static func runFloat(
    _ graph: Graph, _ files: [DataFile], _ parsed: ParsedArguments, _ console: Console
  ) throws(CommandFailure) {
    for option in ["--expect", "--tolerance", "--cpu-features", "--decisions"]
    where parsed.value(option) != nil {
      throw CommandFailure(.usage, "\(option) is for bundles; a model runs in the float reference")
    }
    let names = graph.outputs.map { graph[$0].name }
    let taken = try RunCommand.position(of: parsed.value("--take"), among: names)
    let paths = try RunCommand.outputPaths(parsed, from: taken, count: names.count)
    let encodings = graph.inputs.map { _ in
      RankQuantizer.applies(to: graph) ? InputEncoding.ranks : .calibrated
    }
    let starts = RecordingStarts(
      groups: try RunCommand.groups(parsed, HostEnvironment.environment) ?? [])
    let results: [[TensorData]]
    do throws(PackError) {
      let dataset = try DataReader(
        DataInterface(graph, encodings: encodings), readsTargets: false
      ).read(files)
      for note in dataset.notes { console.note(note) }
      let items = try ModelItems.split(dataset.arrays, for: graph, encodings: encodings)
      results = try run(items, graph, starts)
    } catch {
      throw CommandFailure(error.exitCode, error.message, hint: error.hint)
    }
    for (position, path) in paths.enumerated() {
      try Files.write(path, Npy.write(try array(results.map { $0[taken + position] })))
    }
    console.out("\(graph.name)  float reference  \(results.count) items")
  }

  /// One array of an output of every item; integers and bools as int64.
  private static func array(_ items: [TensorData]) throws(CommandFailure) -> NumericArray {
    var shape = items[0].shape
    if shape.first == 1 { shape[0] = items.count } else { shape.insert(items.count, at: 0) }
    do throws(ArrayError) {
      guard items[0].floats == nil else {
        return try NumericArray(floats: items.flatMap { $0.floats ?? [] }, shape: shape)
      }
      let integers = items.flatMap { $0.integers ?? [] }
      return try NumericArray(int64: integers.map(Int64.init), shape: shape)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  private static func run(
    _ items: [[TensorData]], _ graph: Graph, _ starts: RecordingStarts
  ) throws(PackError) -> [[TensorData]] {
    do throws(GraphError) {
      return try FloatExecutor(graph).run(items: items, starts: starts)
    } catch {
      throw PackError(error)
    }
  }
}
