import Foundation
import Importers
import ModelGraph
import TestSupport
import Testing

/// Models made to harm: each is refused in one clear line, at once, and leaves nothing behind.
@Suite("hostile models") struct HostileModelTests {
  @Test(
    arguments: HostileONNX.graphs + HostileONNX.nesting + HostileONNX.tensors
      + HostileONNX.external + HostileONNX.scales + HostileONNX.operators)
  func onnx(_ model: HostileModel) { model.expectRefused() }

  @Test(
    arguments: HostileTFLite.files + HostileTFLite.graphs + HostileTFLite.tensors
      + HostileTFLite.scales + HostileTFLite.operators)
  func tflite(_ model: HostileModel) { model.expectRefused() }

  @Test(arguments: HostileSizes.onnx + HostileSizes.tflite)
  func sizes(_ model: HostileModel) { model.expectRefused() }

  /// Reductions of nothing and ranges that lead nowhere are constants; both trapped.
  @Test(arguments: ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceProd", "ReduceL1"])
  func reducesNothing(_ operation: String) throws {
    let bytes = HostileONNX.model { sample in
      sample.constant("c", [0], type: 1, raw: [])
      sample.node(operation, ["c"], ["s"], ["keepdims": .int(0)])
      sample.constant("from", [], floats: [1])
      sample.constant("to", [], floats: [-1e38])
      sample.constant("by", [], floats: [1])
      sample.node("Range", ["from", "to", "by"], ["none"])
      sample.node("Relu", ["x"], ["y"])
    }
    _ = try ModelImporter.load(bytes: bytes, name: "nothing")
  }

  /// Integers at the end of their range: found by libFuzzer as −2^63 to the power of −1.
  @Test(arguments: ["Pow", "Div", "Mod", "Sub", "Mul"])
  func lastIntegers(_ operation: String) throws {
    let bytes = HostileONNX.model { sample in
      sample.constant("a", integers: [.min, .min, .max, -1, 0])
      sample.constant("b", integers: [-1, .min, .min, .min, 0])
      sample.node(operation, ["a", "b"], ["c"])
      for (index, unary) in ["Abs", "Neg", "Sign"].enumerated() {
        sample.node(unary, ["a"], ["u\(index)"])
      }
      sample.node("ReduceSum", ["a"], ["s"])
      sample.node("Relu", ["x"], ["y"])
    }
    do throws(GraphError) { _ = try ModelImporter.load(bytes: bytes, name: "last") } catch {}
  }

  /// Every truncation of a small model; the test of ONNX's stands with the importers'.
  @Test func truncatedTFLite() throws {
    let bytes = HostileTFLite.model { _ in }
    _ = try ModelImporter.load(bytes: bytes, name: "whole")
    for length in 0..<bytes.count {
      _ = try? ModelImporter.load(bytes: Array(bytes.prefix(length)), name: "cut")
    }
    for damaged in Damage.flips(bytes) { _ = try? ModelImporter.load(bytes: damaged, name: "flip") }
  }

  /// Through the executable: one line, the right code, within 2 GiB and seconds, no file left.
  @Test func commands() throws {
    let models =
      [
        HostileONNX.graphs, HostileONNX.nesting, HostileONNX.tensors, HostileONNX.external,
        HostileONNX.scales, HostileONNX.operators, HostileTFLite.files, HostileTFLite.graphs,
        HostileTFLite.tensors, HostileTFLite.scales, HostileTFLite.operators, HostileSizes.onnx,
        HostileSizes.tflite,
      ].flatMap { $0 }
    let folder = try TemporaryFolder()
    let scratch = try TemporaryFolder()
    // Where pack keeps the development key it makes.
    let home = try TemporaryFolder()
    let swiftlet = Tool.folder.appendingPathComponent("swiftlet").path
    for model in models {
      try folder.write("model", model.bytes)
      for command in ["inspect model", "pack model -o out.swb"] {
        let outcome = try Tool.run(
          path: "/bin/sh", ["-c", "ulimit -v 2097152; exec \(swiftlet) \(command)"],
          environment: [
            "HOME": home.path, "TMPDIR": scratch.path, "XDG_CONFIG_HOME": "", "NO_COLOR": "1",
          ], folder: folder.path, seconds: 20)
        #expect(outcome.code == model.code, "\(model.name): \(outcome.errorText.prefix(300))")
        #expect(outcome.text.isEmpty, "\(model.name): \(outcome.text.prefix(300))")
        let lines = outcome.errorText.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 2 && lines.last == "", "\(model.name): \(lines.prefix(3))")
        let line = String(lines.first ?? "")
        #expect(line.hasPrefix("swiftlet: error: "), "\(line.prefix(300))")
        #expect(HostileModel.isOneLine(line), "\(model.name): \(line.prefix(300))")
      }
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(left == ["model"], "\(left)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == [])
  }
}
