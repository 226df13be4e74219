import ModelGraph

/// Operators of shape computations: folded while the nodes are read, since every shape is known
/// there. They run on constants only.
enum ONNXFolding {
  private static func bindIntegers(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ list: [Int]
  ) throws(GraphError) {
    let data = TensorData(shape: [list.count], elements: .int64(list.map(Int64.init)))
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

  /// `Cast` between integer types; a cast of a float to float is nothing.
  @Sendable static func cast(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let target = ONNXTensor.elementType(try node.int("to", default: 0))
    if let target, builder.graph[input].type.element == target {
      return try builder.bind(node, input)
    }
    let source = try list(node, builder, 0)
    let integers = source.integers ?? []
    let elements: TensorData.Elements
    switch target {
    case .int64: elements = .int64(integers.map(Int64.init))
    case .int32: elements = .int32(integers.map(Int32.init(truncatingIfNeeded:)))
    case .float32: elements = .float32(integers.map { Float($0) })
    default: throw node.unsupported("casts of constants to int32, int64 and float32 are run")
    }
    let data = TensorData(shape: source.shape, elements: elements)
    try builder.bind(node, builder.constant(node.outputs.first ?? node.name, data))
  }
}
