import ModelGraph

/// Operators that make constants of shapes and constants.
enum ONNXGenerators {
  private static func bind(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ data: TensorData
  ) throws(GraphError) {
    try builder.bind(node, builder.constant(node.outputs.first ?? node.name, data))
  }

  private static func checkedCount(_ shape: [Int], _ node: ONNXNode) throws(GraphError) -> Int {
    guard ImportLimits.isBounded(shape), shape.reduce(1, *) <= ImportLimits.foldedElements else {
      throw node.unsupported(
        "its result would have shape \(shape), and the limit for a constant made while importing "
          + "is \(ImportLimits.foldedElements) elements")
    }
    return shape.reduce(1, *)
  }

  /// A constant operand.
  private static func data(
    _ node: ONNXNode, _ builder: ONNXBuilder, _ index: Int
  ) throws(GraphError) -> TensorData {
    guard let data = builder.data(try builder.operand(node, index)) else {
      throw node.unsupported(
        "operand \(node.inputs[index]) depends on the input; this operator is run on constants "
          + "only: export the model with fixed shapes")
    }
    return data
  }

  /// `Size`.
  @Sendable static func size(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let count = builder.shape(try builder.operand(node, 0)).reduce(1, *)
    try bind(node, &builder, TensorData(shape: [], elements: .int64([Int64(count)])))
  }

  /// `ConstantOfShape`: float zeros without a value.
  @Sendable static func constantOfShape(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    guard let shape = try builder.integers(node, 0) else { throw node.invalid("it has no shape") }
    let count = try checkedCount(shape, node)
    var value = TensorData.zero(.float32)
    if case .tensor(let tensor) = node.attributes["value"] { value = try tensor.data() }
    guard value.count == 1 else { throw node.invalid("its value has \(value.count) elements") }
    try bind(
      node, &builder, value.picking([Int](repeating: 0, count: count), shape: shape))
  }

  /// `Range` of constants.
  @Sendable static func range(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let start = try data(node, builder, 0)
    let limit = try data(node, builder, 1)
    let delta = try data(node, builder, 2)
    guard start.count == 1, limit.count == 1, delta.count == 1, start.type == limit.type,
      start.type == delta.type
    else { throw node.invalid("its operands are not three numbers of one type") }
    if let first = start.floats?[0], let last = limit.floats?[0], let step = delta.floats?[0] {
      let count = ((last - first) / step).rounded(.up)
      guard count.isFinite, count <= Float(ImportLimits.foldedElements) else {
        throw node.invalid(
          "from \(first) to \(last) by \(step); the limit is \(ImportLimits.foldedElements) numbers"
        )
      }
      let values = (0..<Int(max(count, 0))).map { first + Float($0) * step }
      return try bind(node, &builder, TensorData(shape: [values.count], floats: values))
    }
    guard let first = start.integers?[0], let last = limit.integers?[0],
      let step = delta.integers?[0], step != 0,
      [first, last, step].allSatisfy({ abs(Double($0)) < 0x1p62 }),
      (last - first) / step <= ImportLimits.foldedElements
    else {
      throw node.invalid(
        "its operands are out of range; the limit is \(ImportLimits.foldedElements) numbers")
    }
    let values = Array(stride(from: first, to: last, by: step))
    let elements: TensorData.Elements
    switch start.type {
    case .int64: elements = .int64(values.map(Int64.init))
    case .int32: elements = .int32(values.map(Int32.init(truncatingIfNeeded:)))
    case .int16: elements = .int16(values.map(Int16.init(truncatingIfNeeded:)))
    default: throw node.unsupported("a range of \(start.type.rawValue) is not run")
    }
    try bind(node, &builder, TensorData(shape: [values.count], elements: elements))
  }

  /// Zeros and ones of an ONNX data type.
  private static func bits(
    _ bits: [Bool], _ shape: [Int], _ dataType: Int, _ node: ONNXNode
  ) throws(GraphError) -> TensorData {
    let elements: TensorData.Elements
    switch ONNXTensor.elementType(dataType) {
    case .float32: elements = .float32(bits.map { $0 ? 1 : 0 })
    case .int8: elements = .int8(bits.map { $0 ? 1 : 0 })
    case .uint8: elements = .uint8(bits.map { $0 ? 1 : 0 })
    case .int16: elements = .int16(bits.map { $0 ? 1 : 0 })
    case .int32: elements = .int32(bits.map { $0 ? 1 : 0 })
    case .int64: elements = .int64(bits.map { $0 ? 1 : 0 })
    case .bool: elements = .bool(bits)
    case nil: throw node.unsupported("ONNX data type \(dataType) is not read")
    }
    return TensorData(shape: shape, elements: elements)
  }

  /// `EyeLike`.
  @Sendable static func eye(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let type = builder.graph[try builder.operand(node, 0)].type
    guard type.shape.count == 2 else { throw node.invalid("its operand has shape \(type.shape)") }
    let distance = try node.int("k", default: 0)
    let own = (1...13).first { ONNXTensor.elementType($0) == type.element } ?? 1
    let ones = (0..<(try checkedCount(type.shape, node))).map { element in
      element % type.shape[1] - element / type.shape[1] == distance
    }
    try bind(
      node, &builder, try bits(ones, type.shape, try node.int("dtype", default: own), node))
  }

  /// `NonZero` of a constant: one row of positions per axis.
  @Sendable static func nonZero(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let data = try data(node, builder, 0)
    let isSet = data.floats?.map { $0 != 0 } ?? data.integers?.map { $0 != 0 } ?? []
    let found = isSet.indices.filter { isSet[$0] }
    let steps = StridedWalk(over: data.shape).steps
    let rows = zip(steps, data.shape).flatMap { step, size in
      found.map { Int64($0 / step % size) }
    }
    try bind(
      node, &builder, TensorData(shape: [data.shape.count, found.count], elements: .int64(rows)))
  }

  /// The elements as integers; floats are rounded towards 0. nil where one is too large for that.
  private static func wholeNumbers(_ data: TensorData) -> [Int]? {
    guard let floats = data.floats else { return data.integers }
    guard floats.allSatisfy({ $0.magnitude < 0x1p62 }) else { return nil }
    return floats.map { Int($0) }
  }

  /// `OneHot` of constants.
  @Sendable static func oneHot(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let indices = try data(node, builder, 0)
    let depths = try data(node, builder, 1)
    let values = try data(node, builder, 2)
    guard let places = wholeNumbers(indices), let depth = wholeNumbers(depths)?.first, depth > 0,
      depths.count == 1, values.count == 2
    else { throw node.invalid("its indices, depth or values are not valid") }
    let rank = indices.shape.count + 1
    let axis = try ONNXLayout.normalized(
      [try node.int("axis", default: -1)], rank: rank, node)[0]
    let shape = Array(indices.shape[..<axis] + [depth] + indices.shape[axis...])
    let inner = indices.shape[axis...].reduce(1, *)
    let chosen = (0..<(try checkedCount(shape, node))).map { element -> Int in
      let place = places[element / (depth * inner) * inner + element % inner]
      return element / inner % depth == (place < 0 ? place + depth : place) ? 1 : 0
    }
    try bind(node, &builder, values.picking(chosen, shape: shape))
  }
}
