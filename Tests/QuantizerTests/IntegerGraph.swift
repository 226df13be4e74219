import ModelGraph
import Operators
import PlanFormat

/// Builds small quantised graphs by hand.
struct IntegerGraph {
  var graph = Graph(name: "small")
  private var random: SeededValues

  init(seed: UInt64) { random = SeededValues(seed: seed) }

  mutating func activation(
    _ name: String, _ shape: [Int], scale: Float, zeroPoint: Int32
  ) -> ValueID {
    graph.add(
      Value(
        name: name, type: ValueType(.int8, shape),
        quantization: Quantization(scale: scale, zeroPoint: zeroPoint)))
  }

  mutating func weights(_ shape: [Int], scales: [Float], axis: Int) -> ValueID {
    graph.add(
      Value(
        name: "w\(graph.values.count)", type: ValueType(.int8, shape),
        constant: random.int8s(shape),
        quantization: Quantization(scales: scales, zeroPoints: scales.map { _ in 0 }, axis: axis)))
  }

  mutating func bias(_ values: [Int32]) -> ValueID {
    graph.add(
      Value(
        name: "b\(graph.values.count)", type: ValueType(.int32, [values.count]),
        constant: TensorData(shape: [values.count], elements: .int32(values))))
  }

  mutating func node(
    _ name: String, _ operation: any Operation, _ inputs: [ValueID?], _ output: ValueID
  ) {
    graph.nodes.append(
      Node(name: name, operation: operation, inputs: inputs, outputs: [output]))
  }

  /// conv relu6 → residual add → average pool → reshape → dense → softmax.
  static func residual() -> (graph: Graph, ids: [String: ValueID]) {
    var small = IntegerGraph(seed: 1)
    let x = small.activation("x", [1, 8, 8, 2], scale: 0.5, zeroPoint: -3)
    let a = small.activation("a", [1, 8, 8, 4], scale: 0.047, zeroPoint: -128)
    let b = small.activation("b", [1, 8, 8, 4], scale: 0.031, zeroPoint: 5)
    let c = small.activation("c", [1, 8, 8, 4], scale: 0.1, zeroPoint: 7)
    let d = small.activation("d", [1, 2, 2, 4], scale: 0.1, zeroPoint: 7)
    let e = small.activation("e", [1, 16], scale: 0.1, zeroPoint: 7)
    let f = small.activation("f", [1, 3], scale: 0.3, zeroPoint: 11)
    let g = small.activation("g", [1, 3], scale: 1 / 256, zeroPoint: -128)
    let same = Window(height: 3, width: 3, paddingTop: 1, paddingLeft: 1)
    small.node(
      "conv", Conv2D(window: same, paddingBottom: 1, paddingRight: 1, activation: .relu6),
      [
        x, small.weights([4, 3, 3, 2], scales: [0.01, 0.02, 0.03, 0.007], axis: 0),
        small.bias([1, -2, 300, 4]),
      ], a)
    small.node(
      "depthwise",
      DepthwiseConv2D(
        window: same, paddingBottom: 1, paddingRight: 1, depthMultiplier: 1, activation: .none),
      [a, small.weights([1, 3, 3, 4], scales: [0.04, 0.05, 0.06, 0.07], axis: 3), nil], b)
    small.node("add", Binary(.add, activation: .relu), [a, b], c)
    small.node(
      "pool",
      AveragePool2D(
        window: Window(height: 4, width: 4, strideHeight: 4, strideWidth: 4), paddingBottom: 0,
        paddingRight: 0, activation: .none), [c], d)
    small.node("flatten", Reshape(shape: [1, 16]), [d], e)
    small.node(
      "dense", FullyConnected(activation: .none),
      [e, small.weights([3, 16], scales: [0.0123], axis: 0), small.bias([7, 8, -9])], f)
    small.node("soft", Softmax(beta: 1), [f], g)
    small.graph.inputs = [x]
    small.graph.outputs = [g]
    return (
      small.graph, ["x": x, "a": a, "b": b, "c": c, "d": d, "e": e, "f": f, "g": g]
    )
  }
}
