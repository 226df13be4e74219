import PlanFormat
import Wire

/// Decision trees as a plan stores them.
struct TreeTables {
  /// Root and first output of each tree.
  var trees: [Int32] = []
  /// Feature, threshold, distance to the right child; or −1, row, 0.
  var nodes: [Int32] = []
  var leaves: [Int64] = []
  var bias: [Int64]
  var leafWidth: Int

  mutating func append(_ tree: Tree, firstOutput: Int) {
    trees += [Int32(nodes.count / 3), Int32(firstOutput)]
    append(tree)
  }

  private mutating func append(_ tree: Tree) {
    switch tree {
    case .leaf(let values):
      nodes += [-1, Int32(leaves.count / leafWidth), 0]
      leaves += values
    case .split(let feature, let threshold, let left, let right):
      let start = nodes.count
      nodes += [Int32(feature), threshold, 0]
      append(left)
      nodes[start + 2] = Int32((nodes.count - start) / 3)
      append(right)
    }
  }

  /// A plan of these trees alone.
  func sketch(items: Int, features: Int, rank: PlanElement, sum: PlanElement) -> PlanSketch {
    var sketch = PlanSketch()
    func values(_ list: [Int64]) -> ConstantReference {
      sum == .int64
        ? sketch.constant(words: list) : sketch.constant(words: list.map { Int32($0) })
    }
    let x = sketch.tensor("ranks", [items, features], element: rank, scale: 1, zeroPoint: 0)
    let parameters = TreeEnsembleParameters(
      trees: sketch.constant(trees), nodes: sketch.constant(nodes), leaves: values(leaves),
      bias: values(bias), leafWidth: leafWidth)
    sketch.emit(
      "trees", .treeEnsemble(parameters), [x], [items, bias.count], element: sum, zeroPoint: 0)
    return sketch
  }
}

/// A decision tree as it is defined.
indirect enum Tree {
  case leaf([Int64])
  case split(feature: Int, threshold: Int32, left: Tree, right: Tree)

  init(
    depth: Int, features: Int, leafWidth: Int, thresholds: ClosedRange<Int>,
    values: ClosedRange<Int>, _ random: inout SplitMix64
  ) {
    guard depth > 0, random.int(0...6) > 0 else {
      self = .leaf((0..<leafWidth).map { _ in Int64(random.int(values)) })
      return
    }
    func child() -> Tree {
      Tree(
        depth: depth - 1, features: features, leafWidth: leafWidth, thresholds: thresholds,
        values: values, &random)
    }
    let (feature, threshold) = (random.int(0...features - 1), random.int(thresholds))
    self = .split(
      feature: feature, threshold: Int32(threshold), left: child(), right: child())
  }

  func values(_ ranks: ArraySlice<Int32>) -> [Int64] {
    switch self {
    case .leaf(let values): return values
    case .split(let feature, let threshold, let left, let right):
      return (ranks[ranks.startIndex + feature] <= threshold ? left : right).values(ranks)
    }
  }
}
