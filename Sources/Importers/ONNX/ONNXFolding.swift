import ModelGraph

/// Operators of shape computations: folded while the nodes are read, since every shape is known
/// there. They run on constants only.
enum ONNXFolding {
  private static func bindIntegers(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ list: [Int], scalar: Bool = false
  ) throws(GraphError) {
    let data = TensorData(
      shape: scalar && list.count == 1 ? [] : [list.count],
      elements: .int64(list.map(Int64.init)))
    try builder.bind(node, builder.constant(node.outputs.first ?? node.name, data))
  }

  /// A constant list of integers.
  private static func list(
    _ node: ONNXNode, _ builder: ONNXBuilder, _ index: Int
  ) throws(GraphError) -> TensorData {
    let id = try builder.operand(node, index)
    guard let data = builder.data(id), data.integers != nil, data.shape.count <= 1,
      data.count <= 1 << 16
    else {
      throw node.unsupported(
        "it is run in shape computations only, on constant integers; operand "
          + "\(builder.graph[id].name) depends on the input")
    }
    return data
  }

  /// `Constant`.
  @Sendable static func constant(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let data: TensorData
    if case .tensor(let tensor) = node.attributes["value"] {
      data = try tensor.data()
    } else if case .float(let value) = node.attributes["value_float"] {
      data = TensorData(shape: [], floats: [value])
    } else if case .floats(let list) = node.attributes["value_floats"] {
      data = TensorData(shape: [list.count], floats: list)
    } else if case .int(let value) = node.attributes["value_int"] {
      data = TensorData(shape: [], elements: .int64([Int64(value)]))
    } else if case .ints(let list) = node.attributes["value_ints"] {
      data = TensorData(shape: [list.count], elements: .int64(list.map(Int64.init)))
    } else {
      throw node.unsupported("its value is neither a tensor nor numbers")
    }
    try builder.bind(node, builder.constant(node.outputs.first ?? node.name, data))
  }

  /// `Shape`, with `start` and `end` from operator set 15 on.
  @Sendable static func shape(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let shape = builder.shape(try builder.operand(node, 0))
    let start = bounded(try node.int("start", default: 0), shape.count)
    let end = bounded(try node.int("end", default: shape.count), shape.count)
    try bindIntegers(node, &builder, start < end ? Array(shape[start..<end]) : [])
  }

  /// An index counted from the end made positive, clamped to 0…count.
  private static func bounded(_ index: Int, _ count: Int) -> Int {
    if index >= 0 { return min(index, count) }
    return index < -count ? 0 : index + count
  }

  /// `Gather` along axis 0 of a list.
  @Sendable static func gather(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let source = try list(node, builder, 0).integers ?? []
    let indices = try list(node, builder, 1)
    guard [0, -1].contains(try node.int("axis", default: 0)) else {
      throw node.invalid("axis of a list is 0")
    }
    var result: [Int] = []
    for index in indices.integers ?? [] {
      guard index >= -source.count, index < source.count else {
        throw node.invalid("index \(index) in a list of \(source.count)")
      }
      result.append(source[index < 0 ? index + source.count : index])
    }
    try bindIntegers(node, &builder, result, scalar: indices.shape.isEmpty)
  }

  /// `Concat` of lists.
  @Sendable static func concat(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    var result: [Int] = []
    for index in node.inputs.indices {
      result += try list(node, builder, index).integers ?? []
      guard result.count <= 1 << 16 else { throw node.invalid("its result is too long") }
    }
    try bindIntegers(node, &builder, result)
  }

  /// `Slice` of a list, step positive.
  @Sendable static func slice(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let source = try list(node, builder, 0).integers ?? []
    let starts = try list(node, builder, 1).integers ?? []
    let ends = try list(node, builder, 2).integers ?? []
    let steps = try builder.integers(node, 4) ?? [1]
    guard starts.count == 1, ends.count == 1, steps.count == 1, steps[0] > 0 else {
      throw node.unsupported("slices of one list with a positive step are run")
    }
    let start = bounded(starts[0], source.count)
    let end = bounded(ends[0], source.count)
    let step = min(steps[0], source.count + 1)
    let picked = start < end ? stride(from: start, to: end, by: step).map { source[$0] } : []
    try bindIntegers(node, &builder, picked)
  }
}
