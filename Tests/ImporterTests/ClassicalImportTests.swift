import FloatReference
import Importers
import ModelGraph
import Operators
import TestSupport
import Testing

/// Operators of ai.onnx.ml beside trees of the older forms. Expected values are recorded from
/// onnxruntime 1.31.1.
@Suite("classical operators") struct ClassicalImportTests {
  private static let domain = "ai.onnx.ml"
  private static let rows: [[Float]] = [
    [0.3, -0.6], [1.2, 0.7], [-0.4, 0.9], [0, 0], [2, -2], [-1, -1],
  ]
  private static let vectors: [Float] = [0.5, -1, 1, 0.25, -0.75, 0.5, 0, 1, 1.5, -0.5]
  private static let coefficients: [Float] = [
    0.5, -0.25, 0.75, -1, 0.5, 0.25, 1, -0.5, -0.75, 0.125,
  ]

  private func model(
    _ type: String, _ attributes: [String: ONNXSample.Attribute], outputs: [String] = ["y"]
  ) throws -> Graph {
    var sample = ONNXSample()
    sample.input("x", ["1", "2"])
    sample.node(type, ["x"], outputs, attributes, domain: Self.domain)
    for output in outputs { sample.output(output) }
    return try ModelImporter.load(bytes: sample.bytes, name: "m")
  }

  private func run(_ graph: Graph, _ row: [Float]) throws -> [TensorData] {
    try FloatExecutor(graph).run(inputs: [TensorData(shape: [1, row.count], floats: row)])
  }

  private func near(_ found: [Float]?, _ expected: [Float]) -> Bool {
    guard let found, found.count == expected.count else { return false }
    return zip(found, expected).allSatisfy { abs($0 - $1) <= 2e-6 * max(1, abs($1)) }
  }

  @Test(arguments: [
    (
      "RBF", [0.5, 0, 0] as [Float], [0, 0, 0, 0, 0, 0],
      [
        [0.386266, 0.813764, 0.003856], [-0.384709, 0.964609, -0.064046],
        [-0.188418, 0.162131, -0.815304], [0.11374, 0.664937, -0.452157],
        [0.18564, 0.040736, 0.334185], [0.400749, -0.037489, 0.085951],
      ] as [[Float]], [0.628428, -0.152042, -0.157554, 0.256993, 0.328892, 0.420136] as [Float]
    ),
    (
      "LINEAR", [0, 0, 0], [0, 1, 2, 0, 0, 0],
      [
        [0.64375, 0.5125, 1.10625], [-1.40625, 1.875, 0.23125], [-0.74375, -1.175, -0.88125],
        [0.1, -0.2, 0.3], [1.35, 4.05, 3.55], [1.85, -1.825, 0.8],
      ], [1.01875, -0.68125, -1.26875, 0.1, 3.35, 1.35]
    ),
    (
      "POLY", [0.5, 1, 3], [0, 0, 0, 0, 0, 0],
      [
        [1.047078, 2.992004, 0.167136], [-2.847234, 7.38624, -1.094201],
        [-1.143306, 0.636166, -3.272877], [0.1, 1.55, -0.825],
        [6.560937, 22.565624, 3.682812], [2.00625, 0.403516, -0.490039],
      ], [2.346883, -0.280758, -1.08972, 0.6, 20.060938, 2.06875]
    ),
    (
      "SIGMOID", [0.25, -0.5, 0], [0, 1, 1, 0, 0, 0],
      [
        [0.209161, -0.859152, 0.97037], [-0.210403, -0.543698, 0.800033],
        [-0.05972, -1.179552, 0.57224], [0.1, -1.008705, 0.819882],
        [0.408166, -0.032065, 1.333611], [0.415035, -1.278131, 0.902753],
      ], [0.057806, -0.278722, -0.380993, -0.131059, 0.639225, 0.09746]
    ),
  ])
  func supportVectors(
    kernel: String, parameters: [Float], classes: [Int], decisions: [[Float]], values: [Float]
  ) throws {
    let attributes: [String: ONNXSample.Attribute] = [
      "kernel_type": .string(kernel), "kernel_params": .floats(parameters),
      "support_vectors": .floats(Self.vectors),
    ]
    let classifier = try model(
      "SVMClassifier",
      attributes.merging([
        "classlabels_ints": .ints([4, 5, 6]), "coefficients": .floats(Self.coefficients),
        "vectors_per_class": .ints([2, 2, 1]), "rho": .floats([0.1, -0.2, 0.3]),
      ]) { $1 }, outputs: ["label", "scores"])
    #expect(classifier[classifier.outputs[0]].labels == ["4", "5", "6"])
    let regressor = try model(
      "SVMRegressor",
      attributes.merging([
        "coefficients": .floats(Array(Self.coefficients.prefix(5))), "n_supports": .int(5),
        "rho": .floats([0.1]),
      ]) { $1 })
    for (index, row) in Self.rows.enumerated() {
      let results = try run(classifier, row)
      #expect(results[0].integers == [classes[index]], "\(row)")
      #expect(near(results[1].floats, decisions[index]), "\(row) \(results[1].floats ?? [])")
      #expect(near(try run(regressor, row)[0].floats, [values[index]]), "\(row)")
    }
  }

  @Test func twoClassesAndOneClass() throws {
    let attributes: [String: ONNXSample.Attribute] = [
      "kernel_type": .string("RBF"), "kernel_params": .floats([0.5, 0, 0]),
      "support_vectors": .floats(Self.vectors),
      "coefficients": .floats(Array(Self.coefficients.prefix(5))),
    ]
    let two = try model(
      "SVMClassifier",
      attributes.merging([
        "classlabels_ints": .ints([0, 1]), "vectors_per_class": .ints([3, 2]),
        "rho": .floats([0.1]),
      ]) { $1 }, outputs: ["label", "scores"])
    let decisions: [Float] = [0.628428, -0.152042, -0.157554, 0.256993, 0.328892, 0.420136]
    let one = try model(
      "SVMRegressor",
      attributes.merging([
        "n_supports": .int(5), "one_class": .int(1), "rho": .floats([-0.2]),
      ]) { $1 })
    for ((row, decision), side) in zip(
      zip(Self.rows, decisions), [1, -1, -1, -1, 1, 1] as [Float])
    {
      let results = try run(two, row)
      #expect(results[0].integers == [decision > 0 ? 0 : 1])
      #expect(near(results[1].floats, [-decision, decision]))
      #expect(try run(one, row)[0].floats == [side])
    }
    for (attribute, value, words) in [
      ("prob_a", ONNXSample.Attribute.floats([1]), "probabilities"),
      ("kernel_type", .string("WAVE"), "WAVE"),
      ("post_transform", .string("LOGISTIC"), "raw scores"),
      ("rho", .floats([1, 2]), "do not go together"),
    ] {
      var other = attributes
      other["classlabels_ints"] = .ints([0, 1])
      other["vectors_per_class"] = .ints([3, 2])
      other["rho"] = .floats([0.1])
      other[attribute] = value
      let error = try #require(
        #expect(throws: GraphError.self) {
          try model("SVMClassifier", other, outputs: ["label", "scores"])
        })
      #expect("\(error)".contains(words), "\(error)")
    }
  }

  @Test func treesOfVersionFive() throws {
    let attributes: [String: ONNXSample.Attribute] = [
      "n_targets": .int(2), "tree_roots": .ints([0, 2]), "nodes_modes": .byteTensor([0, 3, 4, 1]),
      "nodes_featureids": .ints([0, 1, 1, 0]), "nodes_splits": .floatTensor([0.5, 0, 0.25, 1]),
      "nodes_truenodeids": .ints([1, 1, 3, 4]), "nodes_trueleafs": .ints([0, 1, 1, 1]),
      "nodes_falsenodeids": .ints([0, 2, 3, 0]), "nodes_falseleafs": .ints([1, 1, 0, 1]),
      "leaf_targetids": .ints([0, 1, 0, 1, 1]), "leaf_weights": .floatTensor([1, 2, 4, 8, 16]),
    ]
    let rows: [[Float]] = [[0.5, 1], [0.5, 0], [0.6, 0.25], [2, 3], [1, -1], [.nan, 0.25]]
    let sums: [[Float]] = [[0, 18], [4, 16], [1, 8], [2, 0], [2, 0], [1, 8]]
    for aggregate in 0...1 {
      let graph = try model(
        "TreeEnsemble", attributes.merging(["aggregate_function": .int(aggregate)]) { $1 })
      for (row, sum) in zip(rows, sums) {
        let expected = aggregate == 1 ? sum : sum.map { $0 / 2 }
        #expect(try run(graph, row)[0].floats == expected, "\(row)")
      }
    }
    for (attribute, value, words) in [
      ("aggregate_function", ONNXSample.Attribute.int(3), "summed or averaged"),
      ("post_transform", .int(4), "raw scores"),
      ("nodes_modes", .byteTensor([0, 6, 4, 1]), "mode 6"),
      ("nodes_truenodeids", .ints([0, 1, 3, 4]), "cycle"),
      ("nodes_truenodeids", .ints([1, 1, 9, 4]), "does not exist"),
      ("leaf_weights", .floatTensor([1]), "differ in length"),
    ] {
      let error = try #require(
        #expect(throws: GraphError.self) {
          try model("TreeEnsemble", attributes.merging([attribute: value]) { $1 })
        })
      #expect("\(error)".contains(words), "\(error)")
    }
  }

  @Test func featuresAndLabels() throws {
    var sample = ONNXSample()
    sample.input("x", ["1", "2"])
    sample.node("Binarizer", ["x"], ["high"], ["threshold": .float(0.25)], domain: Self.domain)
    sample.node(
      "FeatureVectorizer", ["x", "high"], ["all"], ["inputdimensions": .ints([2, 2])],
      domain: Self.domain)
    sample.constant("two", integers: [3, 0])
    sample.node("ArrayFeatureExtractor", ["all", "two"], ["picked"], domain: Self.domain)
    sample.node("ArgMax", ["all"], ["best"], ["axis": .int(1)])
    sample.constant("names", strings: ["a", "b", "c", "d"])
    sample.node("ArrayFeatureExtractor", ["names", "best"], ["label"], domain: Self.domain)
    for output in ["all", "picked", "label"] { sample.output(output) }
    let graph = try ModelImporter.load(bytes: sample.bytes, name: "m")
    let results = try run(graph, [0.25, 0.5])
    #expect(results[0].floats == [0.25, 0.5, 0, 1])
    #expect(results[1].floats == [1, 0.25])
    #expect(results[2].integers == [3])
    #expect(graph[graph.outputs[2]].labels == ["a", "b", "c", "d"])
    sample.node("Add", ["x", "names"], ["sum"])
    let error = try #require(
      #expect(throws: GraphError.self) { try ModelImporter.load(bytes: sample.bytes, name: "m") })
    #expect("\(error)".contains("it reads the strings names"))
  }
}
