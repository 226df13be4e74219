import ModelGraph
import Operators
import TestSupport
import Wire

/// Models of trees for tests.
enum TreeSamples {
  /// Two trees with each of the six comparisons, over two features.
  static func everyMode(tracksTrue: Int) -> [UInt8] {
    var model = ONNXSample()
    model.input("x", ["n", "2"])
    model.node(
      "TreeEnsembleRegressor", ["x"], ["y"],
      [
        "nodes_treeids": .ints([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]),
        "nodes_nodeids": .ints([0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6]),
        "nodes_modes": .strings([
          "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "LEAF", "LEAF", "LEAF", "LEAF", "BRANCH_GT",
          "BRANCH_EQ", "BRANCH_NEQ", "LEAF", "LEAF", "LEAF", "LEAF",
        ]),
        "nodes_featureids": .ints([0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]),
        "nodes_values": .floats([0.5, -1.25, 2, 0, 0, 0, 0, 0.5, 2, -1.25, 0, 0, 0, 0]),
        "nodes_truenodeids": .ints([1, 3, 5, 0, 0, 0, 0, 1, 3, 5, 0, 0, 0, 0]),
        "nodes_falsenodeids": .ints([2, 4, 6, 0, 0, 0, 0, 2, 4, 6, 0, 0, 0, 0]),
        "nodes_missing_value_tracks_true": .ints(Array(repeating: tracksTrue, count: 14)),
        "target_treeids": .ints([0, 0, 0, 0, 1, 1, 1, 1]),
        "target_nodeids": .ints([3, 4, 5, 6, 3, 4, 5, 6]),
        "target_ids": .ints([0, 0, 0, 0, 0, 0, 0, 0]),
        "target_weights": .floats([1, 2, 4, 8, 16, 32, 64, 128]),
        "n_targets": .int(1), "base_values": .floats([0.25]),
      ], domain: "ai.onnx.ml")
    model.output("y")
    return model.bytes
  }

  /// Three trees of ai.onnx.ml 5 over two features, with thresholds that no float32 is; the third is a
  /// leaf.
  static func ensemble() -> [UInt8] {
    var model = ONNXSample()
    model.input("x", ["n", "2"])
    model.node(
      "TreeEnsemble", ["x"], ["y"],
      [
        "n_targets": .int(2), "aggregate_function": .int(1), "post_transform": .int(0),
        "tree_roots": .ints([0, 2, 4]), "nodes_modes": .ints([0, 1, 2, 3, 0]),
        "nodes_featureids": .ints([0, 1, 1, 0, 0]),
        "nodes_splits": .doubles([0.1, 0.3, 0.7, -0.2, 0]),
        "nodes_truenodeids": .ints([1, 1, 3, 4, 6]), "nodes_trueleafs": .ints([0, 1, 1, 1, 1]),
        "nodes_falsenodeids": .ints([0, 2, 3, 5, 6]), "nodes_falseleafs": .ints([1, 1, 0, 1, 1]),
        "nodes_missing_value_tracks_true": .ints([0, 1, 0, 1, 0]),
        "leaf_targetids": .ints([0, 1, 0, 1, 1, 0, 1]),
        "leaf_weights": .doubles([1, 2, 4, 8, 16, 32, 0.5]),
      ], domain: "ai.onnx.ml")
    model.output("y")
    return model.bytes
  }

  /// One split in front of `classes` leaves' worth of a classifier: x[0] ≤ 0.5 decides.
  static func classifier(
    labels: [String], link: String, edit: (inout [String: ONNXSample.Attribute]) -> Void = { _ in }
  ) -> [UInt8] {
    var attributes: [String: ONNXSample.Attribute] = [
      "nodes_treeids": .ints([0, 0, 0]), "nodes_nodeids": .ints([0, 1, 2]),
      "nodes_modes": .strings(["BRANCH_LEQ", "LEAF", "LEAF"]),
      "nodes_featureids": .ints([0, 0, 0]), "nodes_values": .floats([0.5, 0, 0]),
      "nodes_truenodeids": .ints([1, 0, 0]), "nodes_falsenodeids": .ints([2, 0, 0]),
      "class_treeids": .ints([0, 0]), "class_nodeids": .ints([1, 2]),
      "class_ids": .ints(labels.count == 2 ? [0, 0] : [1, 2]),
      "class_weights": .floats([-1, 2]), "classlabels_strings": .strings(labels),
      "post_transform": .string(link),
    ]
    edit(&attributes)
    var model = ONNXSample()
    model.input("x", ["n", "2"])
    model.node(
      "TreeEnsembleClassifier", ["x"], ["label", "scores"], attributes, domain: "ai.onnx.ml")
    model.output("label")
    model.output("scores")
    return model.bytes
  }

  /// Imputer, Scaler and the trees of a regressor, as scikit-learn's pipelines are exported.
  static func pipeline(
    _ trees: TreeEnsemble, _ imputation: Imputation, scale: [Float], offset: [Float]
  ) -> [UInt8] {
    let nodes = trees.nodes
    let tree = nodes.indices.map { position in
      trees.trees.lastIndex { $0.root <= position } ?? 0
    }
    let leaves = nodes.indices.filter { nodes[$0].feature < 0 }
    let all = Array(nodes.indices)
    let domain = "ai.onnx.ml"
    var model = ONNXSample()
    model.input("x", ["n", "2"])
    model.node(
      "Imputer", ["x"], ["filled"],
      [
        "imputed_value_floats": .floats(imputation.values),
        "replaced_value_float": .float(imputation.replaced),
      ], domain: domain)
    model.node(
      "Scaler", ["filled"], ["scaled"], ["scale": .floats(scale), "offset": .floats(offset)],
      domain: domain)
    model.node(
      "TreeEnsembleRegressor", ["scaled"], ["y"],
      [
        "nodes_treeids": .ints(tree), "nodes_nodeids": .ints(all),
        "nodes_modes": .strings(nodes.map { $0.feature < 0 ? "LEAF" : "BRANCH_LEQ" }),
        "nodes_featureids": .ints(nodes.map { max(Int($0.feature), 0) }),
        "nodes_values": .floats(nodes.map(\.value)), "nodes_truenodeids": .ints(all.map { $0 + 1 }),
        "nodes_falsenodeids": .ints(nodes.map { Int($0.target) }),
        "target_treeids": .ints(leaves.map { tree[$0] }), "target_nodeids": .ints(leaves),
        "target_ids": .ints(leaves.map { _ in 0 }), "target_weights": .floats(trees.leaves),
        "base_values": .floats(trees.base),
      ], domain: domain)
    model.output("y")
    return model.bytes
  }

  /// A forest of random trees whose leaves are whole numbers: their sums are exact.
  static func forest(features: Int, outputs: Int, random: inout SplitMix64) -> TreeEnsemble {
    let pool = (0..<12).map { _ in Float(random.unit() * 8 - 4) } + [0, -0.0, 1, .infinity]
    var forest = TreeEnsemble(
      trees: [], nodes: [], leaves: [], leafWidth: outputs,
      base: (0..<outputs).map { Float($0) }, features: features)
    func index(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
    func grow(_ depth: Int) {
      guard depth > 0, index(6) > 0 else {
        forest.nodes.append(.init(row: Int32(forest.leaves.count / outputs)))
        forest.leaves += (0..<outputs).map { _ in Float(index(2001)) - 1000 }
        return
      }
      let position = forest.nodes.count
      forest.nodes.append(
        .init(
          feature: Int32(index(features)), value: pool[index(pool.count)],
          isEquality: index(5) == 0, missingGoesLeft: index(2) == 0, right: 0))
      grow(depth - 1)
      forest.nodes[position].target = Int32(forest.nodes.count)
      grow(depth - 1)
    }
    for _ in 0..<1 + index(9) {
      forest.trees.append(TreeEnsemble.Tree(root: forest.nodes.count, firstOutput: 0))
      grow(6)
    }
    return forest
  }
}
