import Importers
import ModelGraph
import ModelSamples
import Testing

/// TFLite results whose shape the file leaves open: it follows from axes.
@Suite struct TFLiteOpenShapeTests {
  /// x [1, 1, 3] through one operator, whose result is open in a file where it is not ranked.
  private static func shape(
    _ code: Int32, axes: [Int32]? = nil, options: (type: Int, fields: FlatBufferFields)? = nil
  ) throws(GraphError) -> [Int] {
    var model = TFLiteFile()
    let input = model.tensor("x", [1, 1, 3])
    let list = axes.map { [model.constant("axes", integers: $0)] } ?? []
    let result = model.tensor("y", [])
    model.node(code, [input] + list, [result], options: options)
    model.interface(inputs: [input], outputs: [result])
    let graph = try ModelImporter.load(bytes: model.bytes, name: "open")
    return graph[graph.outputs[0]].type.shape
  }

  @Test func expands() throws {
    #expect(try Self.shape(70, axes: [0]) == [1, 1, 1, 3])
    #expect(try Self.shape(70, axes: [-1]) == [1, 1, 3, 1])
    #expect(throws: GraphError.self) { try Self.shape(70, axes: [4]) }
    #expect(throws: GraphError.self) { try Self.shape(70, axes: [0, 1]) }
  }

  @Test func squeezes() throws {
    #expect(try Self.shape(43) == [3])
    #expect(try Self.shape(43, options: (30, [0: .integers([Int32(0)])])) == [1, 3])
    #expect(try Self.shape(43, options: (30, [0: .integers([Int32(-2)])])) == [1, 3])
    #expect(throws: GraphError.self) {
      try Self.shape(43, options: (30, [0: .integers([Int32(2)])]))
    }
  }
}
