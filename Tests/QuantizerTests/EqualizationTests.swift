import FloatReference
import Importers
import ModelGraph
import Operators
import Quantizer
import TestSupport
import Testing

/// Cross-layer equalisation changes the weights and not the function.
@Suite("equalisation") struct EqualizationTests {
  private func graph(_ seed: UInt64) throws -> Graph {
    try ModelImporter.load(bytes: SmallNetwork.onnx(seed: seed, spread: true), name: "small")
  }

  private func items(_ seed: UInt64) -> [[TensorData]] {
    let values = SmallNetwork.inputs(6, seed: seed)
    return (0..<6).map { item in
      [TensorData(shape: [1, 3, 8, 8], floats: Array(values[item * 192..<(item + 1) * 192]))]
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func functionStays(seed: UInt64) throws {
    let before = try graph(seed)
    var after = before
    Equalization.apply(to: &after)
    let items = items(seed)
    let expected = try FloatExecutor(before).run(items: items)
    let got = try FloatExecutor(after).run(items: items)
    for (left, right) in zip(expected, got) {
      let (old, new) = (left[0].floats ?? [], right[0].floats ?? [])
      #expect(old.count == 4 && new.count == 4)
      for (a, b) in zip(old, new) {
        #expect(abs(a - b) <= 1e-4 * max(abs(a), 1e-3), "seed \(seed)")
      }
    }
  }

  /// Largest over smallest channel range of a node's weights.
  private func spread(_ graph: Graph, _ operation: String) throws -> Float {
    let node = try #require(graph.nodes.first { $0.operation.name == operation })
    let id = try #require(node.inputs[1])
    let constant = try #require(graph[id].constant)
    let floats = try #require(constant.floats)
    // Both layouts have the channel where the step says: rows of a convolution, columns of a
    // depthwise layer.
    let isDepthwise = node.operation is DepthwiseConv2D
    let channels = isDepthwise ? constant.shape[3] : constant.shape[0]
    var ranges = [Float](repeating: 0, count: channels)
    for (index, value) in floats.enumerated() {
      let channel = isDepthwise ? index % channels : index / (floats.count / channels)
      ranges[channel] = max(ranges[channel], abs(value))
    }
    let (largest, smallest) = (ranges.max() ?? 0, ranges.min() ?? 0)
    return largest / smallest
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func rangesAreEvened(seed: UInt64) throws {
    let before = try graph(seed)
    var after = before
    Equalization.apply(to: &after)
    // The first layer's inputs are fixed, so its rows can be evened against the depthwise ones.
    for name in [Conv2D.name, DepthwiseConv2D.name] {
      let (old, new) = (try spread(before, name), try spread(after, name))
      #expect(old > 20 && new < old / 3, "seed \(seed): \(name) \(old) → \(new)")
    }
  }

  @Test func pairsFollowTheChain() throws {
    let graph = try graph(1)
    let names = Equalization.pairs(in: graph).map {
      (graph.nodes[$0.producer].operation.name, graph.nodes[$0.consumer].operation.name)
    }
    #expect(names.count == 2)
    #expect(names[0] == (Conv2D.name, DepthwiseConv2D.name))
    #expect(names[1] == (DepthwiseConv2D.name, FullyConnected.name))
  }

  /// A channel without weights has no range to even.
  @Test func deadChannelsStay() throws {
    var graph = try graph(6)
    let node = try #require(graph.nodes.first { $0.operation is Conv2D })
    let id = try #require(node.inputs[1])
    let constant = try #require(graph[id].constant)
    var floats = try #require(constant.floats)
    for index in 0..<27 { floats[index] = 0 }
    graph[id].constant = TensorData(shape: constant.shape, floats: floats)
    var after = graph
    Equalization.apply(to: &after)
    let kept = try #require(after[id].constant?.floats)
    #expect(kept[0..<27].allSatisfy { $0 == 0 } && kept.allSatisfy { $0.isFinite })
  }

  /// Two layers that share weights are equalised and quantised apart.
  @Test func sharedWeightsBecomeTwo() throws {
    var model = ONNXSample()
    model.input("x", ["N", "3"])
    model.constant("w", [3, 3], floats: [0.1, -8, 0.2, 0.3, 5, -0.1, 0.2, -6, 0.4])
    model.constant("b", [3], floats: [0.5, -1, 2])
    model.node("Gemm", ["x", "w", "b"], ["h"])
    model.node("Relu", ["h"], ["r"])
    model.node("Gemm", ["r", "w", "b"], ["y"])
    model.output("y")
    let graph = try ModelImporter.load(bytes: model.bytes, name: "shared")
    let items: [[TensorData]] = (0..<8).map { item in
      let row: [Float] = (0..<3).map { feature in Float((item * 5 + feature * 3) % 7 - 3) }
      return [TensorData(shape: [1, 3], floats: row)]
    }
    let calibrated = try CalibratedModel(graph, items: items)
    let expected = try FloatExecutor(graph).run(items: items)
    for (left, right) in zip(expected, try FloatExecutor(calibrated.graph).run(items: items)) {
      for (a, b) in zip(left[0].floats ?? [], right[0].floats ?? []) {
        let bound: Float = 1e-4 * max(abs(a), 1)
        #expect(abs(a - b) <= bound)
      }
    }
    let quantized = try Quantizer.quantize(calibrated, method: .minMax, inputs: [.calibrated])
    let layers = quantized.nodes.filter { $0.operation is FullyConnected }
    #expect(layers.count == 2 && layers[0].inputs[1] != layers[1].inputs[1])
  }
}
