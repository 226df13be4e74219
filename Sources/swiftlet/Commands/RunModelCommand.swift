import Arrays
import Bundling
import CommandLineKit
import DeviceCommands
import FloatReference
import ModelGraph
import Quantizer

/// `run`: the device's verb; on the host a model file runs too, in the float reference.
enum RunModelCommand {
  static let command = Command(device.spec) { (parsed, console) throws(CommandFailure) in
    guard let path = parsed.positional(0), parsed.value("--root") == nil,
      !ModelFile.isBundle(path)
    else {
      try device.run(parsed, console)
      return
    }
    try runFloat(try ModelFile.load(path), parsed, console)
  }

  private static var device: Command { RunCommand.make(HostEnvironment.environment) }

  private static func runFloat(
    _ graph: Graph, _ parsed: ParsedArguments, _ console: Console
  ) throws(CommandFailure) {
    for option in ["--expect", "--tolerance", "--cpu-features", "--decisions"]
    where parsed.value(option) != nil {
      throw CommandFailure(.usage, "\(option) is for bundles; a model runs in the float reference")
    }
    let outputPath = try RunCommand.outputPath(parsed)
    let taken = try RunCommand.position(
      of: parsed.value("--take"), among: graph.outputs.map { graph[$0].name })
    let arrays = try HostEnvironment.arrays(parsed.values("--input"))
    let encodings = graph.inputs.map { _ in
      RankQuantizer.applies(to: graph) ? InputEncoding.ranks : .calibrated
    }
    let results: [[TensorData]]
    do throws(PackError) {
      let items = try ModelItems.split(arrays, for: graph, encodings: encodings)
      results = try run(items, graph)
    } catch {
      throw CommandFailure(error.exitCode, error.message, hint: error.hint)
    }
    if let path = outputPath {
      var shape = results[0][taken].shape
      if shape.first == 1 { shape[0] = results.count } else { shape.insert(results.count, at: 0) }
      let isFloat = results[0][taken].floats != nil
      let array: NumericArray
      do throws(ArrayError) {
        array =
          isFloat
          ? try NumericArray(floats: results.flatMap { $0[taken].floats ?? [] }, shape: shape)
          : try NumericArray(
            int64: results.flatMap { $0[taken].integers ?? [] }.map { Int64($0) }, shape: shape)
      } catch {
        throw CommandFailure(.failed, error.message)
      }
      try Files.write(path, Npy.write(array))
    }
    console.out("\(graph.name)  float reference  \(results.count) items")
  }

  private static func run(
    _ items: [[TensorData]], _ graph: Graph
  ) throws(PackError) -> [[TensorData]] {
    do throws(GraphError) {
      return try FloatExecutor(graph).run(items: items)
    } catch {
      throw PackError(error)
    }
  }
}
