/// Decision trees whose leaves add up: gradient boosted or a forest, for classes or for reals.
///
/// Features are ranks: where a value stands among the thresholds its feature is compared with. An
/// inner node goes to its left child where rank ≤ threshold. Each tree ends at one leaf, whose row of
/// `leafWidth` values is added to the outputs from the tree's first one on: a boosted tree of one
/// class has rows of 1, a forest rows of as many values as there are outputs.
public struct TreeEnsembleParameters: Sendable, Equatable {
  /// Per tree two UInt32 little-endian: its root's position, and its first output. Trees lie one
  /// after another: a tree's nodes end where the next one's begin.
  public var trees: ConstantReference
  /// Per node three Int32 little-endian. Inner: feature, threshold, distance to the right child; the
  /// left child is the next node. Leaf: −1, row of values, 0; the rows of all
  /// leaves count from 0 in the order of the nodes.
  public var nodes: ConstantReference
  /// Rows of `leafWidth` values of the result's element.
  public var leaves: ConstantReference
  /// What each output starts from, in the result's element.
  public var bias: ConstantReference
  /// Values in a row.
  public var leafWidth: Int

  /// Creates the parameters.
  public init(
    trees: ConstantReference, nodes: ConstantReference, leaves: ConstantReference,
    bias: ConstantReference, leafWidth: Int
  ) {
    self.trees = trees
    self.nodes = nodes
    self.leaves = leaves
    self.bias = bias
    self.leafWidth = leafWidth
  }

  /// Trees of the ensemble.
  public var treeCount: Int { trees.byteCount / Self.treeBytes }
  /// Nodes of all trees.
  public var nodeCount: Int { nodes.byteCount / Self.nodeBytes }

  static let treeBytes = 8
  static let nodeBytes = 12
}

/// Proves that trees can be walked: every step stays inside the tree and goes forward, so that every
/// path ends; every feature, row and output exists; no sum leaves its element.
public struct TreeValidator {
  let parameters: TreeEnsembleParameters
  let features: Int
  let outputs: Int
  let element: PlanElement

  /// A validator of trees that read `features` ranks and write `outputs` sums of `element`, which is
  /// int32 or int64.
  public init(
    _ parameters: TreeEnsembleParameters, features: Int, outputs: Int, element: PlanElement
  ) {
    self.parameters = parameters
    self.features = features
    self.outputs = outputs
    self.element = element
  }

  /// Whether every access of a walk stays inside the constants, the features and the outputs.
  ///
  /// - Parameters:
  ///   - trees: the trees, as many bytes as the parameters state.
  ///   - nodes: the nodes, likewise.
  public func pathsEnd(trees: UnsafeRawPointer, nodes: UnsafeRawPointer) -> Bool {
    let rows = parameters.leaves.byteCount / (parameters.leafWidth * element.byteCount)
    guard position(trees, 0) == 0 else { return false }
    var row = 0
    for tree in 0..<parameters.treeCount {
      let (start, end) = bounds(of: tree, trees)
      let first = Int64(word(trees, 2 * tree + 1))
      guard start < end, end <= parameters.nodeCount,
        first >= 0, first + Int64(parameters.leafWidth) <= Int64(outputs)
      else { return false }
      // Subtrees still to come: none is left over, and none comes after the last.
      var open = 1
      for node in start..<end {
        guard open > 0 else { return false }
        let (feature, value) = (Int(word(nodes, 3 * node)), Int(word(nodes, 3 * node + 1)))
        let right = Int(word(nodes, 3 * node + 2))
        if feature < 0 {
          guard feature == -1, value == row, row < rows, right == 0 else { return false }
          row += 1
          open -= 1
        } else {
          guard feature < features, right > 1, right < end - node else { return false }
          open += 1
        }
      }
      guard open == 0 else { return false }
    }
    return row == rows
  }

  /// Whether no order of adding the trees' values leaves the result's element. Call it where
  /// `pathsEnd`.
  func sumsFit(
    trees: UnsafeRawPointer, nodes: UnsafeRawPointer, leaves: UnsafeRawPointer,
    bias: UnsafeRawPointer
  ) -> Bool {
    let limit: UInt64 = element == .int64 ? 1 << 63 : 1 << 31
    var sums = (0..<outputs).map { magnitude(bias, $0) }
    var largest = [UInt64](repeating: 0, count: parameters.leafWidth)
    for tree in 0..<parameters.treeCount {
      let (start, end) = bounds(of: tree, trees)
      for column in largest.indices { largest[column] = 0 }
      for node in start..<end where word(nodes, 3 * node) < 0 {
        let row = Int(word(nodes, 3 * node + 1)) * parameters.leafWidth
        for column in largest.indices {
          largest[column] = max(largest[column], magnitude(leaves, row + column))
        }
      }
      let first = Int(word(trees, 2 * tree + 1))
      for column in largest.indices {
        // Both are at most 2^63: their sum may be 2^64, which is not below the limit either.
        let (sum, overflow) = sums[first + column].addingReportingOverflow(largest[column])
        guard !overflow, sum < limit else { return false }
        sums[first + column] = sum
      }
    }
    return sums.allSatisfy { $0 < limit }
  }

  private func bounds(of tree: Int, _ trees: UnsafeRawPointer) -> (start: Int, end: Int) {
    let isLast = tree + 1 == parameters.treeCount
    return (
      position(trees, 2 * tree),
      isLast ? parameters.nodeCount : position(trees, 2 * tree + 2)
    )
  }

  /// A position among the nodes; one that no tree has where it is too large to be one.
  private func position(_ bytes: UnsafeRawPointer, _ index: Int) -> Int {
    let value = word(bytes, index)
    return value < 0 ? Int.max : Int(value)
  }

  private func word(_ bytes: UnsafeRawPointer, _ index: Int) -> Int32 {
    Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self))
  }

  private func magnitude(_ bytes: UnsafeRawPointer, _ index: Int) -> UInt64 {
    guard element == .int64 else { return UInt64(word(bytes, index).magnitude) }
    let value = bytes.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self)
    return Int64(littleEndian: value).magnitude
  }
}
