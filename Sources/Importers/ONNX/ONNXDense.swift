import ModelGraph
import Operators

/// Products with constant matrices.
enum ONNXDense {
  /// `Gemm`: α · A · B + β · C with constant B; α and β go into the constants.
  @Sendable static func gemm(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    guard try node.int("transA", default: 0) == 0 else {
      throw node.unsupported("transA = 1 is not run; transpose in the model")
    }
    let transposed = try node.int("transB", default: 0) != 0
    let alpha = try node.float("alpha", default: 1)
    let beta = try node.float("beta", default: 1)
    let input = try builder.operand(node, 0)
    let matrix = try builder.floats(node, 1)
    guard matrix.shape.count == 2, builder.shape(input).count == 2 else {
      throw node.invalid("its operands are \(builder.shape(input)) and \(matrix.shape)")
    }
    let arranged = (transposed ? matrix : matrix.permuted([1, 0])).scaled(by: alpha)
    var bias: ValueID?
    if try builder.optional(node, 2) != nil {
      let data = try builder.floats(node, 2)
      let outputs = arranged.shape[0]
      guard let addends = data.floats, data.count == outputs || data.count == 1,
        data.shape.allSatisfy({ $0 == 1 }) || data.shape.last == outputs
      else {
        throw node.unsupported("C has shape \(data.shape); a bias per output is run")
      }
      let full = data.count == outputs ? addends : [Float](repeating: addends[0], count: outputs)
      bias = builder.constant(
        node.inputs[2] + "/bias", TensorData(shape: [outputs], floats: full).scaled(by: beta))
    }
    let weights = builder.constant(node.inputs[1] + "/arranged", arranged)
    let operation = FullyConnected(activation: .none)
    try builder.bind(node, try builder.emit(operation, [input, weights, bias], node: node))
  }

  /// `MatMul` with a constant matrix on the right.
  @Sendable static func matrixProduct(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let right = try builder.operand(node, 1)
    guard let matrix = builder.data(right), matrix.floats != nil else {
      throw node.unsupported(
        "a product of two computed tensors (attention) is not run; the right side must be constant")
    }
    guard builder.shape(input).count >= 2, matrix.shape.count == 2 else {
      throw node.unsupported(
        "it multiplies \(builder.shape(input)) by \(matrix.shape); [..., K] by a constant [K,N] is "
          + "run")
    }
    let weights = builder.constant(node.inputs[1] + "/arranged", matrix.permuted([1, 0]))
    let operation = FullyConnected(activation: .none)
    try builder.bind(node, try builder.emit(operation, [input, weights, nil], node: node))
  }
}

extension TensorData {
  /// Every float multiplied by `factor`.
  func scaled(by factor: Float) -> TensorData {
    guard factor != 1, let floats else { return self }
    return TensorData(shape: shape, floats: floats.map { $0 * factor })
  }
}
