import FloatReference
import Importers
import ModelGraph
import ModelSamples
import Testing

/// GridSample, operator set 20, against onnxruntime 1.31.1: every mode, padding and kind of corner, at a
/// place inside the image, and at others outside of it on one side or two, once and several times over.
@Suite struct GridSampleTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var mode: String
    var padding: String
    var alignsCorners: Bool
    var expected: [Float]
    var testDescription: String { "\(mode), \(padding), \(alignsCorners)" }
  }

  static let cases = [
    Case(
      mode: "nearest", padding: "zeros", alignsCorners: false,
      expected: [-0.92, -0.14, 0.0, 0.0, 0.0]),
    Case(
      mode: "nearest", padding: "zeros", alignsCorners: true,
      expected: [-0.92, -0.14, -0.53, 0.0, 0.0]),
    Case(
      mode: "nearest", padding: "border", alignsCorners: false,
      expected: [-0.92, -0.14, -0.53, -0.55, -0.16]),
    Case(
      mode: "nearest", padding: "border", alignsCorners: true,
      expected: [-0.92, -0.14, -0.53, -0.55, -0.16]),
    Case(
      mode: "nearest", padding: "reflection", alignsCorners: false,
      expected: [-0.92, -0.14, -0.53, -0.16, -0.53]),
    Case(
      mode: "nearest", padding: "reflection", alignsCorners: true,
      expected: [-0.92, -0.14, -0.53, -0.16, -0.53]),
    Case(
      mode: "linear", padding: "zeros", alignsCorners: false,
      expected: [-0.6118, -0.306, 0.0, 0.0, 0.0]),
    Case(
      mode: "linear", padding: "zeros", alignsCorners: true,
      expected: [-0.53345, -0.3239, -0.2226, 0.0, 0.0]),
    Case(
      mode: "linear", padding: "border", alignsCorners: false,
      expected: [-0.92, -0.306, -0.53, -0.468, -0.16]),
    Case(
      mode: "linear", padding: "border", alignsCorners: true,
      expected: [-0.53345, -0.3239, -0.53, -0.222, -0.46]),
    Case(
      mode: "linear", padding: "reflection", alignsCorners: false,
      expected: [-0.92, -0.306, -0.411, -0.078, -0.53]),
    Case(
      mode: "linear", padding: "reflection", alignsCorners: true,
      expected: [-0.53345, -0.3239, 0.0678, 0.048, -0.032625]),
    Case(
      mode: "cubic", padding: "zeros", alignsCorners: false,
      expected: [-0.758513, -0.40287, 0.003136, 0.0, 0.0]),
    Case(
      mode: "cubic", padding: "zeros", alignsCorners: true,
      expected: [-0.687986, -0.438571, -0.432102, 0.0, 0.003683]),
    Case(
      mode: "cubic", padding: "border", alignsCorners: false,
      expected: [-1.055973, -0.360881, -0.538168, -0.474728, -0.16]),
    Case(
      mode: "cubic", padding: "border", alignsCorners: true,
      expected: [-0.543665, -0.416058, -0.815856, -0.14616, -0.528042]),
    Case(
      mode: "cubic", padding: "reflection", alignsCorners: false,
      expected: [-1.099672, -0.360881, -0.497435, 0.043409, -0.733044]),
    Case(
      mode: "cubic", padding: "reflection", alignsCorners: true,
      expected: [-0.676302, -0.433755, 0.016093, 0.102156, -0.153157]),
  ]

  private static func graph(
    _ attributes: [String: ONNXSample.Attribute]
  ) throws(GraphError) -> Graph {
    var sample = ONNXSample()
    sample.opset = 20
    sample.input("x", ["1", "1", "3", "4"])
    sample.input("g", ["1", "1", "5", "2"])
    sample.node("GridSample", ["x", "g"], ["y"], attributes)
    sample.output("y")
    return try ModelImporter.load(bytes: sample.bytes, name: "grid")
  }

  private static func run(_ graph: Graph, _ grid: [Float]) throws(GraphError) -> [Float] {
    let image = RecurrentCase.tensor([1, 1, 3, 4], salt: 1)
    return try FloatExecutor(graph).run(inputs: [
      TensorData(shape: [1, 1, 3, 4], floats: image),
      TensorData(shape: [1, 1, 5, 2], floats: grid),
    ])[0].floats ?? []
  }

  @Test(arguments: cases) func equalsOnnxruntime(_ recorded: Case) throws {
    let graph = try Self.graph([
      "mode": .string(recorded.mode), "padding_mode": .string(recorded.padding),
      "align_corners": .int(recorded.alignsCorners ? 1 : 0),
    ])
    let got = try Self.run(graph, [-0.9, -0.7, 0.3, 0.2, 1.2, -1.4, -3.1, 0.6, 0.75, 2.9])
    let worst = zip(got, recorded.expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(got.count == 5 && worst < 2e-6, "\(got)")
  }

  /// No place makes an index outside of the image, or one that is no integer.
  @Test(arguments: cases) func takesAnyPlace(_ recorded: Case) throws {
    let graph = try Self.graph([
      "mode": .string(recorded.mode), "padding_mode": .string(recorded.padding),
      "align_corners": .int(recorded.alignsCorners ? 1 : 0),
    ])
    let places: [Float] = [.nan, .infinity, -.infinity, 1e38, -1e38, 1e9, -1e9, 1, -1, 0]
    #expect(try Self.run(graph, places).allSatisfy { $0.isFinite })
  }

  @Test func namesOfOlderOperatorSetsAreKnownAndOthersRefused() throws {
    let names = ["bilinear", "bicubic"].map { ONNXSample.Attribute.string($0) }
    for name in names { _ = try Self.graph(["mode": name]) }
    #expect(throws: GraphError.self) { try Self.graph(["mode": .string("area")]) }
    #expect(throws: GraphError.self) { try Self.graph(["padding_mode": .string("wrap")]) }
  }
}
