import FloatReference
import Importers
import ModelGraph
import ModelSamples
import TestSupport
import Testing

/// TFLite's variables: what becomes of them, in the main graph and in those that it runs.
struct TFLiteVariableTests {
  /// The schema's numbers.
  private enum Code {
    static let (add, multiply, callOnce, composite): (Int32, Int32, Int32, Int32) = (
      0, 18, 129, 206
    )
    static let (handle, read, assign): (Int32, Int32, Int32) = (142, 143, 144)
  }

  private static func number(_ value: Float) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
  }

  private static func handle(_ name: String, in graph: inout TFLiteFile) -> Int32 {
    let handle = graph.tensor("handle of \(name)", .resource, [])
    graph.node(Code.handle, [], [handle], options: (type: 111, fields: [1: .string(name)]))
    return handle
  }

  /// A graph that gives variables their first values.
  private static func initializer(_ values: [(String, Float)]) -> TFLiteFile {
    var graph = TFLiteFile()
    for (name, value) in values {
      let constant = graph.tensor("first \(name)", [1], data: number(value))
      let variable = handle(name, in: &graph)
      graph.node(Code.assign, [variable, constant], [])
    }
    graph.interface(inputs: [], outputs: [])
    return graph
  }

  private static func callOnce(_ subgraph: Int, in model: inout TFLiteFile) {
    model.node(Code.callOnce, [], [], options: (type: 103, fields: [0: .int32(subgraph)]))
  }

  private static func load(_ model: TFLiteFile) throws(GraphError) -> Graph {
    try ModelImporter.load(bytes: model.bytes, name: "variables")
  }

  private static func run(_ graph: Graph, _ values: [Float]) throws -> [Float?] {
    let items = values.map { [TensorData(shape: [1], floats: [$0])] }
    return try FloatExecutor(graph).run(items: items).map { $0[0].floats?[0] }
  }

  /// y = x + s · f, then s = y; f is never assigned.
  private static func recurrence(_ values: [(String, Float)]?) -> TFLiteFile {
    var model = TFLiteFile()
    if values != nil { callOnce(1, in: &model) }
    let tensors = ["x", "s", "f", "scaled", "y", "again"].map { model.tensor($0, [1]) }
    let (sum, factor) = (handle("sum", in: &model), handle("factor", in: &model))
    model.node(Code.read, [sum], [tensors[1]])
    model.node(Code.read, [factor], [tensors[2]])
    model.node(Code.multiply, [tensors[1], tensors[2]], [tensors[3]])
    model.node(Code.add, [tensors[0], tensors[3]], [tensors[4]])
    model.node(Code.assign, [sum, tensors[4]], [])
    // What is read after it was assigned is what it was assigned.
    model.node(Code.read, [sum], [tensors[5]])
    model.interface(inputs: [tensors[0]], outputs: [tensors[5]])
    if let values { model.subgraph(initializer(values)) }
    return model
  }

  @Test func whatIsReadAndAssignedIsAState() throws {
    let graph = try Self.load(Self.recurrence([("sum", 8), ("factor", 0.5)]))
    #expect(graph.states.map(\.name) == ["sum"])
    #expect(graph.states.map(\.initial.floats) == [[8]])
    #expect(try Self.run(graph, [1, 2, 4]) == [5, 4.5, 6.25])
  }

  @Test func whatHasNoFirstValueIsRefused() {
    for values in [nil, [("sum", 8)], [("factor", 0.5)]] as [[(String, Float)]?] {
      #expect(throws: GraphError.self) { try Self.load(Self.recurrence(values)) }
    }
  }

  @Test func whatIsCalledOnceCallsNothingItself() {
    var model = Self.recurrence([("sum", 8), ("factor", 0.5)])
    var nested = Self.initializer([("sum", 1)])
    Self.callOnce(1, in: &nested)
    Self.callOnce(2, in: &model)
    model.subgraph(nested)
    #expect(throws: GraphError.self) { try Self.load(model) }
    var itself = Self.recurrence([("sum", 8), ("factor", 0.5)])
    Self.callOnce(0, in: &itself)
    #expect(throws: GraphError.self) { try Self.load(itself) }
    var nowhere = Self.recurrence([("sum", 8), ("factor", 0.5)])
    Self.callOnce(7, in: &nowhere)
    #expect(throws: GraphError.self) { try Self.load(nowhere) }
  }

  /// Handles are tensors of their own subgraph, variables are the model's.
  @Test func subgraphsShareVariables() throws {
    var body = TFLiteFile()
    let other = Self.handle("other", in: &body)
    let sum = Self.handle("sum", in: &body)
    let (x, s, o) = (body.tensor("bx", [1]), body.tensor("bs", [1]), body.tensor("bo", [1]))
    let (next, y) = (body.tensor("next", [1]), body.tensor("by", [1]))
    body.node(Code.read, [sum], [s])
    body.node(Code.read, [other], [o])
    body.node(Code.add, [x, s], [next])
    body.node(Code.assign, [sum, next], [])
    body.node(Code.multiply, [next, o], [y])
    body.interface(inputs: [x], outputs: [y])
    var model = TFLiteFile()
    let outer = Self.handle("sum", in: &model)
    Self.callOnce(1, in: &model)
    let (input, inner, last) = (
      model.tensor("x", [1]), model.tensor("inner", [1]), model.tensor("last", [1])
    )
    let output = model.tensor("y", [1])
    model.node(
      Code.composite, [input], [inner],
      options: (type: 1021, fields: [0: .string("body"), 1: .int32(2)]))
    model.node(Code.read, [outer], [last])
    model.node(Code.add, [inner, last], [output])
    model.interface(inputs: [input], outputs: [output])
    model.subgraph(Self.initializer([("sum", 0), ("other", 10)]))
    model.subgraph(body)
    let graph = try Self.load(model)
    #expect(graph.states.map(\.name) == ["sum"])
    // The sum is 1, 3, 6; the output is ten times it and itself.
    #expect(try Self.run(graph, [1, 2, 3]) == [11, 33, 66])
  }
}
