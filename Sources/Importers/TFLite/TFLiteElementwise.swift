import ModelGraph
import Operators

/// Dense layers, softmax and reshapes.
enum TFLiteElementwise {
  /// FULLY_CONNECTED: weights [O,I]. Options: activation, weights format, keep_num_dims.
  @Sendable static func fullyConnected(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let options = try node.options(8)
    if try builder.isComputed(node, 1) { return try computedMatrix(node, &builder) }
    var layer = try builder.weights(node, axis: 0)
    guard try options?.uint8(1) ?? 0 == 0 else {
      throw node.unsupported("shuffled weights are not read; convert with default weights")
    }
    let matrix = builder.graph[layer.weights].type.shape
    let input = builder.graph[layer.input].type.shape
    let keeps = try options?.bool(2) ?? false
    guard matrix.count == 2 else { throw node.invalid("weights have shape \(matrix)") }
    if !keeps, input.count != 2 {
      // The operands before the last axis become one.
      guard let count = ImportLimits.count(input), count % matrix[1] == 0 else {
        throw node.invalid("weights \(matrix) do not fit input \(input)")
      }
      layer.input = try builder.flattened(node, layer.input, [count / matrix[1], matrix[1]])
    }
    _ = try builder.removeZeroPoint(
      node, input: &layer.input, weights: &layer.weights, axis: 1,
      inputAxis: builder.graph[layer.input].type.shape.count - 1)
    let operation = FullyConnected(activation: try node.activation(try options?.uint8(0) ?? 0))
    try builder.emit(node, operation, [layer.input, layer.weights, layer.bias])
  }

  /// FULLY_CONNECTED with computed weights: a product of two tensors, then the bias.
  private static func computedMatrix(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let left = try builder.operand(node, 0)
    guard builder.graph[left].type.element == .float32 else {
      throw node.unsupported("its weights are computed; that is run for floats")
    }
    let activation = try node.activation(try node.options(8)?.uint8(0) ?? 0)
    let operands: [ValueID?] = [left, try builder.operand(node, 1)]
    let product = MatrixProduct(transposesRight: true)
    guard let bias = try builder.optional(node, 2) else {
      guard activation == .none else {
        throw node.unsupported("its weights are computed, and it has an activation without a bias")
      }
      return try builder.emit(node, product, operands)
    }
    var sum = Binary(.add)
    sum.activation = activation
    try builder.emit(
      node, sum, [try builder.step(node, product, operands, suffix: "/product"), bias])
  }

  /// BATCH_MATMUL. Options: adj_x, adj_y.
  @Sendable static func matrixProduct(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let options = try node.options(101)
    let operation = MatrixProduct(
      transposesLeft: try options?.bool(0) ?? false,
      transposesRight: try options?.bool(1) ?? false)
    let operands: [ValueID?] = [try builder.operand(node, 0), try builder.operand(node, 1)]
    try builder.emit(node, operation, operands)
  }

  /// L2_NORMALIZATION along the last axis; a length below 10^-6 counts as that.
  @Sendable static func length(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let rank = builder.graph[input].type.shape.count
    guard rank > 0, try node.options(12)?.uint8(0) ?? 0 == 0 else {
      throw node.unsupported("its fused activation is not run; put it behind")
    }
    let operation = Normalize(kind: .length(epsilon: 1e-12), axes: [rank - 1])
    try builder.emit(node, operation, [input])
  }

  /// LOG_SOFTMAX over the last axis.
  @Sendable static func logSoftmax(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let operation = Softmax(beta: 1, form: .logarithm)
    try builder.emit(node, operation, [try builder.operand(node, 0)])
  }

  /// SOFTMAX over the last axis.
  @Sendable static func softmax(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let beta = try node.options(9)?.float(0) ?? 0
    guard beta.isFinite, beta > 0 else { throw node.invalid("beta is \(beta)") }
    try builder.emit(node, Softmax(beta: beta), [input])
  }

  /// RESHAPE to the shape the result states; where the shape operand is constant it must agree.
  @Sendable static func reshape(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    guard node.outputs.count == 1 else { throw node.invalid("it should have one result") }
    let output = try builder.value(node.outputs[0])
    let shape = builder.graph[output].type.shape
    if node.inputs.count > 1, node.inputs[1] >= 0 {
      let given = try builder.integers(node, 1)
      let agrees =
        given.count == shape.count && zip(given, shape).allSatisfy { $0 == -1 || $0 == $1 }
      guard agrees else {
        throw node.invalid("its shape operand is \(given) and its result \(shape)")
      }
    }
    try builder.emit(node, Reshape(shape: shape), [input], sameParameters: true)
  }
}
