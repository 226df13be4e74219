import ModelGraph
import Operators

/// Operators that choose, repeat or surround elements: each becomes a ``Pick``.
enum ONNXSelection {
  // MARK: Along axes

  /// `Slice`: starts, ends, axes and steps are operands from operator set 10 on, attributes before.
  @Sendable static func slice(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    guard let starts = try builder.integers(node, 1, orAttribute: "starts"),
      let ends = try builder.integers(node, 2, orAttribute: "ends"), starts.count == ends.count
    else { throw node.invalid("its starts or ends are missing") }
    let given = try builder.integers(node, 3, orAttribute: "axes") ?? Array(starts.indices)
    let axes = try ONNXLayout.normalized(given, rank: shape.count, node)
    let steps =
      try builder.integers(node, 4) ?? [Int](repeating: 1, count: starts.count)
    guard axes.count == starts.count, steps.count == starts.count, !steps.contains(0) else {
      throw node.invalid("starts \(starts), axes \(given) and steps \(steps)")
    }
    var positions = [[Int]?](repeating: nil, count: shape.count)
    for (index, axis) in axes.enumerated() {
      positions[axis] = AxisPositions.slice(
        from: starts[index], to: ends[index], by: steps[index], size: shape[axis])
    }
    try builder.bind(node, try builder.pick(input, positions, node: node))
  }

  /// `Split`: sizes are an operand from operator set 13 on, an attribute before; without them equal
  /// parts, the last smaller (`num_outputs`, 18).
  @Sendable static func split(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    let axis = try ONNXLayout.normalized(
      [try node.int("axis", default: 0)], rank: shape.count, node)[0]
    let parts = node.outputs.count
    guard parts > 0, try node.int("num_outputs", default: parts) == parts else {
      throw node.invalid("it names \(parts) results")
    }
    let size = (shape[axis] + parts - 1) / parts
    let sizes =
      try builder.integers(node, 1, orAttribute: "split")
      ?? (0..<parts).map { min(size, max(shape[axis] - $0 * size, 0)) }
    guard sizes.count == parts, sizes.allSatisfy({ (0...shape[axis]).contains($0) }),
      sizes.reduce(0, +) == shape[axis]
    else { throw node.invalid("parts \(sizes) of an axis of \(shape[axis])") }
    var start = 0
    for (part, size) in sizes.enumerated() {
      var positions = [[Int]?](repeating: nil, count: shape.count)
      positions[axis] = Array(start..<start + size)
      start += size
      guard !node.outputs[part].isEmpty else { continue }
      let result = try builder.pick(input, positions, node: node, result: part)
      try builder.bind(node, result, result: part)
    }
  }

  /// `Expand` by NumPy's rules.
  @Sendable static func expand(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    guard let given = try builder.integers(node, 1),
      let target = StridedWalk.broadcastShape(shape, given), target.count <= ImportLimits.rank
    else { throw node.invalid("its shape operand does not go with \(shape)") }
    try checkSize(target, node)
    let padded = [Int](repeating: 1, count: target.count - shape.count) + shape
    let ranked = try builder.reshape(input, padded, node: node, suffix: "/rank")
    let positions = zip(padded, target).map { from, to in
      from == to ? nil : [Int](repeating: 0, count: to)
    }
    try builder.bind(node, try builder.pick(ranked, positions, node: node))
  }

  /// `Tile`.
  @Sendable static func tile(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    guard let repeats = try builder.integers(node, 1), repeats.count == shape.count,
      repeats.allSatisfy({ (0...ImportLimits.elements).contains($0) })
    else { throw node.invalid("its repeats do not go with \(shape)") }
    try checkSize(zip(shape, repeats).map { $0 * $1 }, node)
    let positions = zip(shape, repeats).map { size, count in
      count == 1 ? nil : (0..<size * count).map { $0 % size }
    }
    try builder.bind(node, try builder.pick(input, positions, node: node))
  }

  /// Throws when a result, or a list of positions, would be beyond the limits.
  static func checkSize(_ shape: [Int], _ node: ONNXNode) throws(GraphError) {
    try ImportLimits.check(
      shape, node: node.name, "the result of \(node.operation)", allowsEmpty: true)
  }

  /// `Pad`: pads are an operand from operator set 11 on; axes may be named from 18 on. Negative pads
  /// cut off.
  @Sendable static func pad(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    guard let pads = try builder.integers(node, 1, orAttribute: "pads") else {
      throw node.invalid("its pads are missing")
    }
    let axes = try ONNXLayout.normalized(
      try builder.integers(node, 3) ?? Array(shape.indices), rank: shape.count, node)
    guard pads.count == 2 * axes.count,
      pads.allSatisfy({ abs($0.clamped) <= ImportLimits.windowExtent })
    else { throw node.invalid("pads \(pads) for \(axes.count) axes") }
    let mode = try node.string("mode", default: "constant")
    var positions = [[Int]?](repeating: nil, count: shape.count)
    for (index, axis) in axes.enumerated() {
      let range = -pads[index]..<max(shape[axis] + pads[axes.count + index], -pads[index])
      guard shape[axis] > 0 || mode == "constant" || range.isEmpty else {
        throw node.invalid("axis \(axis) has no elements to pad with")
      }
      var list: [Int] = []
      for position in range {
        guard let source = AxisPositions.source(of: position, size: shape[axis], mode: mode) else {
          throw node.unsupported("mode \(mode) is not one of constant, reflect, edge and wrap")
        }
        list.append(source)
      }
      positions[axis] = list
    }
    var fill: ValueID?
    if mode == "constant" { fill = try value(node, &builder, of: input) }
    try builder.bind(node, try builder.pick(input, positions, fill: fill, node: node))
  }

  /// What surrounds, unless it is 0.
  private static func value(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, of input: ValueID
  ) throws(GraphError) -> ValueID? {
    let type = builder.graph[input].type.element
    var data = TensorData.zero(type)
    if let id = try builder.optional(node, 2) {
      guard let given = builder.data(id), given.count == 1, given.type == type else {
        throw node.unsupported("the value it pads with must be one constant \(type.rawValue)")
      }
      data = given.reshaped([])
    } else if case .float(let value) = node.attributes["value"] {
      data = TensorData(shape: [], floats: [value])
    }
    guard data != TensorData.zero(type) else { return nil }
    return builder.constant(node.name + "/value", data)
  }

  // MARK: At positions

  /// `Gather`: known positions are a choice along an axis.
  @Sendable static func gather(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let indices = try builder.operand(node, 1)
    let shape = builder.shape(input)
    let axis = try ONNXLayout.normalized(
      [try node.int("axis", default: 0)], rank: shape.count, node)[0]
    guard let data = builder.data(indices) else {
      let gather = Gather(axis: axis)
      return try builder.bind(node, try builder.emit(gather, [input, indices], node: node))
    }
    var positions = [[Int]?](repeating: nil, count: shape.count)
    positions[axis] = try known(data, size: shape[axis], node)
    let result = shape[..<axis] + data.shape + shape[(axis + 1)...]
    let picked = try builder.pick(
      input, positions, node: node, suffix: data.shape.count == 1 ? "" : "/picked")
    try builder.bind(node, try builder.reshape(picked, Array(result), node: node))
  }

  /// Positions in −size…size − 1 made positive.
  static func known(
    _ data: TensorData, size: Int, _ node: ONNXNode
  ) throws(GraphError) -> [Int] {
    guard let list = data.integers else { throw node.invalid("its positions are not integers") }
    var positions: [Int] = []
    positions.reserveCapacity(list.count)
    for index in list {
      guard index >= -size, index < size else {
        throw node.invalid("position \(index) along an axis of \(size)")
      }
      positions.append(index < 0 ? index + size : index)
    }
    return positions
  }

  /// `Trilu`: the rest of each matrix is 0.
  @Sendable static func triangle(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    guard shape.count >= 2 else { throw node.invalid("its operand has shape \(shape)") }
    let diagonal = (try builder.integers(node, 1)?.first ?? 0).clamped
    let isUpper = try node.int("upper", default: 1) != 0
    try checkSize([shape.reduce(1, *)], node)
    let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    let offsets = (0..<shape.reduce(1, *)).map { element -> Int in
      let distance = element % columns - element / columns % rows - diagonal
      return (isUpper ? distance >= 0 : distance <= 0) ? element : -1
    }
    try builder.bind(node, try builder.pickFlat(input, offsets, shape: shape, node: node))
  }

  /// `ReverseSequence`: known lengths, each of one item of the batch.
  @Sendable static func reverseSequence(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    let time = try node.int("time_axis", default: 0)
    let batch = try node.int("batch_axis", default: 1)
    guard let lengths = try builder.integers(node, 1), time != batch,
      shape.indices.contains(time), shape.indices.contains(batch),
      lengths.count == shape[batch], lengths.allSatisfy({ (0...shape[time]).contains($0) })
    else { throw node.invalid("its axes or lengths do not fit \(shape)") }
    try checkSize([shape.reduce(1, *)], node)
    let steps = StridedWalk(over: shape).steps
    let offsets = (0..<shape.reduce(1, *)).map { element -> Int in
      let length = lengths[element / steps[batch] % shape[batch]]
      let position = element / steps[time] % shape[time]
      return position < length ? element + (length - 1 - 2 * position) * steps[time] : element
    }
    try builder.bind(node, try builder.pickFlat(input, offsets, shape: shape, node: node))
  }
}

extension Int {
  /// Within what arithmetic on positions can take.
  fileprivate var clamped: Int {
    Swift.min(Swift.max(self, -ImportLimits.elements), ImportLimits.elements)
  }
}

extension ONNXBuilder {
  /// A choice along axes, or the value itself when everything is taken in order.
  mutating func pick(
    _ id: ValueID, _ positions: [[Int]?], fill: ValueID? = nil, node: ONNXNode, result: Int = 0,
    suffix: String = ""
  ) throws(GraphError) -> ValueID {
    let shape = self.shape(id)
    let kept = zip(positions, shape).map { list, size in
      list == Array(0..<size) ? nil : list
    }
    if kept.allSatisfy({ $0 == nil }) { return id }
    let usesFill = fill != nil && kept.contains { $0?.contains { $0 < 0 } ?? false }
    return try emit(
      Pick(positions: kept, hasFill: usesFill), usesFill ? [id, fill] : [id], node: node,
      suffix: suffix, result: result)
  }

  /// Elements at offsets of row-major memory, 0 where an offset is negative.
  mutating func pickFlat(
    _ id: ValueID, _ offsets: [Int], shape: [Int], node: ONNXNode
  ) throws(GraphError) -> ValueID {
    let flat = try reshape(
      id, [self.shape(id).reduce(1, *)], node: node, suffix: "/flat")
    let picked = try pick(flat, [offsets], node: node, suffix: "/picked")
    return try reshape(picked, shape, node: node)
  }
}
