import ModelGraph
import Operators

/// Gathers and scatters at known positions: choices among all elements of their operands.
enum ONNXPositions {
  private static func indices(
    _ node: ONNXNode, _ builder: ONNXBuilder
  ) throws(GraphError) -> TensorData {
    let id = try builder.operand(node, 1)
    guard let data = builder.data(id) else {
      throw node.unsupported(
        "its positions are computed; positions known at export and Gather are run")
    }
    return data
  }

  /// `GatherElements`.
  @Sendable static func gatherElements(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let indices = try indices(node, builder)
    let offsets = try elementOffsets(node, indices, in: builder.shape(input))
    try builder.bind(
      node, try builder.pickFlat(input, offsets, shape: indices.shape, node: node))
  }

  /// Where each entry of `indices` points: its own place, but for the axis.
  private static func elementOffsets(
    _ node: ONNXNode, _ indices: TensorData, in shape: [Int]
  ) throws(GraphError) -> [Int] {
    let axis = try ONNXLayout.normalized(
      [try node.int("axis", default: 0)], rank: shape.count, node)[0]
    guard indices.shape.count == shape.count,
      indices.shape.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= shape[$0] })
    else { throw node.invalid("positions \(indices.shape) in \(shape)") }
    let positions = try ONNXSelection.known(indices, size: shape[axis], node)
    var steps = StridedWalk(over: shape).steps
    let step = steps[axis]
    steps[axis] = 0
    let places = StridedWalk(sizes: indices.shape, steps: steps).offsets
    return zip(places, positions).map { $0 + $1 * step }
  }

  /// `GatherND`.
  @Sendable static func gatherND(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    let indices = try indices(node, builder)
    let batch = try node.int("batch_dims", default: 0)
    guard let depth = indices.shape.last, batch >= 0, batch < indices.shape.count,
      depth >= 1, batch + depth <= shape.count, shape[..<batch] == indices.shape[..<batch]
    else { throw node.invalid("positions \(indices.shape) in \(shape)") }
    let starts = try self.starts(indices, shape: shape, batch: batch, node)
    let slice = shape[(batch + depth)...]
    let length = slice.reduce(1, *)
    try ONNXSelection.checkSize([starts.count, length], node)
    let offsets = starts.flatMap { $0..<$0 + length }
    try builder.bind(
      node,
      try builder.pickFlat(
        input, offsets, shape: Array(indices.shape.dropLast() + slice), node: node))
  }

  /// Where the slice of each tuple of positions begins.
  private static func starts(
    _ indices: TensorData, shape: [Int], batch: Int, _ node: ONNXNode
  ) throws(GraphError) -> [Int] {
    let steps = StridedWalk(over: shape).steps
    guard let depth = indices.shape.last, depth > 0, let list = indices.integers else {
      throw node.invalid("its positions are not integers")
    }
    let tuples = list.count / depth
    let batches = shape[..<batch].reduce(1, *)
    let batchStep = shape[batch...].reduce(1, *)
    var starts: [Int] = []
    for tuple in 0..<tuples {
      var start = tuple / max(tuples / batches, 1) * batchStep
      for level in 0..<depth {
        let (index, size) = (list[tuple * depth + level], shape[batch + level])
        guard index >= -size, index < size else {
          throw node.invalid("position \(index) along an axis of \(size)")
        }
        start += (index < 0 ? index + size : index) * steps[batch + level]
      }
      starts.append(start)
    }
    return starts
  }

  /// `ScatterND`: the operand with slices replaced.
  @Sendable static func scatterND(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    let indices = try indices(node, builder)
    guard let depth = indices.shape.last, depth >= 1, depth <= shape.count else {
      throw node.invalid("positions \(indices.shape) in \(shape)")
    }
    let length = shape[depth...].reduce(1, *)
    let starts = try starts(indices, shape: shape, batch: 0, node)
    try ONNXSelection.checkSize([starts.count, length], node)
    let targets = starts.flatMap { $0..<$0 + length }
    try scatter(node, &builder, input, targets)
  }

  /// `ScatterElements`.
  @Sendable static func scatterElements(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let indices = try indices(node, builder)
    let targets = try elementOffsets(node, indices, in: builder.shape(input))
    try scatter(node, &builder, input, targets)
  }

  /// Operand and updates one after another, and of these each element or what replaces it.
  private static func scatter(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ input: ValueID, _ targets: [Int]
  ) throws(GraphError) {
    let updates = try builder.operand(node, 2)
    let shape = builder.shape(input)
    let count = shape.reduce(1, *)
    try ONNXSelection.checkSize([count], node)
    guard builder.shape(updates).reduce(1, *) == targets.count else {
      throw node.invalid("updates \(builder.shape(updates)) at \(targets.count) positions")
    }
    let reduction = try node.string("reduction", default: "none")
    let flat = try builder.reshape(input, [count], node: node, suffix: "/flat")
    let flatUpdates = try builder.reshape(
      updates, [targets.count], node: node, suffix: "/updates")
    guard reduction == "none" else {
      guard let kind = Scatter.Reduction(rawValue: reduction) else {
        throw node.unsupported("reduction \(reduction) is not one of none, add, mul, min and max")
      }
      let reduced = try builder.emit(
        Scatter(reduction: kind, positions: targets), [flat, flatUpdates], node: node,
        suffix: "/reduced")
      return try builder.bind(node, try builder.reshape(reduced, shape, node: node))
    }
    var sources = Array(0..<count)
    for (update, target) in targets.enumerated() { sources[target] = count + update }
    let both = try builder.emit(
      Concat(axis: 0), [flat, flatUpdates], node: node, suffix: "/both")
    try builder.bind(node, try builder.pickFlat(both, sources, shape: shape, node: node))
  }
}
