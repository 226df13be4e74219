import Arrays
import Foundation
import HostArrays
import Sealing
import TestSupport
import Wire

/// A folder with what transcripts begin from: keys of fixed seeds, the digits with their recipe,
/// bundles of them, and arrays that fit or do not.
final class Workshop {
  let folder: TemporaryFolder
  private let device: String

  /// A copy of the prepared folder.
  init() throws {
    folder = try TemporaryFolder()
    device = try Self.deviceCommand()
    try Self.copy(contentsOf: try Self.prepared.get().folder.path, into: folder.path)
    try writeCommands()
  }

  private init(empty: TemporaryFolder) throws {
    folder = empty
    device = try Self.deviceCommand()
    try writeCommands()
  }

  /// Runs a line of shell in the folder.
  func run(_ line: String, environment: [String: String] = [:]) throws -> Tool.Outcome {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    var all = [
      "PATH": "\(folder.path)/.bin:\(path)", "HOME": folder.path, "XDG_CONFIG_HOME": "",
      "LC_ALL": "C.UTF-8", "NO_COLOR": "",
      "SWIFTLET_TARGETS": Package.root.appendingPathComponent("targets").path,
    ]
    all.merge(environment) { $1 }
    return try Tool.run(
      path: "/bin/sh", ["-c", line], environment: all, folder: folder.path)
  }

  /// `swiftletd` as it is asked for: this build's, or another's with its emulator.
  private static func deviceCommand() throws -> String {
    guard let command = ProcessInfo.processInfo.environment["SWIFTLET_DEVICE_COMMAND"],
      !command.isEmpty
    else { return Tool.folder.appendingPathComponent("swiftletd").path }
    // Paths are relative to the package; the shell runs elsewhere.
    return command.split(separator: " ").map { word in
      let path = Package.root.appendingPathComponent(String(word)).path
      return word.contains("/") && Tool.isInstalled(path) ? path : String(word)
    }.joined(separator: " ")
  }

  /// The commands under test by their names; a wrapper, so that options of a shell apply to them.
  private func writeCommands() throws {
    let bin = folder.file(".bin")
    try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
    for (name, command) in [
      ("swiftlet", Tool.folder.appendingPathComponent("swiftlet").path), ("swiftletd", device),
    ] {
      try folder.write(".bin/\(name)", Array("#!/bin/sh\nexec \(command) \"$@\"\n".utf8))
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: "\(bin)/\(name)")
    }
  }

  private static func copy(contentsOf source: String, into target: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: source) where name != ".bin" {
      try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(target)/\(name)")
    }
  }

  // MARK: The prepared folder

  /// What `prepared` could not do.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private struct Prepared: @unchecked Sendable {
    let folder: TemporaryFolder
  }

  /// Made once for all transcripts; packing takes most of a second.
  private static let prepared = Result { try prepare() }

  private static func prepare() throws -> Prepared {
    let workshop = try Workshop(empty: try TemporaryFolder())
    let folder = workshop.folder
    try FileManager.default.copyItem(
      atPath: Package.root.appendingPathComponent("bundles/digits").path,
      toPath: folder.file("digits"))
    try writeKeys(folder)
    try writeArrays(folder)
    try writeTrees(folder)
    // Other calibration data than the recipe's: another image, and other outputs.
    let float = "pack digits/model.onnx --calibration digits/reference.npz --window 135"
    for line in [
      "pack digits/recipe.json5 --key author -o digits.swb",
      "pack digits/recipe.json5 -o development.swb",
      "\(float) --key author --name digits --version 2.0.0 --sequence 2 -o digits-2.swb",
      "\(float) --key author --name other-model -o other-model.swb",
      "run digits.swb --trust author.pub --input digits/test.npy -o golden.npy",
    ] {
      let outcome = try workshop.run("swiftlet \(line)")
      guard outcome.code == 0 else { throw Failure(description: "\(line): \(outcome.errorText)") }
    }
    return Prepared(folder: folder)
  }

  /// Keys of fixed seeds: the same names of signers in every run.
  private static func writeKeys(_ folder: TemporaryFolder) throws {
    try Crypto.initialize()
    try FileManager.default.createDirectory(
      atPath: folder.file(".config/swiftlet"), withIntermediateDirectories: true)
    for (seed, path) in [
      (UInt8(1), "author"), (2, "stranger"), (3, ".config/swiftlet/development.key"),
    ] {
      guard let pair = Ed25519KeyPair(seed: [UInt8](repeating: seed, count: 32)) else {
        throw Failure(description: "no key of seed \(seed)")
      }
      try folder.write(path, KeyFile.printSecret(pair))
      try folder.write(
        path.replacingOccurrences(of: ".key", with: "") + ".pub",
        KeyFile.printPublic(pair.publicKey))
    }
    try FileManager.default.moveItem(
      atPath: folder.file(".config/swiftlet/development.pub"),
      toPath: folder.file("development.pub"))
  }

  /// A classifier of two trees in a pipeline, and rows for it: on a threshold, beside it, missing.
  private static func writeTrees(_ folder: TemporaryFolder) throws {
    var model = ONNXSample()
    model.input("x", ["n", "2"])
    model.node(
      "Scaler", ["x"], ["scaled"], ["scale": .floats([0.5, 2]), "offset": .floats([1, 0])],
      domain: "ai.onnx.ml")
    model.node(
      "TreeEnsembleClassifier", ["scaled"], ["label", "probabilities"],
      [
        "nodes_treeids": .ints([0, 0, 0, 1, 1, 1]), "nodes_nodeids": .ints([0, 1, 2, 0, 1, 2]),
        "nodes_modes": .strings(["BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LT", "LEAF", "LEAF"]),
        "nodes_featureids": .ints([0, 0, 0, 1, 0, 0]), "nodes_values": .floats([2, 0, 0, 3, 0, 0]),
        "nodes_truenodeids": .ints([1, 0, 0, 1, 0, 0]),
        "nodes_falsenodeids": .ints([2, 0, 0, 2, 0, 0]),
        "class_treeids": .ints([0, 0, 1, 1]), "class_nodeids": .ints([1, 2, 1, 2]),
        "class_ids": .ints([0, 1, 2, 0]), "class_weights": .floats([1.5, 2, 1.75, 0.5]),
        "classlabels_strings": .strings(["idle", "walking", "running"]),
        "post_transform": .string("SOFTMAX"),
      ], domain: "ai.onnx.ml")
    model.output("label")
    model.output("probabilities")
    try folder.write("trees.onnx", model.bytes)
    let rows: [Float] = [5, 1.5, 5.0001, 1.4, 0, 1.4, .nan, .nan]
    try folder.write("rows.npy", Npy.write(try NumericArray(floats: rows, shape: [4, 2])))
  }

  private static func writeArrays(_ folder: TemporaryFolder) throws {
    let ramp = (0..<64).map { Float($0 % 17) }
    let one = try NumericArray(floats: ramp, shape: [1, 1, 8, 8])
    try folder.write("two.npz", try Npz.write([("first", one), ("second", one)]))
    try folder.write("one.npy", Npy.write(one))
    try folder.write(
      "faint.npy",
      Npy.write(try NumericArray(floats: ramp.map { $0 / 16 }, shape: [1, 1, 8, 8])))
    try folder.write("small.npy", Npy.write(try NumericArray(floats: ramp, shape: [1, 1, 4, 16])))
    try folder.write(
      "labels.npy", Npy.write(try NumericArray(int8: [Int8](repeating: 3, count: 64), shape: [64])))
    try folder.write(
      "infinite.npy",
      Npy.write(try NumericArray(floats: [.infinity] + ramp.dropFirst(), shape: [1, 1, 8, 8])))
    try folder.write(
      "nan.npy",
      Npy.write(try NumericArray(floats: [.nan] + ramp.dropFirst(), shape: [1, 1, 8, 8])))
    let test = try ArrayFile.read(folder.file("digits/test.npy"))
    try folder.write(
      "bytes.npy",
      Npy.write(
        try NumericArray(
          type: .uint8, shape: test.shape, bytes: test.asFloats().map { UInt8($0) })))
    let rows = test.asFloats()
    try folder.write(
      "recording.npy", Npy.write(try NumericArray(floats: rows, shape: [rows.count / 8, 8])))
    try folder.write(
      "short.npy", Npy.write(try NumericArray(floats: Array(rows.prefix(56)), shape: [7, 8])))
    var random = SplitMix64(seed: 12)
    try folder.write(
      "sound.npy",
      Npy.write(try NumericArray(type: .int16, shape: [8000], bytes: random.bytes(16_000))))
    try folder.write(
      "integers.npy",
      Npy.write(try NumericArray(int64: ramp.map { Int64($0) }, shape: [1, 1, 8, 8])))
  }
}
