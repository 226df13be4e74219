import ModelGraph
import Operators

/// The nodes of `TreeEnsembleClassifier`, `TreeEnsembleRegressor` and `TreeEnsemble` as their attributes
/// list them, put in preorder with two kinds of comparison instead of six.
///
/// Features are float32: a threshold in double splits them where the float next to it does.
struct ONNXTreeTable {
  private struct Key: Hashable {
    var tree: Int
    var node: Int
  }

  private let node: ONNXNode
  private let modes: [String]
  private let features: [Int]
  private let thresholds: [Double]
  private let whenTrue: [Int]
  private let whenFalse: [Int]
  private let tracksTrue: [Int]
  private let trees: [Int]
  private var positions: [Key: Int] = [:]
  /// First listed node of each tree, in the order of the trees.
  private var roots: [Int] = []
  /// Of each node, the outputs its leaf adds to.
  private var weights: [[(output: Int, value: Float)]]

  /// Reads the attributes; `prefix` is `class` or `target`.
  init(_ node: ONNXNode, weights prefix: String) throws(GraphError) {
    self.node = node
    modes = try node.stringList("nodes_modes")
    features = try node.integerList("nodes_featureids")
    thresholds = try node.doubleList("nodes_values")
    whenTrue = try node.integerList("nodes_truenodeids")
    whenFalse = try node.integerList("nodes_falsenodeids")
    trees = try node.integerList("nodes_treeids")
    let count = modes.count
    let tracks = try node.integerList("nodes_missing_value_tracks_true")
    tracksTrue = tracks.isEmpty ? [Int](repeating: 0, count: count) : tracks
    weights = Array(repeating: [], count: count)
    let ids = try node.integerList("nodes_nodeids")
    guard count > 0,
      [
        features.count, thresholds.count, whenTrue.count, whenFalse.count,
        tracksTrue.count, trees.count, ids.count,
      ].allSatisfy({ $0 == count })
    else { throw node.invalid("its lists of nodes are empty or differ in length") }
    var known: Set<Int> = []
    for position in 0..<count {
      let key = Key(tree: trees[position], node: ids[position])
      guard positions.updateValue(position, forKey: key) == nil else {
        throw node.invalid("node \(key.node) of tree \(key.tree) is listed twice")
      }
      if known.insert(key.tree).inserted { roots.append(position) }
    }
    try readWeights(prefix)
  }

  /// The trees of ai.onnx.ml 5, which name nodes and leaves by their positions in two lists.
  init(_ node: ONNXNode, _ list: ONNXTreeList) throws(GraphError) {
    self.node = node
    modes = list.modes
    features = list.features
    thresholds = list.thresholds
    whenTrue = list.whenTrue
    whenFalse = list.whenFalse
    tracksTrue = list.tracksTrue
    trees = list.trees
    weights = list.weights
    for position in modes.indices {
      positions[Key(tree: trees[position], node: position)] = position
    }
    roots = list.roots
  }

  private mutating func readWeights(_ prefix: String) throws(GraphError) {
    let trees = try node.integerList("\(prefix)_treeids")
    let nodes = try node.integerList("\(prefix)_nodeids")
    let outputs = try node.integerList("\(prefix)_ids")
    let values = try node.doubleList("\(prefix)_weights").map { Float($0) }
    guard [nodes.count, outputs.count, values.count].allSatisfy({ $0 == trees.count }) else {
      throw node.invalid("its lists of weights differ in length")
    }
    for index in trees.indices {
      guard let position = positions[Key(tree: trees[index], node: nodes[index])],
        modes[position] == "LEAF", values[index].isFinite, outputs[index] >= 0
      else { throw node.invalid("weight \(index) is of no leaf, or no number") }
      weights[position].append((outputs[index], values[index]))
    }
  }

  /// Outputs that some leaf adds to.
  var outputs: Set<Int> { Set(weights.joined().map(\.output)) }
  /// Whether no leaf adds a negative value.
  var isPositive: Bool { weights.joined().allSatisfy { $0.value >= 0 } }
  /// The number of trees.
  var treeCount: Int { roots.count }

  /// Makes every leaf that adds w to the only output add −w to output 0 and w to output 1.
  mutating func mirror() {
    for position in weights.indices {
      weights[position] = weights[position].flatMap { [(0, -$0.value), (1, $0.value)] }
    }
  }

  /// The ensemble with so many outputs; each leaf is divided by `divisor`.
  func ensemble(
    base: [Float], features count: Int, divisor: Int
  ) throws(GraphError) -> TreeEnsemble {
    guard outputs.allSatisfy({ $0 < base.count }), base.allSatisfy(\.isFinite) else {
      throw node.invalid("a leaf adds to an output that does not exist, or a base is no number")
    }
    // Trees that each add to one output have rows of one value, others rows of all.
    var only: [Int: Int] = [:]
    var isNarrow = true
    for position in weights.indices {
      for (output, _) in weights[position]
      where only.updateValue(output, forKey: trees[position]) ?? output != output {
        isNarrow = false
      }
    }
    let width = isNarrow ? 1 : base.count
    var result = TreeEnsemble(
      trees: [], nodes: [], leaves: [], leafWidth: width, base: base, features: count)
    for root in roots {
      let first = isNarrow ? only[trees[root]] ?? 0 : 0
      result.trees.append(TreeEnsemble.Tree(root: result.nodes.count, firstOutput: first))
      try append(root, first, divisor, to: &result)
    }
    return result
  }

  /// Nodes that grow to more than this hold a cycle or share subtrees without end.
  private static let growth = 64

  private func append(
    _ root: Int, _ first: Int, _ divisor: Int, to result: inout TreeEnsemble
  ) throws(GraphError) {
    var pending: [(position: Int, parent: Int?)] = [(root, nil)]
    while let (position, parent) = pending.popLast() {
      guard result.nodes.count < Self.growth * modes.count, result.nodes.count < 1 << 24 else {
        throw node.invalid("tree \(trees[root]) has a cycle")
      }
      if let parent { result.nodes[parent].target = Int32(result.nodes.count) }
      guard result.leaves.count <= ImportLimits.foldedElements else {
        throw node.unsupported(
          "its leaves would hold more than the limit of \(ImportLimits.foldedElements) values; "
            + "export fewer trees or targets")
      }
      guard modes[position] != "LEAF" else {
        result.nodes.append(.init(row: Int32(result.leaves.count / result.leafWidth)))
        var row = [Float](repeating: 0, count: result.leafWidth)
        for (output, value) in weights[position] { row[output - first] += value / Float(divisor) }
        result.leaves += row
        continue
      }
      let (comparison, isSwapped) = try comparison(position, features: result.features)
      let (yes, no) = (
        try child(whenTrue[position], position), try child(whenFalse[position], position)
      )
      pending.append((isSwapped ? yes : no, result.nodes.count))
      pending.append((isSwapped ? no : yes, nil))
      result.nodes.append(comparison)
    }
  }

  private func child(_ id: Int, _ position: Int) throws(GraphError) -> Int {
    guard let child = positions[Key(tree: trees[position], node: id)] else {
      throw node.invalid("tree \(trees[position]) has no node \(id)")
    }
    return child
  }

  /// A node's comparison as x ≤ t or x = t, and whether its children change places for it. Above and
  /// below t are not at most t and at most the float before it.
  private func comparison(
    _ position: Int, features count: Int
  ) throws(GraphError) -> (node: TreeEnsemble.Node, isSwapped: Bool) {
    let mode = modes[position]
    let threshold = thresholds[position]
    let tracks = tracksTrue[position] != 0
    guard (0..<count).contains(features[position]) else {
      throw node.invalid("a node compares feature \(features[position]) of \(count)")
    }
    guard !threshold.isNaN, threshold > -.infinity else {
      throw node.unsupported("a node compares with \(threshold); thresholds must be finite, or +∞")
    }
    // The last float at most, and below, the threshold.
    let nearest = Float(threshold)
    let atMost = Double(nearest) <= threshold ? nearest : nearest.nextDown
    let below = Double(nearest) < threshold ? nearest : nearest.nextDown
    let isSwapped = mode == "BRANCH_GT" || mode == "BRANCH_GTE" || mode == "BRANCH_NEQ"
    // What is no number fails every comparison but ≠, unless it is said to pass.
    let passes = tracks || mode == "BRANCH_NEQ"
    let value: Float
    switch mode {
    case "BRANCH_LEQ", "BRANCH_GT": value = atMost
    case "BRANCH_LT", "BRANCH_GTE": value = below
    case "BRANCH_EQ", "BRANCH_NEQ":
      guard Double(nearest) == threshold else {
        throw node.unsupported("a node compares with \(threshold), which no float32 equals")
      }
      value = nearest
    default: throw node.unsupported("nodes of mode \(mode) are not known")
    }
    return (
      .init(
        feature: Int32(features[position]), value: value,
        isEquality: mode == "BRANCH_EQ" || mode == "BRANCH_NEQ",
        missingGoesLeft: passes != isSwapped, right: 0), isSwapped
    )
  }
}
