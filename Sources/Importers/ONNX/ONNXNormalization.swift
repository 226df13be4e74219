import ModelGraph
import Operators

/// Normalisations.
enum ONNXNormalization {
  /// `BatchNormalization` at inference, over axis 1 of the file's layout.
  @Sendable static func batch(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    guard try node.int("training_mode", default: 0) == 0,
      node.outputs.dropFirst().allSatisfy(\.isEmpty)
    else {
      throw node.unsupported("it is in training mode; export the model for inference")
    }
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    guard (2...4).contains(shape.count) else {
      throw node.unsupported("its input has shape \(shape); 2 to 4 dimensions are run")
    }
    let epsilon = try node.float("epsilon", default: 1e-5)
    var operands: [ValueID?] = []
    for index in 1...4 {
      let data = try builder.floats(node, index)
      guard data.shape == [shape[1]] else {
        throw node.invalid("operand \(index) has shape \(data.shape), not [\(shape[1])]")
      }
      operands.append(try builder.operand(node, index))
    }
    guard shape.count > 2 else {
      let operation = BatchNormalization(epsilon: epsilon, axis: 1)
      return try builder.bind(
        node, try builder.emit(operation, [input] + operands, node: node))
    }
    let image = try builder.channelsLast(input, node: node)
    let operation = BatchNormalization(epsilon: epsilon, axis: 3)
    let result = try builder.emit(operation, [image] + operands, node: node)
    try builder.bind(
      node, try builder.channelsFirst(result, rank: shape.count, node: node))
  }

  /// `Softmax` over one axis; before operator set 13 over all from `axis` on, which is the same
  /// when `axis` is the last or those after it have one element.
  @Sendable static func softmax(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    let given = try node.int("axis", default: builder.opset >= 13 ? -1 : 1)
    let axis = try ONNXLayout.normalized([given], rank: shape.count, node)[0]
    let isLast = axis == shape.count - 1
    if builder.opset < 13, !isLast {
      throw node.unsupported(
        "softmax over all axes from \(axis) on (operator set \(builder.opset)); put it on the last")
    }
    guard !isLast else {
      return try builder.bind(node, try builder.emit(Softmax(beta: 1), [input], node: node))
    }
    var order = Array(0..<shape.count)
    order.remove(at: axis)
    order.append(axis)
    var inverse = order
    for (position, source) in order.enumerated() { inverse[source] = position }
    let turned = try builder.emit(
      Transpose(permutation: order), [input], node: node, suffix: "/axis-last")
    let result = try builder.emit(Softmax(beta: 1), [turned], node: node)
    try builder.bind(
      node,
      try builder.emit(
        Transpose(permutation: inverse), [result], node: node, suffix: "/axis-back"))
  }
}
