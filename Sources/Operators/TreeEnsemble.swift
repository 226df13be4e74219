public import ModelGraph
import PlanFormat

/// Decision trees whose leaves add up, over the last axis of [1, features]: result o is base[o] plus
/// the values of every tree's leaf. See `TreeEnsembleParameters` for the integer form, to which it
/// lowers once its thresholds are ranks and its input is the ranks of the features.
public struct TreeEnsemble: Operation, Equatable {
  /// A node; a tree's nodes stand in preorder, the left child right behind its parent.
  public struct Node: Sendable, Equatable {
    /// The feature compared, or −1 at a leaf.
    public var feature: Int32
    /// Left where x ≤ value, or where x = value.
    public var value: Float
    /// Whether the comparison is for equality.
    public var isEquality: Bool
    /// Where NaN goes.
    public var missingGoesLeft: Bool
    /// Position of the right child; at a leaf the row of its values.
    public var target: Int32

    /// Creates an inner node.
    public init(
      feature: Int32, value: Float, isEquality: Bool, missingGoesLeft: Bool, right: Int32
    ) {
      self.feature = feature
      self.value = value
      self.isEquality = isEquality
      self.missingGoesLeft = missingGoesLeft
      target = right
    }

    /// Creates a leaf.
    public init(row: Int32) {
      feature = -1
      value = 0
      isEquality = false
      missingGoesLeft = false
      target = row
    }

    /// Whether a value goes to the left child.
    public func goesLeft(_ x: Float) -> Bool {
      x.isNaN ? missingGoesLeft : isEquality ? x == value : x <= value
    }
  }

  /// Where a tree begins among the nodes, and the first output its rows are added to.
  public struct Tree: Sendable, Equatable {
    /// Position of the root.
    public var root: Int
    /// First output.
    public var firstOutput: Int

    /// Creates a tree.
    public init(root: Int, firstOutput: Int) {
      self.root = root
      self.firstOutput = firstOutput
    }
  }

  /// Name in tables.
  public static let name = "TreeEnsemble"
  /// The trees; the nodes of each end where the next one's begin.
  public var trees: [Tree]
  /// Every tree's nodes.
  public var nodes: [Node]
  /// Rows of `leafWidth` values, in the order of the leaves.
  public var leaves: [Float]
  /// Values in a row.
  public var leafWidth: Int
  /// What each output starts from.
  public var base: [Float]
  /// Features there must be.
  public var features: Int

  /// Creates an ensemble.
  public init(
    trees: [Tree], nodes: [Node], leaves: [Float], leafWidth: Int, base: [Float], features: Int
  ) {
    self.trees = trees
    self.nodes = nodes
    self.leaves = leaves
    self.leafWidth = leafWidth
    self.base = base
    self.features = features
  }

  public var attributeBytes: Int {
    nodes.count * MemoryLayout<Node>.stride + leaves.count * MemoryLayout<Float>.stride
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard let length = input.shape.last, length == features else {
      throw .invalid(
        node: "", reason: "its trees compare \(features) features, the input is \(input.shape)")
    }
    return [ValueType(.float32, input.shape.dropLast() + [base.count])]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let type = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0]
    let input = try floats(0, of: operands)
    var result: [Float] = []
    for start in stride(from: 0, to: input.count, by: features) {
      var sums = base.map(Double.init)
      for tree in trees {
        var position = tree.root
        while nodes[position].feature >= 0 {
          let node = nodes[position]
          position =
            node.goesLeft(input[start + Int(node.feature)]) ? position + 1 : Int(node.target)
        }
        let row = Int(nodes[position].target) * leafWidth
        for column in 0..<leafWidth {
          sums[tree.firstOutput + column] += Double(leaves[row + column])
        }
      }
      result += sums.map { Float($0) }
    }
    return [TensorData(shape: type.shape, floats: result)]
  }

  public var quantizationRule: QuantizationRule { .calibrated }

  /// A step that no sum leaves the element with, and the element: int32 unless the leaves of that many
  /// trees, rounded to its steps, could add up to more than a millionth of the largest sum.
  public var fixedPoint: (element: ElementType, scale: Float) {
    var reach = base.map { Double($0.magnitude) }
    for (index, tree) in trees.enumerated() {
      let end = index + 1 < trees.count ? trees[index + 1].root : nodes.count
      var largest = [Double](repeating: 0, count: leafWidth)
      for node in nodes[tree.root..<end] where node.feature < 0 {
        for column in 0..<leafWidth {
          let value = leaves[Int(node.target) * leafWidth + column]
          largest[column] = max(largest[column], Double(value.magnitude))
        }
      }
      for column in 0..<leafWidth { reach[tree.firstOutput + column] += largest[column] }
    }
    let largest = reach.max() ?? 0
    guard largest > 0 else { return (.int32, 1) }
    // largest < 2^(exponent + 1); a step of 2^(exponent − 29) leaves a bit for roundings.
    let exponent = largest.exponent
    let isWide = trees.count > 1 << 10
    let step = max(Int(exponent) - (isWide ? 53 : 29), -126)
    return (isWide ? .int64 : .int32, Float(sign: .plus, exponent: step, significand: 1))
  }

  /// Thresholds are ranks here and whole numbers: `RankQuantizer` made them so.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    guard let operand = node.operands.first ?? nil, let input = operand.tensor,
      operand.value.type.element == .int16, let result = node.results.first,
      let output = result.tensor, let quantization = result.value.quantization,
      nodes.allSatisfy({ !$0.isEquality })
    else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "trees run on ranks of the model's inputs, before any other layer; this one reads "
          + "\(node.operands.first??.value.name ?? "nothing"), which is computed")
    }
    func fixed(_ values: [Float]) throws(GraphError) -> [UInt8] {
      let levels = values.map { (Double($0) / Double(quantization.scale)).rounded() }
      if result.value.type.element == .int64 {
        return levels.flatMap { level in
          let bits = UInt64(bitPattern: Int64(level))
          return (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
        }
      }
      return littleEndian(levels.map { Int32($0) })
    }
    var words: [Int32] = []
    words.reserveCapacity(nodes.count * 3)
    for (position, node) in nodes.enumerated() {
      words +=
        node.feature < 0
        ? [-1, node.target, 0]
        : [node.feature, Int32(node.value), node.target - Int32(position)]
    }
    let parameters = TreeEnsembleParameters(
      trees: builder.constant(
        littleEndian(trees.flatMap { [Int32($0.root), Int32($0.firstOutput)] })),
      nodes: builder.constant(littleEndian(words)), leaves: builder.constant(try fixed(leaves)),
      bias: builder.constant(try fixed(base)), leafWidth: leafWidth)
    builder.emit(
      Instruction(
        name: node.name, operation: .treeEnsemble(parameters), inputs: [input], output: output))
  }

  public var summary: String {
    "\(trees.count) trees, \(nodes.count) nodes, \(Set(nodes.map(\.feature)).subtracting([-1]).count)"
      + " of \(features) features"
  }
}
