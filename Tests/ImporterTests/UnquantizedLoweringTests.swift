import Importers
import Lowering
import ModelGraph
import ModelSamples
import Testing

/// Weights of reals have no place in a plan: the refusal names the operator that reads them.
@Suite struct UnquantizedLoweringTests {
  @Test func namesTheOperator() throws {
    var sample = ONNXSample()
    sample.input("x", ["1", "4"])
    sample.constant("w", [4, 4], floats: [Float](repeating: 1, count: 16))
    sample.node("MatMul", ["x", "w"], ["y"])
    sample.output("y")
    var graph = try ModelImporter.load(bytes: sample.bytes, name: "reals")
    // As a quantiser that forgot the weights would leave it.
    for id in graph.inputs + graph.outputs {
      graph.values[id.position].quantization = Quantization(scale: 0.5, zeroPoint: 0)
      graph.values[id.position].type.element = .int8
    }
    let error = #expect(throws: GraphError.self) { try Lowering.lower(graph) }
    guard case .unsupported(let refused, _, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(refused == "FullyConnected")
    #expect(reason.contains("carries no quantisation"))
  }
}
