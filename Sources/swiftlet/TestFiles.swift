import Bundling
import CommandLineKit
import DeviceCommands
import Foundation
import HostArrays

/// Test data as it is named: inputs, and where they stand in files of their own, labels, slices and
/// groups.
struct TestFiles {
  /// The options that name them.
  static let options: [OptionSpec] = [
    .value(
      "data", "FILE", "inputs: .npy, .npz[:NAME], .csv, .wav or a folder of those",
      repeatable: true, required: true),
    .value("labels", "FILE", "class indices or numbers, one per item; or a column of a .csv"),
    .value("slices", "FILE", "a .csv whose columns are slices, one row per item; or an array"),
    RunCommand.groupsOption,
  ]

  var data: [String] = []
  var labels: String?
  var slices: String?
  private var groups: [Int64]?

  /// Files that a command line names.
  init(_ parsed: ParsedArguments) throws(CommandFailure) {
    data = parsed.values("--data")
    labels = parsed.value("--labels")
    slices = parsed.value("--slices")
    groups = try RunCommand.groups(parsed, HostEnvironment.environment)
  }

  /// Files that a recipe names. They are looked for now and opened when the model is quantised.
  init(_ recipe: Recipe.Test, _ file: (String) -> String) throws(CommandFailure) {
    data = recipe.data.map { [file($0)] } ?? []
    labels = recipe.labels.map(file)
    slices = recipe.slices.map(file)
    for name in data + [labels, slices].compactMap({ $0 }) {
      let path = ArrayFile.split(name).path
      guard FileManager.default.fileExists(atPath: path) else {
        throw CommandFailure(.failed, "cannot open \(path): No such file or directory")
      }
    }
  }

  /// The data as a model takes it.
  func dataset(_ interface: DataInterface) throws(CommandFailure) -> Dataset {
    var dataset = try HostEnvironment.dataset(data, interface, readsTargets: labels == nil)
    if let labels, let file = try HostEnvironment.files([labels]).first {
      dataset.targets = try HostEnvironment.packing { () throws(PackError) in
        try TargetReader.targets(file, of: interface, path: labels)
      }
    }
    if let slices, let file = try HostEnvironment.files([slices]).first {
      guard let items = dataset.targets?.count else {
        throw CommandFailure(.usage, "slices are broken down by labels, and there are none")
      }
      dataset.slices += try HostEnvironment.packing { () throws(PackError) in
        try SliceReader.slices(file, path: slices, items: items)
      }
    }
    if let groups { dataset.groups = TextColumn(groups) }
    return dataset
  }

  /// Their bytes, for provenance.
  func sources() throws(CommandFailure) -> [SourceFile] {
    var sources: [SourceFile] = []
    let files = data.map { ($0, "test") } + (labels.map { [($0, "labels")] } ?? [])
    for (name, role) in files + (slices.map { [($0, "slices")] } ?? []) {
      sources.append(try SourceFile(role: role, path: name))
    }
    return sources
  }
}

extension SourceFile {
  /// The bytes of the files that an argument names.
  init(role: String, path argument: String) throws(CommandFailure) {
    var bytes: [UInt8] = []
    for path in DataFile.files(of: argument) {
      bytes += try Files.read(path, limit: ArrayFile.sizeLimit)
    }
    self.init(role: role, bytes: bytes)
  }
}
