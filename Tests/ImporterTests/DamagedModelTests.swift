import Importers
import ModelGraph
import TestSupport
import Testing

/// No bytes crash the importers: each damaged model imports or throws `GraphError`.
@Suite struct DamagedModelTests {
  @Test(
    .requiresShared,
    arguments: [
      "quant/models/digits_cnn_bn.onnx", "quant/models/motions_cnn1d.onnx",
      "models/mlperf-tiny/kws/kws_ref_model.tflite",
      "models/mlperf-tiny/ic/pretrainedResnet_quant.tflite",
    ], [1 as UInt64, 2])
  func randomDamage(_ path: String, _ seed: UInt64) throws {
    let bytes = try ModelFiles.bytes(path)
    var generator = SeededGenerator(seed: seed)
    var refused = 0
    for round in 0..<120 {
      var damaged = bytes
      if round % 3 == 0 {
        damaged.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
      }
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        // Structure stands at both ends; weights fill the middle.
        let span = min(damaged.count, round % 2 == 0 ? 6000 : damaged.count)
        let offset = Int.random(in: 0..<span, using: &generator)
        let position = round % 4 < 2 ? offset : damaged.count - 1 - offset
        damaged[position] = UInt8.random(in: 0...255, using: &generator)
      }
      do throws(GraphError) {
        _ = try ModelImporter.load(bytes: damaged, name: "damaged, seed \(seed) round \(round)")
      } catch {
        refused += 1
      }
    }
    #expect(refused > 30, "seed \(seed)")
  }

  @Test func everyTruncationAndFlipOfASmallModel() throws {
    let bytes = Samples.convolution().bytes
    _ = try ModelImporter.load(bytes: bytes, name: "whole")
    var refused = 0
    for length in 0..<bytes.count {
      if (try? ModelImporter.load(bytes: Array(bytes.prefix(length)), name: "cut")) == nil {
        refused += 1
      }
    }
    // What follows the graph is the operator set, without which nothing is read.
    #expect(refused == bytes.count)
    for position in bytes.indices {
      for mask in [0x01, 0x80, 0xFF] as [UInt8] {
        var damaged = bytes
        damaged[position] ^= mask
        _ = try? ModelImporter.load(bytes: damaged, name: "flip")
      }
    }
  }

  @Test(
    arguments: [
      [], [0x08], [UInt8](repeating: 0xFF, count: 64),
      [0, 0, 0, 0] + Array("TFL3".utf8), [0xFF, 0xFF, 0xFF, 0x7F] + Array("TFL3".utf8),
      [8, 0, 0, 0] + Array("TFL3".utf8) + [0xFF, 0xFF, 0xFF, 0x7F],
      [8, 0, 0, 0] + Array("TFL3".utf8) + [0, 0, 0, 0x80],
      [0x0B], [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
      [0x3A] + [UInt8](repeating: 0x80, count: 12),
    ] as [[UInt8]])
  func hostileBytesAreMalformed(_ bytes: [UInt8]) {
    do throws(GraphError) {
      _ = try ModelImporter.load(bytes: bytes, name: "hostile")
      Issue.record("hostile bytes imported")
    } catch {
      guard case .malformed = error else {
        Issue.record("\(error)")
        return
      }
    }
  }
}
