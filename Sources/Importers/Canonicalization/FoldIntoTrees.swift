import ModelGraph
import Operators

/// What stands before trees goes into them, exactly: a feature scaled by a positive factor is below a
/// threshold just where the feature itself is below another one, and a missing value goes where the
/// value put in its place would.
enum FoldIntoTrees {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard let trees = node.operation as? TreeEnsemble, let input = node.inputs[0],
      let (_, producer) = editor.producer(input), let source = producer.inputs.first ?? nil
    else { return false }
    let folded: TreeEnsemble?
    switch producer.operation {
    case let imputation as Imputation: folded = trees.behind(imputation)
    case let scaling as BatchNormalization:
      folded = try scaling.affine(producer, editor).flatMap { trees.behind($0) }
    default: folded = nil
    }
    guard let folded else { return false }
    editor.replace(
      index,
      with: Node(name: node.name, operation: folded, inputs: [source], outputs: node.outputs))
    return true
  }
}

extension TreeEnsemble {
  /// The trees that read what an imputation reads; nil where it replaces anything but NaN.
  fileprivate func behind(_ imputation: Imputation) -> TreeEnsemble? {
    guard imputation.replaced.isNaN else { return nil }
    var trees = self
    for position in nodes.indices where nodes[position].feature >= 0 {
      trees.nodes[position].missingGoesLeft = nodes[position].goesLeft(
        imputation.values[Int(nodes[position].feature)])
    }
    return trees
  }

  /// The trees that read what `scaling` reads, a function per feature that never falls.
  fileprivate func behind(_ scaling: (Float, Int) -> Float?) -> TreeEnsemble? {
    var trees = self
    for position in nodes.indices where nodes[position].feature >= 0 {
      let node = nodes[position]
      guard !node.isEquality, scaling(0, Int(node.feature)) != nil else { return nil }
      // The largest float whose image is at most the threshold; −∞ is one, +∞ is none.
      var (low, high) = (Self.order(-.infinity), Self.order(.infinity))
      while high - low > 1 {
        let middle = low + (high - low) / 2
        let image = scaling(Self.float(middle), Int(node.feature)) ?? .nan
        if image <= node.value { low = middle } else { high = middle }
      }
      trees.nodes[position].value = Self.float(low)
    }
    return trees
  }

  /// Floats as integers of the same order.
  private static func order(_ value: Float) -> Int {
    let bits = Int(value.bitPattern)
    return bits < 1 << 31 ? bits : (1 << 31) - bits
  }

  private static func float(_ order: Int) -> Float {
    Float(bitPattern: UInt32(order < 0 ? (1 << 31) - order : order))
  }
}

extension BatchNormalization {
  /// The normalisation of one feature of the last axis as it is evaluated; nil for a feature that it
  /// does not make rise.
  fileprivate func affine(
    _ node: Node, _ editor: GraphEditor
  ) throws(GraphError) -> ((Float, Int) -> Float?)? {
    guard let input = node.inputs[0], axis == editor.shape(input).count - 1,
      let scale = editor.floats(node.inputs[1])?.floats,
      let bias = editor.floats(node.inputs[2])?.floats,
      let mean = editor.floats(node.inputs[3])?.floats,
      let variance = editor.floats(node.inputs[4])?.floats
    else { return nil }
    return { value, feature in
      let spread = (variance[feature] + epsilon).squareRoot()
      guard scale[feature] > 0, spread > 0 else { return nil }
      return scale[feature] * ((value - mean[feature]) / spread) + bias[feature]
    }
  }
}
