import FloatReference
import Foundation
import Importers
import ModelGraph
import TestSupport
import Testing

/// Inputs that are what an output of the run before was.
struct StateImportTests {
  /// y = x + h, hn = 0.5 · h + x; `h` comes first, so that data is not matched by position.
  private func leaky(_ input: String = "h", _ output: String = "hn") -> [UInt8] {
    var model = ONNXSample()
    model.input(input, ["1", "batch", "3"])
    model.input("x", ["batch", "1", "3"])
    model.constant("half", [1], floats: [0.5])
    model.node("Mul", [input, "half"], ["kept"])
    model.node("Add", ["kept", "x"], [output])
    model.node("Add", [input, "x"], ["y"])
    model.output("y", ["batch", "1", "3"])
    model.output(output, ["1", "batch", "3"])
    return model.bytes
  }

  private func items(_ values: [Float]) -> [[TensorData]] {
    values.map { [TensorData(shape: [1, 1, 3], floats: [$0, $0, $0])] }
  }

  private func load(
    _ bytes: [UInt8], _ states: StateRequest, data: Int = 1
  ) throws(GraphError) -> Graph {
    try ModelImporter.load(
      bytes: bytes, name: "leaky", states: states,
      dataShapes: [[Int]](repeating: [8, 1, 1, 3], count: data))
  }

  @Test func pairsAreFoundByName() throws {
    let graph = try load(leaky(), .detected)
    #expect(graph.inputs.map { graph[$0].name } == ["x"])
    #expect(graph.outputs.map { graph[$0].name } == ["y"])
    #expect(graph.states.map(\.name) == ["h"])
    #expect(graph[graph.states[0].written].name == "hn")
    #expect(graph[graph.states[0].read].type.shape == [1, 1, 3])
  }

  @Test func statesGoFromItemToItem() throws {
    let graph = try load(leaky(), .detected)
    let starts = RecordingStarts(groups: [7, 7, 7, 2, 2])
    let results = try FloatExecutor(graph).run(items: items([1, 2, 3, 4, 5]), starts: starts)
    // h: 0, 1, 2.5, then anew 0, 4.
    #expect(results.map { $0[0].floats?[0] } == [1, 3, 5.5, 4, 9])
    // One alone is the first of a recording.
    #expect(try FloatExecutor(graph).run(inputs: items([5])[0])[0].floats?[0] == 5)
  }

  @Test func aStateMayStartFromValues() throws {
    let first = TensorData(shape: [1, 1, 3], floats: [10, 20, 30])
    let pair = StateRequest.Pair(input: "h", output: "hn", initial: first)
    let graph = try load(leaky(), StateRequest(declared: [pair]))
    #expect(try FloatExecutor(graph).run(inputs: items([1])[0])[0].floats == [11, 21, 31])
    var wrong = pair
    wrong.initial = TensorData(shape: [3], floats: [1, 2, 3])
    #expect(throws: GraphError.self) { try load(leaky(), StateRequest(declared: [wrong])) }
  }

  @Test func dataForEveryInputLeavesNoState() throws {
    let graph = try ModelImporter.load(
      bytes: leaky(), name: "leaky", states: .detected,
      dataShapes: [[8, 1, 1, 3], [8, 1, 1, 3]])
    #expect(graph.states.isEmpty && graph.inputs.count == 2 && graph.outputs.count == 2)
    #expect(try load(leaky(), .none, data: 2).states.isEmpty)
  }

  @Test(arguments: [
    ("h", "hn"), ("state", "stateN"), ("v", "v_out"), ("c_in", "c_out"), ("past_k", "present_k"),
    ("h0", "hn"), ("prev_mem", "mem"), ("cache", "new_cache"), ("h.in", "h.out"),
  ])
  func usualNames(input: String, output: String) throws {
    #expect(try load(leaky(input, output), .detected).states.count == 1)
  }

  @Test(arguments: [("h", "c"), ("a", "bn"), ("memory", "result"), ("h", "h_size")])
  func otherNamesArePairedOnlyWhenStated(input: String, output: String) throws {
    let bytes = leaky(input, output)
    #expect(try load(bytes, .detected, data: 0).states.isEmpty)
    let stated = StateRequest(declared: [StateRequest.Pair(input: input, output: output)])
    #expect(try load(bytes, stated).states.count == 1)
  }

  @Test func whatIsStatedMustExist() throws {
    for (input, output) in [("g", "hn"), ("h", "z")] {
      let stated = StateRequest(declared: [StateRequest.Pair(input: input, output: output)])
      #expect(throws: GraphError.self) { try load(leaky(), stated) }
    }
    let pair = StateRequest.Pair(input: "h", output: "hn")
    #expect(throws: GraphError.self) { try load(leaky(), StateRequest(declared: [pair, pair])) }
  }

  /// The only output is fed back: it stays an output.
  @Test func anOutputStaysWhereNoOtherIsLeft() throws {
    var model = ONNXSample()
    model.input("x", ["1", "2"])
    model.input("y_prev", ["1", "2"])
    model.node("Add", ["x", "y_prev"], ["y"])
    model.output("y", ["1", "2"])
    let graph = try ModelImporter.load(
      bytes: model.bytes, name: "sum", states: .detected, dataShapes: [[4, 1, 2]])
    #expect(graph.outputs == graph.states.map(\.written))
    let items = [1, 2, 3].map { [TensorData(shape: [1, 2], floats: [Float($0), 0])] }
    let sums = try FloatExecutor(graph).run(items: items).map { $0[0].floats?[0] }
    #expect(sums == [1, 3, 6])
  }

  /// `call_once_mul`: y = variable · x, then variable = x; the goldens are one recording.
  @Test(.requiresShared) func variablesOfTFLite() throws {
    let path = "models/tflite-testdata/tflite__testdata__call_once_mul.bin"
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Shared.file(path))))
    let graph = try ModelImporter.load(bytes: bytes, name: "once")
    #expect(graph.states.map(\.name) == ["Variable"])
    let items = [3, 5, 7].map { [TensorData(shape: [], floats: [$0])] }
    let first = try #require(graph.states[0].initial.floats?[0])
    let products = try FloatExecutor(graph).run(items: items).map { $0[0].floats?[0] }
    #expect(products == [3 * first, 15, 35])
  }
}
