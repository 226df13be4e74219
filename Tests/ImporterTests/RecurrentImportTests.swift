import FloatReference
import Importers
import ModelGraph
import TestSupport
import Testing

/// ONNX's recurrent layers in the float reference.
@Suite struct RecurrentImportTests {
  private func run(_ layer: RecurrentCase, layout: Int = 0) throws -> [[Float]] {
    let graph = try ModelImporter.load(bytes: layer.model(layout: layout), name: "layer")
    var input = RecurrentCase.tensor([3, 2, 2], salt: 7, scale: 2)
    if layout == 1 { input = Self.turned(input, [3, 2, 2], [1, 0, 2]) }
    let shape = graph[graph.inputs[0]].type.shape
    return try FloatExecutor(graph).run(inputs: [TensorData(shape: shape, floats: input)])
      .map { $0.floats ?? [] }
  }

  private static func turned(
    _ values: [Float], _ shape: [Int], _ permutation: [Int]
  ) -> [Float] {
    TensorData(shape: shape, floats: values).permuted(permutation).floats ?? []
  }

  @Test(arguments: RecurrentCase.all)
  func equalsOnnxruntime(_ layer: RecurrentCase) throws {
    let got = try run(layer).flatMap { $0 }
    #expect(got.count == layer.expected.count)
    let worst = zip(got, layer.expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst < 1e-5, "\(got)")
  }

  /// onnxruntime does not run layout 1 and another runtime ran it wrongly: the same numbers, moved.
  @Test(arguments: RecurrentCase.all.filter { !$0.hasStates && $0.lengths.isEmpty })
  func layoutsAgree(_ layer: RecurrentCase) throws {
    let (stepsFirst, batchFirst) = (try run(layer), try run(layer, layout: 1))
    let directions = layer.directions
    #expect(batchFirst[0] == Self.turned(stepsFirst[0], [3, directions, 2, 2], [2, 0, 1, 3]))
    for (state, moved) in zip(stepsFirst, batchFirst).dropFirst() {
      #expect(moved == Self.turned(state, [directions, 2, 2], [1, 0, 2]))
    }
  }

  @Test func refusals() {
    func refusal(_ attributes: [String: ONNXSample.Attribute]) -> GraphError? {
      var sample = ONNXSample()
      sample.input("x", ["3", "1", "2"])
      sample.constant("w", [1, 8, 2], floats: RecurrentCase.tensor([16], salt: 1))
      sample.constant("r", [1, 8, 2], floats: RecurrentCase.tensor([16], salt: 2))
      sample.node("LSTM", ["x", "w", "r"], ["y"], attributes, name: "cell")
      sample.output("y")
      do throws(GraphError) {
        _ = try ModelImporter.load(bytes: sample.bytes, name: "layer")
        return nil
      } catch {
        return error
      }
    }
    #expect(refusal([:]) == nil)
    for (attributes, text) in [
      (["input_forget": .int(1)], "couples two gates"),
      (["activations": .strings(["Sigmoid", "Tanh", "Elu"])], "Elu is not run"),
      (["activations": .strings(["Sigmoid"])], "names 1 activations"),
      (["direction": .string("sideways")], "sideways"), (["layout": .int(2)], "layout is 2"),
      (["clip": .float(-1)], "clip is -1"), (["direction": .string("bidirectional")], "do not fit"),
    ] as [([String: ONNXSample.Attribute], String)] {
      let error = refusal(attributes)
      #expect(String(describing: error).contains(text), "\(String(describing: error))")
      #expect(String(describing: error).contains("cell"))
    }
  }

  @Test(.requiresShared) func vowels() throws {
    let model = try ModelFiles.bytes("quant/models/vowels_lstm.onnx")
    let graph = try ModelImporter.load(bytes: model, name: "vowels_lstm")
    #expect(graph.operationNames.filter { $0 == "Recurrent" }.count == 1)
    let inputs = try ModelFiles.floats("quant/data/vowels.test_x.bin")
    let expected = try ModelFiles.floats("quant/data/vowels_lstm.ref_fp32_out.bin")
    let (size, width) = (12 * 29, 9)
    let results = try FloatExecutor(graph).run(
      items: (0..<32).map { item in
        [TensorData(shape: [1, 12, 29], floats: Array(inputs[item * size..<(item + 1) * size]))]
      })
    let got = results.flatMap { $0[0].floats ?? [] }
    let worst = zip(got, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(got.count == 32 * width && worst < 1e-4, "\(worst)")
  }
}
