import FloatReference
import Importers
import ModelGraph
import TestSupport
import Testing

/// What the canonical form promises of any graph: normalisations folded everywhere, activations
/// fused, layouts cancelled, constants and dead code gone.
@Suite struct CanonicalClaimTests {
  /// A weighted layer of three channels in and three out.
  struct Layer: Sendable, CustomTestStringConvertible {
    var name: String
    var input: [Int]
    var weights: [Int]
    var operation: String
    var attributes: [String: ONNXSample.Attribute] = [:]
    var testDescription: String { name }

    /// Elements of the result beside its channels: images have them first.
    var channelsAreLast: Bool { operation == "Gemm" || operation == "MatMul" }
  }

  static let layers = [
    Layer(name: "convolution", input: [1, 3, 4, 4], weights: [3, 3, 2, 2], operation: "Conv"),
    Layer(
      name: "depthwise convolution", input: [1, 3, 4, 4], weights: [3, 1, 2, 2], operation: "Conv",
      attributes: ["group": .int(3)]),
    Layer(
      name: "convolution of a signal", input: [1, 3, 6], weights: [3, 3, 2], operation: "Conv"),
    Layer(
      name: "transposed convolution", input: [1, 3, 3, 3], weights: [3, 3, 2, 2],
      operation: "ConvTranspose"),
    Layer(name: "Gemm", input: [1, 3], weights: [3, 3], operation: "Gemm"),
    Layer(name: "MatMul", input: [1, 3], weights: [3, 3], operation: "MatMul"),
  ]

  /// What stands behind a layer, and what it computes of channel c.
  struct Tail: Sendable, CustomTestStringConvertible {
    var name: String
    var nodes: [Step]
    var testDescription: String { name }

    func apply(_ value: Float, _ channel: Int) -> Float {
      nodes.reduce(value) { $1.apply($0, channel) }
    }
  }

  /// A node behind a layer.
  enum Step: Sendable {
    case normalize, add, multiply, relu, relu6

    func apply(_ value: Float, _ c: Int) -> Float {
      switch self {
      case .normalize: CanonicalClaimTests.normalized(value, c)
      case .add: value + CanonicalClaimTests.shift[c]
      case .multiply: value * CanonicalClaimTests.scale[c]
      case .relu: max(value, 0)
      case .relu6: min(max(value, 0), 6)
      }
    }
  }

  static let tails = [
    Tail(name: "normalised", nodes: [.normalize]),
    Tail(name: "normalised, relu", nodes: [.normalize, .relu]),
    Tail(name: "bias, normalised, clamped", nodes: [.add, .normalize, .relu6]),
    Tail(name: "scaled, normalised", nodes: [.multiply, .normalize]),
    Tail(name: "normalised twice", nodes: [.normalize, .normalize]),
    Tail(name: "normalised, scaled, shifted, relu", nodes: [.normalize, .multiply, .add, .relu]),
    Tail(name: "relu, relu6", nodes: [.relu, .relu6]),
  ]

  static let scale: [Float] = [2, 1, 0.5]
  static let shift: [Float] = [1, 0.25, -1]
  static let mean: [Float] = [0.5, 0, 1]
  static let variance: [Float] = [4, 1, 0.25]

  static func normalized(_ value: Float, _ c: Int) -> Float {
    scale[c] * (value - mean[c]) / variance[c].squareRoot() + shift[c]
  }

  private func model(_ layer: Layer, before: [Step] = [], behind: [Step] = []) -> ONNXSample {
    var model = ONNXSample()
    model.input("x", ["batch"] + layer.input.dropFirst().map(String.init))
    model.constant(
      "w", layer.weights, floats: Samples.ramp(layer.weights.reduce(1, *), 0.125))
    for (name, values) in [
      ("s", Self.scale), ("t", Self.shift), ("m", Self.mean), ("v", Self.variance),
    ] {
      model.constant(name, [3], floats: values)
      // Along the channels of the layer's result.
      let places = [Int](repeating: 1, count: layer.channelsAreLast ? 0 : layer.input.count - 2)
      model.constant(name + "/c", [3] + places, floats: values)
    }
    model.constant("zero", [], floats: [0])
    model.constant("six", [], floats: [6])
    var value = "x"
    func append(_ steps: [Step], _ prefix: String, _ model: inout ONNXSample) {
      for (index, step) in steps.enumerated() {
        let result = "\(prefix)\(index)"
        switch step {
        case .normalize:
          model.node(
            "BatchNormalization", [value, "s", "t", "m", "v"], [result], ["epsilon": .float(0)])
        case .add: model.node("Add", ["t/c", value], [result])
        case .multiply: model.node("Mul", [value, "s/c"], [result])
        case .relu: model.node("Relu", [value], [result])
        case .relu6: model.node("Clip", [value, "zero", "six"], [result])
        }
        value = result
      }
    }
    append(before, "before", &model)
    model.node(layer.operation, [value, "w"], ["layer"], layer.attributes)
    value = "layer"
    append(behind, "behind", &model)
    model.output(value)
    return model
  }

  private func run(_ model: ONNXSample, _ input: [Float]) throws -> (
    names: [String], result: [Float]
  ) {
    let graph = try ModelImporter.load(bytes: model.bytes, name: "sample")
    let shape = graph[graph.inputs[0]].type.shape
    let results = try FloatExecutor(graph).run(inputs: [TensorData(shape: shape, floats: input)])
    return (graph.operationNames, results[0].floats ?? [])
  }

  /// The channel of an element of [1, C, …].
  private func channel(_ position: Int, of count: Int) -> Int { position / (count / 3) }

  private static let moving: Set = ["Transpose", "Reshape"]

  @Test(arguments: layers, tails) func oneLayerTakesInWhatFollows(_ layer: Layer, _ tail: Tail)
    throws
  {
    let input = Samples.ramp(layer.input.reduce(1, *), 0.5)
    let plain = try run(model(layer), input)
    let (names, result) = try run(model(layer, behind: tail.nodes), input)
    #expect(names.filter { !Self.moving.contains($0) }.count == 1, "\(names)")
    for (position, value) in plain.result.enumerated() {
      let expected = tail.apply(value, channel(position, of: plain.result.count))
      #expect(abs(result[position] - expected) < 1e-4)
    }
  }

  /// A transposed convolution covers its borders less often than the rest: it is none of them.
  @Test(arguments: layers.filter { $0.operation != "ConvTranspose" })
  func oneLayerTakesInWhatPrecedes(_ layer: Layer) throws {
    let input = Samples.ramp(layer.input.reduce(1, *), 0.5)
    let prepared = input.enumerated().map {
      Self.normalized($1, channel($0, of: input.count))
    }
    let expected = try run(model(layer), prepared).result
    let (names, result) = try run(model(layer, before: [.normalize]), input)
    #expect(names.filter { !Self.moving.contains($0) }.count == 1, "\(names)")
    for (value, wanted) in zip(result, expected) { #expect(abs(value - wanted) < 1e-4) }
  }

  /// What would change a padded border, or what others read, stays.
  @Test func whatCannotFoldStays() throws {
    var padded = Self.layers[0]
    padded.attributes = ["pads": .ints([1, 1, 1, 1])]
    let input = Samples.ramp(48, 0.5)
    let names = try run(model(padded, before: [.normalize]), input).names
    #expect(names.filter { !Self.moving.contains($0) } == ["DepthwiseConv2D", "Conv2D"])
    var shared = model(Self.layers[0], behind: [.relu])
    shared.output("layer")
    #expect(try run(shared, input).names.contains("Pointwise"))
  }

  @Test(arguments: [
    ("MaxPool", "MaxPool2D"), ("AveragePool", "AveragePool2D"), ("Add", "Binary"),
  ])
  func activationsFuse(_ operation: String, _ becomes: String) throws {
    var model = ONNXSample()
    model.input("x", ["N", "3", "4", "4"])
    let isSum = operation == "Add"
    model.node(
      operation, isSum ? ["x", "x"] : ["x"], ["a"], isSum ? [:] : ["kernel_shape": .ints([2, 2])])
    model.node("Relu", ["a"], ["y"])
    model.output("y")
    let (names, result) = try run(model, Samples.ramp(48))
    // A sum with itself is a function of one tensor.
    let expected = isSum ? ["Pointwise"] : [becomes]
    #expect(names.filter { !Self.moving.contains($0) } == expected)
    #expect(result.allSatisfy { $0 >= 0 } && result.contains { $0 > 0 })
  }

  /// Shape, Gather, comparison and a constant If: nothing of it is left, nor what nobody reads.
  @Test func constantsFoldToAFixedPointAndDeadCodeGoes() throws {
    var (flat, long) = (ONNXSample(), ONNXSample())
    flat.node("Reshape", ["x", "target"], ["t"])
    flat.output("t")
    long.node("Tile", ["x", "target"], ["e"])
    long.output("e")
    var model = ONNXSample()
    model.input("x", ["batch", "2", "3"])
    model.constant("first", integers: [0])
    model.constant("one", integers: [1])
    model.constant("rest", integers: [-1])
    model.node("Shape", ["x"], ["shape"])
    model.node("Gather", ["shape", "first"], ["batch"])
    model.node("Concat", ["batch", "rest"], ["target"], ["axis": .int(0)])
    model.node("Equal", ["batch", "one"], ["single"])
    model.node(
      "If", ["single"], ["row"], ["then_branch": .graph(flat), "else_branch": .graph(long)])
    model.node("Split", ["row"], ["left", "right"], ["axis": .int(1), "num_outputs": .int(2)])
    model.opset = 18
    model.node("Exp", ["right"], ["unread"])
    model.node("Relu", ["left"], ["y"])
    model.output("y")
    let (names, result) = try run(model, [1, -2, 3, 4, 5, 6])
    #expect(names.filter { !Self.moving.contains($0) } == ["Pick", "Pointwise"])
    #expect(result == [1, 0, 3])
  }

  /// A residual block: between the first layer and the last no transpose is left.
  @Test func layoutsCancelAcrossBranches() throws {
    var model = ONNXSample()
    model.input("x", ["N", "3", "4", "4"])
    model.constant("w", [3, 3, 1, 1], floats: Samples.ramp(9))
    model.constant("w2", [3, 6, 1, 1], floats: Samples.ramp(18))
    model.constant("slope", [3, 1, 1], floats: [0.1, 0.2, 0.3])
    model.node("Conv", ["x", "w"], ["a"])
    model.node("Relu", ["a"], ["b"])
    model.node("Conv", ["b", "w"], ["c"])
    model.node("Add", ["c", "b"], ["d"])
    model.node("PRelu", ["d", "slope"], ["e"])
    model.node("Sigmoid", ["c"], ["f"])
    model.node("Concat", ["e", "f"], ["g"], ["axis": .int(1)])
    model.node("Conv", ["g", "w2"], ["h"])
    model.node("Softmax", ["h"], ["y"], ["axis": .int(1)])
    model.output("y")
    let graph = try ModelImporter.load(bytes: model.bytes, name: "sample")
    #expect(graph.innerTransposes == 0, "\(graph.operationNames)")
  }
}

/// What `inspect --layers` says of a file's nodes.
@Suite struct ImportReportTests {
  @Test func everyNodeHasItsFate() throws {
    var model = Samples.convolution()
    model.constant("s", [2], floats: [1, 2])
    model.node("Shape", ["x"], ["size"])
    model.node("BatchNormalization", ["y", "s", "s", "s", "s"], ["z"])
    model.node("Exp", ["y"], ["lost"])
    model.output("z")
    let (graph, report) = try ModelImporter.report(bytes: model.bytes, name: "sample")
    let fates = Dictionary(uniqueKeysWithValues: report.nodes.map { ($0.name, $0.fate) })
    #expect(fates["c"] == .layer("c") && fates["r"] == .part(of: "c"))
    #expect(fates["p"] == .layer("p") && fates["size"] == .constant)
    #expect(fates["lost"] == .unread)
    #expect(report.canonicalCount == graph.nodes.count)
    #expect(report.rewritings.contains { $0.rule == "activations fused" && $0.count == 1 })
    let plain = try ModelImporter.load(bytes: model.bytes, name: "sample")
    #expect(plain.nodes.map(\.name) == graph.nodes.map(\.name))
  }

  @Test func unknownOperatorsAreNamedAtOnce() throws {
    var model = ONNXSample()
    model.input("x", ["N", "4"])
    model.node("NoSuch", ["x"], ["a"], name: "first")
    model.node("Relu", ["a"], ["b"])
    model.node("NorThis", ["b"], ["c"])
    model.node("NoSuch", ["c"], ["y"])
    model.output("y")
    do throws(GraphError) {
      _ = try ModelImporter.load(bytes: model.bytes, name: "sample")
      Issue.record("imported")
    } catch {
      guard case .unsupported("NoSuch", "first", let reason) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(reason.contains("NoSuch (2 nodes), NorThis (1 node)"))
    }
  }
}
