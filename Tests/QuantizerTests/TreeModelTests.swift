import Bundling
import FloatReference
import Foundation
import Importers
import Lowering
import ModelGraph
import Operators
import PlanFormat
import Quantizer
import TestSupport
import Testing
import Wire

/// Models of trees, from their files to integers.
@Suite("tree models") struct TreeModelTests {
  static func integers(_ graph: Graph) throws -> IntegerModel {
    let ranked = try RankQuantizer.quantize(graph)
    return try IntegerModel(
      try Lowering.lower(ranked.graph), ranks: ranked.ranks, links: ranked.links)
  }

  /// Scores of float reference and integers; the classes are their positions.
  private func both(
    _ graph: Graph, _ row: [Float]
  ) throws -> (float: [[Float]], integer: [[Float]]) {
    let item = [TensorData(shape: [1, row.count], floats: row)]
    let float = try FloatExecutor(graph).run(inputs: item).map { output in
      output.floats ?? (output.integers ?? []).map { Float($0) }
    }
    return (float, try Self.integers(graph).run(item))
  }

  /// Recorded from onnxruntime 1.31.1: the six comparisons, with values on thresholds and missing.
  @Test func comparisons() throws {
    let nan = Float.nan
    let rows: [[Float]] = [
      [0.5, -1.25], [0.5, -1.3], [0.6, 2], [0.6, 1.9], [0.4, 2], [nan, 2], [nan, nan], [0.5, nan],
      [.infinity, -.infinity], [-.infinity, .infinity], [0.6, nan], [nan, -1.25],
    ]
    let expected: [[Float]] = [
      [
        130.25, 65.25, 20.25, 40.25, 66.25, 68.25, 72.25, 66.25, 40.25, 66.25, 40.25, 136.25,
      ],
      [130.25, 65.25, 20.25, 40.25, 66.25, 18.25, 17.25, 65.25, 40.25, 66.25, 20.25, 34.25],
    ]
    for tracksTrue in 0...1 {
      let bytes = TreeSamples.everyMode(tracksTrue: tracksTrue)
      let graph = try ModelImporter.load(bytes: bytes, name: "modes")
      for (row, value) in zip(rows, expected[tracksTrue]) {
        let (float, integer) = try both(graph, row)
        #expect(float == [[value]] && integer == [[value]], "\(row), tracks \(tracksTrue)")
      }
    }
  }

  /// Recorded from onnxruntime 1.31.1, in double: floats beside thresholds in double, and missing ones.
  @Test func thresholdsInDouble() throws {
    let graph = try ModelImporter.load(bytes: TreeSamples.ensemble(), name: "ensemble")
    let nan = Float.nan
    let rows: [(x: [Float], y: [Float])] = [
      ([0.1, 0.3], [1, 16.5]), ([Float(0.1).nextDown, Float(0.3).nextDown], [0, 18.5]),
      ([0, 0.7], [4, 16.5]), ([-0.2, Float(0.7).nextUp], [4, 8.5]),
      ([Float(-0.2).nextUp, 0.5], [4, 16.5]), ([nan, nan], [1, 16.5]), ([0, nan], [0, 18.5]),
      ([.infinity, -.infinity], [1, 16.5]),
    ]
    for row in rows {
      let (float, integer) = try both(graph, row.x)
      #expect(float == [row.y] && integer == [row.y], "\(row.x)")
    }
  }

  /// The same leaf as the float model's for every float: on thresholds, beside them, infinite, none.
  @Test func everyFloatFindsItsLeaf() throws {
    for seed in 0..<60 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      let (features, outputs) = (1 + Int(seed % 4), 1 + Int(seed % 3))
      let forest = TreeSamples.forest(features: features, outputs: outputs, random: &random)
      var graph = Graph(name: "forest")
      let x = graph.add(Value(name: "x", type: ValueType(.float32, [1, features])))
      let y = graph.add(Value(name: "y", type: ValueType(.float32, [1, outputs])))
      graph.inputs = [x]
      graph.outputs = [y]
      graph.nodes = [Node(name: "trees", operation: forest, inputs: [x], outputs: [y])]
      let model = try Self.integers(graph)
      let thresholds = forest.nodes.map(\.value)
      let near =
        thresholds + thresholds.map(\.nextUp) + thresholds.map(\.nextDown)
        + [.nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, 7]
      for _ in 0..<200 {
        let row = (0..<features).map { _ in near[Int(random.next() % UInt64(near.count))] }
        let item = [TensorData(shape: [1, features], floats: row)]
        let expected = try forest.evaluate([item[0]])[0].floats
        #expect(try model.run(item)[0] == expected, "seed \(seed), \(row)")
      }
    }
  }

  /// A scaler and an imputer in front give the thresholds that let each float through as before.
  @Test func whatStandsBeforeTreesGoesIntoThem() throws {
    var random = SplitMix64(seed: 12)
    var forest = TreeSamples.forest(features: 2, outputs: 1, random: &random)
    for position in forest.nodes.indices {
      forest.nodes[position].isEquality = false
      forest.nodes[position].missingGoesLeft = false
      if forest.nodes[position].value.isInfinite { forest.nodes[position].value = 3 }
    }
    let imputation = Imputation(values: [6, 1e4], replaced: .nan)
    let (scale, offset): ([Float], [Float]) = ([0.37, 1.7e-3], [5.8, -77])
    let folded = try ModelImporter.load(
      bytes: TreeSamples.pipeline(forest, imputation, scale: scale, offset: offset), name: "pipe")
    #expect(folded.nodes.count == 1)
    let integers = try Self.integers(folded)
    let edges = (folded.nodes[0].operation as? TreeEnsemble)?.nodes.map(\.value) ?? []
    let near = edges + edges.map(\.nextUp) + [.nan, .infinity, -.infinity, 0, 3e38, -3e38]
    for _ in 0..<2000 {
      let row = (0..<2).map { _ in near[Int(random.next() % UInt64(near.count))] }
      let item = [TensorData(shape: [1, 2], floats: row)]
      let filled = try imputation.evaluate(item)[0].floats ?? []
      let scaled = (0..<2).map { (filled[$0] - offset[$0]) * scale[$0] }
      let expected = try forest.evaluate([TensorData(shape: [1, 2], floats: scaled)])[0].floats
      #expect(try FloatExecutor(folded).run(inputs: item)[0].floats == expected, "\(row)")
      #expect(try integers.run(item)[0] == expected, "\(row)")
    }
  }

  /// Labels, links, and what two classes make of one score.
  @Test func classes() throws {
    func load(_ labels: [String], _ link: String) throws -> Graph {
      try ModelImporter.load(
        bytes: TreeSamples.classifier(labels: labels, link: link), name: "classes")
    }
    let three = try load(["a", "b", "c"], "SOFTMAX")
    #expect(three[three.outputs[0]].labels == ["a", "b", "c"])
    // −1 for b, or 2 for c, beside zeros; onnxruntime's softmax of them.
    for (x, index, shares) in [
      (Float(0.5), Float(0), [0.4223188, 0.15536241, 0.4223188] as [Float]),
      (0.50001, 2, [0.10650698, 0.10650698, 0.786986]),
    ] {
      let (float, integer) = try both(three, [x, 0])
      for scores in [float, integer] {
        #expect(scores[0] == [index])
        #expect(zip(scores[1], shares).allSatisfy { abs($0 - $1) < 1e-6 }, "\(scores)")
      }
    }
    let two = try load(["no", "yes"], "LOGISTIC")
    let (float, integer) = try both(two, [1, 0])
    #expect(float[0] == [1] && integer[0] == [1])
    #expect(abs(float[1][1] - 0.880797) < 1e-6 && abs(integer[1][1] - 0.880797) < 1e-6)
    #expect(abs(float[1].reduce(0, +) - 1) < 1e-6)
  }

  /// What cannot be trees is refused with the node's name.
  @Test func malformedTrees() {
    func expectRefusal(
      _ message: String, _ edit: (inout [String: ONNXSample.Attribute]) -> Void
    ) {
      let bytes = TreeSamples.classifier(labels: ["a", "b", "c"], link: "NONE", edit: edit)
      let error = #expect(throws: GraphError.self) {
        try ModelImporter.load(bytes: bytes, name: "bad")
      }
      #expect("\(error.map { "\($0)" } ?? "")".contains(message), "\(String(describing: error))")
    }
    expectRefusal("cycle") { $0["nodes_truenodeids"] = .ints([0, 0, 0]) }
    expectRefusal("no node 9") { $0["nodes_falsenodeids"] = .ints([9, 0, 0]) }
    expectRefusal("listed twice") { $0["nodes_nodeids"] = .ints([0, 1, 1]) }
    expectRefusal("feature 2 of 2") { $0["nodes_featureids"] = .ints([2, 0, 0]) }
    expectRefusal("differ in length") { $0["nodes_values"] = .floats([1]) }
    expectRefusal("must be finite") { $0["nodes_values"] = .floats([.nan, 0, 0]) }
    expectRefusal("BRANCH_MEMBER") {
      $0["nodes_modes"] = .strings(["BRANCH_MEMBER", "LEAF", "LEAF"])
    }
    expectRefusal("does not exist") { $0["class_ids"] = .ints([1, 3]) }
    expectRefusal("is of no leaf") { $0["class_nodeids"] = .ints([0, 2]) }
    expectRefusal("PROBIT") { $0["post_transform"] = .string("PROBIT") }
    expectRefusal("class labels") { $0["classlabels_strings"] = .strings(["a"]) }
    expectRefusal("base_values") { $0["base_values"] = .floats([1]) }
  }

  /// The shared models, against what onnxruntime made of them.
  @Test(
    .requiresShared, arguments: ["digits_gbdt", "digits_random_forest", "digits_gbdt_regressor"])
  func goldens(_ name: String) throws {
    func bytes(_ suffix: String) throws -> [UInt8] {
      [UInt8](
        try Data(contentsOf: URL(fileURLWithPath: Shared.file("models/onnx/made/\(name)\(suffix)")))
      )
    }
    func floats(_ suffix: String) throws -> [Float] {
      try bytes(suffix).withUnsafeBytes { raw in
        stride(from: 0, to: raw.count, by: 4).map {
          raw.loadUnaligned(fromByteOffset: $0, as: Float.self)
        }
      }
    }
    let graph = try ModelImporter.load(bytes: bytes(".onnx"), name: name)
    let integers = try Self.integers(graph)
    let inputs = try floats(".inputs.bin")
    let isClassifier = graph.outputs.count == 2
    let scores = try floats(isClassifier ? ".golden1.bin" : ".golden0.bin")
    let classes = isClassifier ? try bytes(".golden0.bin") : []
    let width = scores.count / 24
    for item in 0..<24 {
      let row = Array(inputs[item * 64..<(item + 1) * 64])
      let float = try both(graph, row).float
      let integer = try integers.run([TensorData(shape: [1, 64], floats: row)])
      for outputs in [float, integer] {
        if isClassifier { #expect(outputs[0] == [Float(classes[8 * item])]) }
        for (got, wanted) in zip(
          outputs[outputs.count - 1], scores[item * width..<(item + 1) * width])
        {
          #expect(abs(got - wanted) < 1e-5, "item \(item)")
        }
      }
    }
  }
}
