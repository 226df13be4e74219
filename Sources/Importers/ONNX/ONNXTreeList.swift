import ModelGraph

/// The attributes of `TreeEnsemble`, ai.onnx.ml 5, whose nodes and leaves stand in two lists for all
/// trees, as one list of both for each tree in turn.
struct ONNXTreeList {
  /// As `TreeEnsembleRegressor` spells them.
  private(set) var modes: [String] = []
  private(set) var features: [Int] = []
  private(set) var thresholds: [Double] = []
  /// Positions in this list.
  private(set) var whenTrue: [Int] = []
  private(set) var whenFalse: [Int] = []
  private(set) var tracksTrue: [Int] = []
  private(set) var trees: [Int] = []
  private(set) var weights: [[(output: Int, value: Float)]] = []
  private(set) var roots: [Int] = []

  /// By their number in `nodes_modes`.
  private static let modeNames = [
    "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ",
  ]

  private struct Source {
    let modes: [Int]
    let features: [Int]
    let splits: [Double]
    let children: [(id: [Int], isLeaf: [Int])]
    let tracks: [Int]
    let targets: [Int]
    let leafWeights: [Double]
  }

  /// Reads the attributes.
  init(_ node: ONNXNode) throws(GraphError) {
    let modes = try node.integerList("nodes_modes")
    let tracks = try node.integerList("nodes_missing_value_tracks_true")
    let source = Source(
      modes: modes, features: try node.integerList("nodes_featureids"),
      splits: try node.doubleList("nodes_splits"),
      children: [
        (try node.integerList("nodes_truenodeids"), try node.integerList("nodes_trueleafs")),
        (try node.integerList("nodes_falsenodeids"), try node.integerList("nodes_falseleafs")),
      ],
      tracks: tracks.isEmpty ? [Int](repeating: 0, count: modes.count) : tracks,
      targets: try node.integerList("leaf_targetids"),
      leafWeights: try node.doubleList("leaf_weights"))
    let lengths =
      [source.features.count, source.splits.count, source.tracks.count]
      + source.children.flatMap { [$0.id.count, $0.isLeaf.count] }
    guard !modes.isEmpty, lengths.allSatisfy({ $0 == modes.count }),
      source.targets.count == source.leafWeights.count
    else { throw node.invalid("its lists of nodes or leaves are empty or differ in length") }
    for (tree, root) in try node.integerList("tree_roots").enumerated() {
      try add(tree: tree, root: root, source, node)
    }
  }

  /// Adds a tree, breadth first.
  private mutating func add(
    tree: Int, root: Int, _ source: Source, _ node: ONNXNode
  ) throws(GraphError) {
    roots.append(modes.count)
    // A tree of one leaf is a node both of whose children are that leaf.
    var pending = [(id: root, isLeaf: false)]
    var next = 0
    let start = modes.count
    while next < pending.count {
      guard pending.count <= 2 * (source.modes.count + source.targets.count) else {
        throw node.invalid("tree \(tree) has a cycle")
      }
      let (id, isLeaf) = pending[next]
      next += 1
      trees.append(tree)
      guard !isLeaf else {
        guard source.targets.indices.contains(id), source.targets[id] >= 0,
          source.leafWeights[id].isFinite
        else { throw node.invalid("leaf \(id) does not exist, or its weight is no number") }
        append(mode: "LEAF", weights: [(source.targets[id], Float(source.leafWeights[id]))])
        continue
      }
      guard source.modes.indices.contains(id) else { throw node.invalid("no node \(id)") }
      guard Self.modeNames.indices.contains(source.modes[id]) else {
        throw node.unsupported(
          "node \(id) has mode \(source.modes[id]); sets of values are not run, only comparisons")
      }
      let children = source.children.map { (id: $0.id[id], isLeaf: $0.isLeaf[id] != 0) }
      append(
        mode: Self.modeNames[source.modes[id]], feature: source.features[id],
        threshold: source.splits[id], tracks: source.tracks[id],
        children: (start + pending.count, start + pending.count + 1))
      pending += children
    }
  }

  private mutating func append(
    mode: String, feature: Int = 0, threshold: Double = 0, tracks: Int = 0,
    children: (Int, Int) = (0, 0), weights: [(output: Int, value: Float)] = []
  ) {
    modes.append(mode)
    features.append(feature)
    thresholds.append(threshold)
    tracksTrue.append(tracks)
    whenTrue.append(children.0)
    whenFalse.append(children.1)
    self.weights.append(weights)
  }
}
