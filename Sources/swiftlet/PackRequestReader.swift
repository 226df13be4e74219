import Arrays
import BundleFormat
import Bundling
import CommandLineKit
import DeviceCommands
import Evaluation
import Foundation
import HostArrays
import Targets

/// What `pack` is asked for: a bundle, and what it must prove before it is one.
struct ReleaseOrder {
  /// What the bundle is made from, with every file read.
  var request: PackRequest
  /// Test data, not opened yet.
  var test: TestFiles?
  /// Limits.
  var gates: [Gate] = []
  /// The release in service.
  var champion: Recipe.Champion?
}

/// Turns the command line of `pack`, or a recipe, into an order.
struct PackRequestReader {
  /// Certified for when nothing else is asked: the boards people have.
  static let defaultTargets = ["x86-64", "arm64", "armv7", "riscv64"]
  private static let modelBytesMax = 512 << 20

  private let parsed: ParsedArguments
  private let path: String

  init(_ parsed: ParsedArguments) {
    self.parsed = parsed
    path = parsed.positional(0) ?? ""
  }

  func read() throws(CommandFailure) -> ReleaseOrder {
    var order =
      path.hasSuffix(".json5") || path.hasSuffix(".json")
      ? try recipe() : ReleaseOrder(request: try model())
    try follow(&order.request)
    return order
  }

  /// `--base` and `--dead-zone`.
  private func follow(_ request: inout PackRequest) throws(CommandFailure) {
    let zone = parsed.value("--dead-zone")
    guard let base = parsed.value("--base") else {
      guard zone == nil else { throw CommandFailure(.usage, "--dead-zone is of a --base") }
      return
    }
    let bundle = try BundleLoading.intact(base)
    request.base = try HostEnvironment.packing { () throws(PackError) in
      try QuantizedRelease(bundle)
    }
    if let zone {
      guard let steps = Float(zone), (0...2).contains(steps) else {
        throw CommandFailure(.usage, "--dead-zone wants steps from 0 to 2, not '\(zone)'")
      }
      request.base?.deadZone = steps
    }
    request.sources.append(
      SourceFile(role: "base", bytes: try Files.read(base, limit: BundleLimits.fileBytes)))
  }

  private func model() throws(CommandFailure) -> PackRequest {
    guard !ModelFile.isBundle(path) else {
      throw CommandFailure(
        .usage, "\(path) is a bundle already", hint: "swiftlet inspect shows it, sign signs it")
    }
    let bytes = try Files.read(path, limit: Self.modelBytesMax)
    var request = PackRequest(
      name: parsed.value("--name") ?? Self.name(of: path),
      version: parsed.value("--version") ?? "0.1.0",
      sequence: UInt64(try parsed.integer("--sequence", in: 0...Int64.max) ?? 1), model: bytes,
      tool: "swiftlet \(DeviceProgram.version)")
    request.sources = [SourceFile(role: "model", bytes: bytes)]
    request.rawScale = try scale()
    request.signalToNoiseTarget = try signalToNoise()
    request.calibrationFiles = try load(
      parsed.values("--calibration"), "calibration", &request)
    request.referenceFiles = try load(parsed.values("--reference"), "reference", &request)
    request.reading = try ModelOptions.reading(parsed)
    request.calibrationGroups = try RunCommand.groups(parsed, HostEnvironment.environment) ?? []
    request.windowItems = try parsed.integer("--window", in: 20...1_000_000).map { Int($0) }
    request.targets = try targets(parsed.values("--target"))
    return request
  }

  private func recipe() throws(CommandFailure) -> ReleaseOrder {
    for option in [
      "--name", "--version", "--input-scale", "--window", "--calibration", "--state", "--constant",
      "--groups", "--sqnr",
    ] where parsed.value(option) != nil || option == "--state" && parsed.flag("--no-state") {
      throw CommandFailure(.usage, "\(option) is set by the recipe", hint: "change it in \(path)")
    }
    let bytes = try Files.read(path, limit: 1 << 20)
    let recipe = try parse(bytes)
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    func file(_ name: String) -> String { folder.appendingPathComponent(name).path }
    let model = try Files.read(file(recipe.model), limit: Self.modelBytesMax)
    var request = PackRequest(
      name: recipe.name, version: recipe.version,
      sequence: UInt64(
        try parsed.integer("--sequence", in: 0...Int64.max) ?? Int64(recipe.sequence)),
      model: model, tool: "swiftlet \(DeviceProgram.version)")
    request.sources = [
      SourceFile(role: "recipe", bytes: bytes), SourceFile(role: "model", bytes: model),
    ]
    request.calibrationFiles = try load(
      recipe.calibration.map { [file($0)] } ?? [], "calibration", &request)
    request.referenceFiles = try load(
      recipe.reference.map { [file($0)] } ?? [], "reference", &request)
    request.ports = try ports(recipe)
    request.reading = try ModelOptions.reading(recipe, file)
    if let groups = recipe.groups {
      request.calibrationGroups = try ModelOptions.groups(file(groups))
    }
    request.roles = recipe.columns?.roles ?? DataRoles()
    request.features = recipe.columns?.features ?? []
    request.units = recipe.columns?.units ?? [:]
    request.audio = recipe.audio
    request.stream = recipe.stream
    request.decision = recipe.decision
    request.boxes = recipe.boxes
    if let anchors = recipe.boxes?.anchors {
      request.anchors = try HostEnvironment.array(file(anchors))
    }
    request.signalToNoiseTarget = recipe.quantisation?.sqnr
    request.windowItems = recipe.telemetry?.windowItems
    request.samplingPeriod = recipe.telemetry?.samplingPeriod ?? 1
    request.alarmRate = recipe.telemetry?.alarmRate ?? 0.001
    request.licence = recipe.licence ?? ""
    request.card = recipe.card ?? request.card
    let named = parsed.values("--target")
    request.targets = try targets(named.isEmpty ? recipe.targets ?? [] : named)
    request.testShare = recipe.test?.share
    return try order(request, recipe, file)
  }

  private func parse(_ bytes: [UInt8]) throws(CommandFailure) -> Recipe {
    do throws(RecipeError) {
      return try Recipe(json5: Data(bytes))
    } catch {
      throw CommandFailure(
        .failed, "\(path): \(error.reason)",
        hint: NearestMatch.of(error.unknownKey, among: error.knownKeys).map {
          "did you mean \($0)?"
        })
    }
  }

  /// Inputs, then outputs, as the recipe names them.
  private func ports(_ recipe: Recipe) throws(CommandFailure) -> [NamedPort] {
    var ports: [NamedPort] = []
    for input in recipe.inputs ?? [] {
      do throws(RecipeError) {
        ports.append(try NamedPort(input))
      } catch {
        throw CommandFailure(.failed, "\(path): \(error.reason)")
      }
    }
    return ports
      + (recipe.outputs ?? []).map { output in
        NamedPort(
          name: output.name,
          naming: PortNaming(unit: output.unit ?? "", labels: output.labels ?? []))
      }
  }

  /// The request with what its bundle must prove.
  private func order(
    _ request: PackRequest, _ recipe: Recipe, _ file: (String) -> String
  ) throws(CommandFailure) -> ReleaseOrder {
    var order = ReleaseOrder(request: request)
    if let test = recipe.test {
      guard (test.data == nil) != (test.share == nil),
        test.share == nil || test.labels == nil && test.slices == nil
      else {
        throw CommandFailure(
          .failed, "\(path): test wants `data`, or a `share` of the calibration data, not both")
      }
      if let share = test.share, !(share > 0 && share < 1) {
        throw CommandFailure(.failed, "\(path): test.share is not between 0 and 1")
      }
      if test.data != nil { order.test = try TestFiles(test, file) }
    }
    for gate in recipe.gates ?? [] {
      do throws(PackError) {
        order.gates += try Gate.gates(gate)
      } catch {
        throw CommandFailure(.failed, "\(path): \(error.message)", hint: error.hint)
      }
    }
    if var champion = recipe.champion {
      champion.bundle = file(champion.bundle)
      champion.trust = champion.trust?.map(file)
      order.champion = champion
    }
    for gate in order.gates {
      if gate.needsTestData, recipe.test == nil {
        throw CommandFailure(
          .failed, "\(path): gate \(gate.quantity.name) needs test data", hint: "add test.data")
      }
      if gate.needsChampion, order.champion == nil {
        throw CommandFailure(
          .failed, "\(path): a margin is kept against a champion",
          hint: "add champion: { bundle: FILE.swb }")
      }
    }
    return order
  }

  /// Opens data, and keeps its bytes for provenance.
  private func load(
    _ arguments: [String], _ role: String, _ request: inout PackRequest
  ) throws(CommandFailure) -> [DataFile] {
    for argument in arguments {
      request.sources.append(try SourceFile(role: role, path: argument))
    }
    return try HostEnvironment.files(arguments)
  }

  private func targets(_ names: [String]) throws(CommandFailure) -> [Target] {
    let folders = TargetCatalogue.folders(program: "/proc/self/exe")
    var targets: [Target] = []
    for name in names.isEmpty ? Self.defaultTargets : names {
      do throws(TargetError) {
        targets.append(try TargetCatalogue.load(name, from: folders))
      } catch {
        throw CommandFailure(
          .failed, error.reason, hint: "SWIFTLET_TARGETS names the folder of the target files")
      }
    }
    return targets
  }

  private func signalToNoise() throws(CommandFailure) -> Double? {
    guard let text = parsed.value("--sqnr") else { return nil }
    guard let value = Double(text), value > 0, value < 200 else {
      throw CommandFailure(
        .usage, "--sqnr wants decibels between 0 and 200, not '\(text)'", hint: "45 is a good value"
      )
    }
    return value
  }

  /// `1/255` or `0.0039`.
  private func scale() throws(CommandFailure) -> Float? {
    guard let text = parsed.value("--input-scale") else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
    let value: Double? =
      switch parts.count {
      case 1: parts[0]
      case 2: parts[0].flatMap { top in parts[1].map { top / $0 } }
      default: nil
      }
    guard let value, value.isFinite, value > 0 else {
      throw CommandFailure(
        .usage, "--input-scale wants a positive number or a fraction, not '\(text)'")
    }
    return Float(value)
  }

  /// The file's name as a model name: lower case, other characters as dashes.
  private static func name(of path: String) -> String {
    let stem = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent.lowercased()
    let name = String(
      stem.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" }
        .prefix(64))
    return Manifest.isName(name) ? name : "model"
  }
}
