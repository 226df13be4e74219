import FloatReference
import Importers
import ModelGraph
import Quantizer
import TestSupport
import Testing

/// Tensors without elements: constants to the importer, refused by name where a device would get them.
@Suite struct EmptyTensorTests {
  private func load(_ model: ONNXSample, item: [Int]) throws(GraphError) -> Graph {
    try ModelImporter.load(bytes: model.bytes, name: "sample", dataShapes: [[1] + item])
  }

  /// onnx 1.16.2, test_reduce_min_empty_set and test_reduce_sum_empty_set: the fold of nothing.
  @Test(arguments: [("ReduceMin", Float.infinity), ("ReduceSum", 0), ("ReduceProd", 1)])
  func foldsOfNothing(_ operation: String, _ expected: Float) throws {
    var model = ONNXSample()
    model.opset = 20
    model.input("x", ["2", "0", "2"])
    model.constant("axes", integers: [1])
    model.node(operation, ["x", "axes"], ["y"])
    model.output("y")
    let graph = try load(model, item: [2, 0, 2])
    let input = TensorData(shape: [2, 0, 2], floats: [])
    let result = try FloatExecutor(graph).run(inputs: [input])
    #expect(
      result == [TensorData(shape: [2, 1, 2], floats: [expected, expected, expected, expected])])
    expectRefusal(graph, of: "input", "x has shape [2, 0, 2]")
  }

  /// onnx 1.16.2, test_slice_start_out_of_bounds: nothing is left, and something else beside it.
  @Test func nothingIsLeft() throws {
    var model = ONNXSample()
    model.input("x", ["1", "3"])
    model.constant("from", integers: [1000])
    model.constant("axis", integers: [1])
    model.node("Slice", ["x", "from", "from", "axis"], ["nothing"])
    model.node("Concat", ["nothing", "x"], ["joined"], ["axis": .int(1)])
    model.node("Relu", ["joined"], ["y"])
    model.output("y")
    model.output("nothing")
    let graph = try load(model, item: [1, 3])
    let result = try FloatExecutor(graph).run(inputs: [
      TensorData(shape: [1, 3], floats: [-1, 2, 3])
    ])
    #expect(result[0].floats == [0, 2, 3])
    #expect(result[1] == TensorData(shape: [1, 0], floats: []))
    expectRefusal(graph, of: "Reshape", "nothing has shape [1, 0]")
  }

  @Test func noElementsToPadWith() throws {
    var model = ONNXSample()
    model.input("x", ["1", "0"])
    model.constant("pads", integers: [0, 1, 0, 1])
    model.node("Pad", ["x", "pads"], ["y"], ["mode": .string("reflect")])
    model.output("y")
    do throws(GraphError) {
      _ = try load(model, item: [1, 0])
      Issue.record("it was imported")
    } catch {
      #expect(error == .invalid(node: "y", reason: "Pad: axis 1 has no elements to pad with"))
    }
  }

  /// Sizes whose product overflows are refused although one of them is 0.
  @Test func sizesBesideZeroAreBounded() {
    var model = ONNXSample()
    model.input("x", ["1"])
    model.constant("shape", integers: [1 << 40, 1 << 40, 0])
    model.node("ConstantOfShape", ["shape"], ["z"])
    model.node("Transpose", ["z"], ["y"])
    model.output("y")
    #expect(throws: GraphError.self) { try load(model, item: [1]) }
    var other = ONNXSample()
    other.input("x", ["1"])
    other.constant("z", [0, 1 << 28, 1 << 28, 1 << 28], floats: [])
    other.node("Transpose", ["z"], ["y"])
    other.output("y")
    #expect(throws: GraphError.self) { try load(other, item: [1]) }
  }

  private func expectRefusal(_ graph: Graph, of operation: String, _ reason: String) {
    do throws(GraphError) {
      _ = try CalibratedModel(graph, items: [])
      Issue.record("it was calibrated")
    } catch {
      guard case .unsupported(operation, _, let text) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(text.hasPrefix(reason))
    }
  }
}
