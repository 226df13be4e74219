import ModelGraph
import Operators

/// Matrix products: a dense layer where one side is constant.
enum ONNXDense {
  /// `Gemm`: α · A · B + β · C. With a constant B, α and β go into the constants.
  @Sendable static func gemm(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let transposesLeft = try node.int("transA", default: 0) != 0
    let transposesRight = try node.int("transB", default: 0) != 0
    let alpha = try node.float("alpha", default: 1)
    var (left, right) = (try builder.operand(node, 0), try builder.operand(node, 1))
    guard builder.shape(left).count == 2, builder.shape(right).count == 2 else {
      throw node.invalid("its operands are \(builder.shape(left)) and \(builder.shape(right))")
    }
    guard let matrix = builder.data(right), matrix.floats != nil else {
      let product = MatrixProduct(
        transposesLeft: transposesLeft, transposesRight: transposesRight, factor: alpha)
      let hasAddend = try builder.optional(node, 2) != nil
      let result = try builder.emit(
        product, [left, right], node: node, suffix: hasAddend ? "/product" : "")
      return try bindSum(node, &builder, result)
    }
    if transposesLeft {
      left = try builder.emit(
        Transpose(permutation: [1, 0]), [left], node: node, suffix: "/upright")
    }
    let arranged = (transposesRight ? matrix : matrix.permuted([1, 0])).scaled(by: alpha)
    right = builder.constant(node.inputs[1] + "/arranged", arranged)
    let dense = FullyConnected(activation: .none)
    if let bias = try bias(node, &builder, outputs: arranged.shape[0]) {
      return try builder.bind(node, try builder.emit(dense, [left, right, bias], node: node))
    }
    let hasAddend = try builder.optional(node, 2) != nil
    let result = try builder.emit(
      dense, [left, right, nil], node: node, suffix: hasAddend ? "/product" : "")
    try bindSum(node, &builder, result)
  }

  /// C as a constant per output, if it is one.
  private static func bias(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, outputs: Int
  ) throws(GraphError) -> ValueID? {
    guard let id = try builder.optional(node, 2), let data = builder.data(id),
      let addends = data.floats, data.count == outputs || data.count == 1,
      data.shape.allSatisfy({ $0 == 1 }) || data.shape.last == outputs
    else { return nil }
    let full = data.count == outputs ? addends : [Float](repeating: addends[0], count: outputs)
    let beta = try node.float("beta", default: 1)
    return builder.constant(
      node.inputs[2] + "/bias", TensorData(shape: [outputs], floats: full).scaled(by: beta))
  }

  /// Binds the product, with β · C added where there is a C.
  private static func bindSum(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ product: ValueID
  ) throws(GraphError) {
    guard var addend = try builder.optional(node, 2) else {
      return try builder.bind(node, product)
    }
    let beta = try node.float("beta", default: 1)
    if let data = builder.data(addend) {
      addend = builder.constant(node.inputs[2] + "/scaled", data.scaled(by: beta))
    } else if beta != 1 {
      let factor = builder.constant(node.name + "/beta", TensorData(shape: [], floats: [beta]))
      addend = try builder.emit(
        Binary(.multiply), [addend, factor], node: node, suffix: "/scaled")
    }
    let sum = try builder.emit(Binary(.add), [product, addend], node: node)
    guard builder.shape(sum) == builder.shape(product) else {
      throw node.invalid("C of shape \(builder.shape(addend)) does not fit the product")
    }
    try builder.bind(node, sum)
  }

  /// `MatMul` by NumPy's rules: one-dimensional operands are a row and a column.
  @Sendable static func matrixProduct(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    var (left, right) = (try builder.operand(node, 0), try builder.operand(node, 1))
    let (isRow, isColumn) = (builder.shape(left).count == 1, builder.shape(right).count == 1)
    if isRow {
      left = try builder.reshape(left, [1] + builder.shape(left), node: node, suffix: "/row")
    }
    if isColumn {
      right = try builder.reshape(
        right, builder.shape(right) + [1], node: node, suffix: "/column")
    }
    guard builder.shape(left).count >= 2, builder.shape(right).count >= 2 else {
      throw node.invalid("it multiplies a scalar")
    }
    var result = try product(node, &builder, left, right)
    if isRow || isColumn {
      var shape = builder.shape(result)
      if isColumn { shape.removeLast() }
      if isRow { shape.remove(at: shape.count - (isColumn ? 1 : 2)) }
      result = try builder.reshape(result, shape, node: node, suffix: "/flat")
    }
    try builder.bind(node, result)
  }

  private static func product(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ left: ValueID, _ right: ValueID
  ) throws(GraphError) -> ValueID {
    let (leftShape, rightShape) = (builder.shape(left), builder.shape(right))
    if builder.data(left) == nil, let matrix = builder.matrix(right, besides: leftShape) {
      let weights = builder.constant(node.inputs[1] + "/arranged", matrix.permuted([1, 0]))
      return try builder.emit(
        FullyConnected(activation: .none), [left, weights, nil], node: node)
    }
    if builder.data(right) == nil, let matrix = builder.matrix(left, besides: rightShape) {
      // A · B = (Bᵀ · Aᵀ)ᵀ
      let rank = rightShape.count
      let turn = Transpose(permutation: Array(0..<rank - 2) + [rank - 1, rank - 2])
      let turned = try builder.emit(turn, [right], node: node, suffix: "/turned")
      let weights = builder.constant(node.inputs[0] + "/arranged", matrix)
      let dense = try builder.emit(
        FullyConnected(activation: .none), [turned, weights, nil], node: node, suffix: "/dense")
      return try builder.emit(turn, [dense], node: node)
    }
    return try builder.emit(MatrixProduct(), [left, right], node: node)
  }
}

extension ONNXBuilder {
  /// A constant float matrix, if the value is one; leading axes of one element go where the other
  /// operand has as many.
  fileprivate func matrix(_ id: ValueID, besides other: [Int]) -> TensorData? {
    guard let data = data(id), data.floats != nil, data.shape.count <= other.count,
      data.shape.dropLast(2).allSatisfy({ $0 == 1 })
    else { return nil }
    return data.reshaped(Array(data.shape.suffix(2)))
  }
}

extension TensorData {
  /// Every float multiplied by `factor`.
  func scaled(by factor: Float) -> TensorData {
    guard factor != 1, let floats else { return self }
    return TensorData(shape: shape, floats: floats.map { $0 * factor })
  }
}
