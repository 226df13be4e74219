import ModelGraph

/// Operators whose result is a constant wherever they stand, since every shape is known.
enum ONNXFolding {
  private static func bindIntegers(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ list: [Int]
  ) throws(GraphError) {
    let data = TensorData(shape: [list.count], elements: .int64(list.map(Int64.init)))
    try builder.bind(node, builder.constant(node.outputs.first ?? node.name, data))
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
}
