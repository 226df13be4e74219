import ModelGraph
import Operators

/// Operators that only move or rename elements.
enum ONNXLayout {
  /// Axes counted from the end made positive; each within the rank, none twice.
  static func normalized(
    _ axes: [Int], rank: Int, _ node: ONNXNode
  ) throws(GraphError) -> [Int] {
    var list: [Int] = []
    for axis in axes {
      guard axis >= -rank, axis < rank else {
        throw node.invalid("axis \(axis) of a tensor of \(rank) dimensions")
      }
      list.append(axis < 0 ? axis + rank : axis)
    }
    guard Set(list).count == list.count else { throw node.invalid("an axis is named twice") }
    return list
  }

  private static func bindReshaped(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ shape: [Int]
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    guard ImportLimits.isBounded(shape), shape.reduce(1, *) == builder.shape(input).reduce(1, *)
    else {
      throw node.invalid("\(builder.shape(input)) cannot become \(shape)")
    }
    try builder.bind(node, try builder.reshape(input, shape, node: node))
  }

  /// `Flatten` to two dimensions, before and from `axis` on.
  @Sendable static func flatten(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let shape = builder.shape(try builder.operand(node, 0))
    let given = try node.int("axis", default: 1)
    guard given >= -shape.count, given <= shape.count else {
      throw node.invalid("axis \(given) of shape \(shape)")
    }
    let axis = given < 0 ? given + shape.count : given
    let rows = shape[..<axis].reduce(1, *)
    try bindReshaped(node, &builder, [rows, shape[axis...].reduce(1, *)])
  }

  /// `Reshape`: 0 copies a dimension unless `allowzero`, −1 is inferred.
  @Sendable static func reshape(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = builder.shape(try builder.operand(node, 0))
    guard var shape = try builder.integers(node, 1), shape.count <= ImportLimits.rank else {
      throw node.invalid("it has no shape operand")
    }
    let allowsZero = try node.int("allowzero", default: 0) != 0
    for axis in shape.indices where shape[axis] == 0 && !allowsZero {
      guard axis < input.count else { throw node.invalid("no dimension \(axis) to copy") }
      shape[axis] = input[axis]
    }
    let open = shape.indices.filter { shape[$0] == -1 }
    guard open.count <= 1 else { throw node.invalid("shape \(shape) has several -1") }
    if let axis = open.first {
      shape[axis] = 1
      let count = input.reduce(1, *)
      guard let known = ImportLimits.count(shape), count % known == 0 else {
        throw node.invalid("\(input) cannot become \(shape) with dimension \(axis) open")
      }
      shape[axis] = count / known
    }
    try bindReshaped(node, &builder, shape)
  }

  /// Axes as an operand from operator set 13 on, as an attribute before.
  private static func axes(
    _ node: ONNXNode, _ builder: ONNXBuilder
  ) throws(GraphError) -> [Int]? {
    builder.opset >= 13 ? try builder.integers(node, 1) : try node.ints("axes")
  }

  /// `Squeeze`.
  @Sendable static func squeeze(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let shape = builder.shape(try builder.operand(node, 0))
    var axes = shape.indices.filter { shape[$0] == 1 }
    if let given = try Self.axes(node, builder) {
      axes = try normalized(given, rank: shape.count, node)
      guard axes.allSatisfy({ shape[$0] == 1 }) else {
        throw node.invalid("axes \(given) of shape \(shape) are not all 1")
      }
    }
    try bindReshaped(
      node, &builder, shape.indices.filter { !axes.contains($0) }.map { shape[$0] })
  }

  /// `Unsqueeze`.
  @Sendable static func unsqueeze(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let shape = builder.shape(try builder.operand(node, 0))
    guard let given = try Self.axes(node, builder), given.count + shape.count <= ImportLimits.rank
    else { throw node.invalid("its axes are missing or too many") }
    let axes = try normalized(given, rank: shape.count + given.count, node)
    var result: [Int] = []
    var source = 0
    for axis in 0..<(shape.count + axes.count) {
      if axes.contains(axis) {
        result.append(1)
      } else {
        result.append(shape[source])
        source += 1
      }
    }
    try bindReshaped(node, &builder, result)
  }

  /// `Transpose`: axes reversed by default.
  @Sendable static func transpose(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let rank = builder.shape(input).count
    let given = try node.ints("perm") ?? (0..<rank).reversed()
    let order = try normalized(given, rank: rank, node)
    guard order.count == rank else { throw node.invalid("perm \(given) for \(rank) dimensions") }
    if let data = builder.data(input) {
      return try builder.bind(
        node, builder.constant(node.outputs.first ?? node.name, data.permuted(order)))
    }
    try builder.bind(
      node, try builder.emit(Transpose(permutation: order), [input], node: node))
  }
}
