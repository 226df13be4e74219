import PlanFormat

/// An ensemble of decision trees over `items` rows of ranks.
public struct TreeEnsembleCall {
  let input: UnsafeRawPointer
  let output: UnsafeMutableRawPointer
  /// Root and first output of each tree.
  let trees: UnsafePointer<Int32>
  /// Feature, threshold and distance to the right child of each node; or −1, row, 0.
  let nodes: UnsafePointer<Int32>
  let leaves: UnsafeRawPointer
  let bias: UnsafeRawPointer
  let items: Int
  let features: Int
  let outputs: Int
  let treeCount: Int
  let leafWidth: Int
  let ranksAreWide: Bool
  let sumsAreWide: Bool
}

/// What a tree ensemble's binding and its packed constants are made of.
enum ScalarTrees {
  /// Whether the packed trees can be walked.
  static func accept(
    _ constants: UnsafeRawPointer, _ parameters: TreeEnsembleParameters, _ layer: Layer
  ) -> Bool {
    let source = layer.inputs[0].shape
    let result = layer.output
    let trees = PortableConstants.offset(of: parameters.trees, in: layer.operation)
    let nodes = PortableConstants.offset(of: parameters.nodes, in: layer.operation)
    return TreeValidator(
      parameters, features: source[source.count - 1],
      outputs: result.shape[result.shape.count - 1], element: result.element
    ).pathsEnd(trees: constants + trees, nodes: constants + nodes)
  }
}

extension ScalarKernels {
  /// Every tree's leaf added to its outputs: see `TreeEnsembleParameters`.
  static func treeEnsemble(_ call: TreeEnsembleCall) {
    switch (call.ranksAreWide, call.sumsAreWide) {
    case (false, false): trees(call, Int16.self, Int32.self)
    case (false, true): trees(call, Int16.self, Int64.self)
    case (true, false): trees(call, Int32.self, Int32.self)
    case (true, true): trees(call, Int32.self, Int64.self)
    }
  }

  private static func trees<Rank: FixedWidthInteger, Sum: FixedWidthInteger>(
    _ call: TreeEnsembleCall, _ rank: Rank.Type, _ sum: Sum.Type
  ) {
    let leaves = call.leaves.assumingMemoryBound(to: Sum.self)
    let bias = call.bias.assumingMemoryBound(to: Sum.self)
    for item in 0..<call.items {
      let ranks = call.input.assumingMemoryBound(to: Rank.self) + item &* call.features
      let sums = call.output.assumingMemoryBound(to: Sum.self) + item &* call.outputs
      for output in 0..<call.outputs { sums[output] = bias[output] }
      for tree in 0..<call.treeCount {
        var node = call.nodes + 3 &* Int(call.trees[2 &* tree])
        while node[0] >= 0 {
          let goesLeft = Int32(truncatingIfNeeded: ranks[Int(node[0])]) <= node[1]
          node += goesLeft ? 3 : 3 &* Int(node[2])
        }
        let leaf = leaves + Int(node[1]) &* call.leafWidth
        let target = sums + Int(call.trees[2 &* tree &+ 1])
        for column in 0..<call.leafWidth { target[column] &+= leaf[column] }
      }
    }
  }
}

extension ScalarBinder {
  func treeEnsemble(
    _ parameters: TreeEnsembleParameters, _ source: PlanTensor, _ result: PlanTensor
  ) -> TreeEnsembleCall {
    let features = source.shape[source.shape.count - 1]
    return TreeEnsembleCall(
      input: UnsafeRawPointer(memory.elements(source)),
      output: UnsafeMutableRawPointer(memory.elements(result)),
      trees: constant(parameters.trees, as: Int32.self),
      nodes: constant(parameters.nodes, as: Int32.self),
      leaves: UnsafeRawPointer(constant(parameters.leaves, as: UInt8.self)),
      bias: UnsafeRawPointer(constant(parameters.bias, as: UInt8.self)),
      items: source.elementCount / features, features: features,
      outputs: result.shape[result.shape.count - 1], treeCount: parameters.treeCount,
      leafWidth: parameters.leafWidth, ranksAreWide: source.element == .int32,
      sumsAreWide: result.element == .int64)
  }
}
