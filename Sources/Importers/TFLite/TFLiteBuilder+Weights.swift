import ModelGraph
import Operators

/// Weights of layers in the forms they are computed with.
extension TFLiteBuilder {
  /// Weights and bias of a layer. int8 weights beside float activations (dynamic range) become
  /// floats: the model is then a float one.
  ///
  /// - Parameter places: which operands they are.
  mutating func weights(
    _ node: TFLiteNode, axis: Int, places: (input: Int, weights: Int, bias: Int) = (0, 1, 2)
  ) throws(GraphError) -> (input: ValueID, weights: ValueID, bias: ValueID?) {
    let input = try operand(node, places.input)
    var weights = try operand(node, places.weights)
    let bias = try optional(node, places.bias)
    guard graph[weights].constant != nil, bias.map({ graph[$0].constant != nil }) ?? true else {
      throw node.unsupported("computed weights are not run; weights and bias must be constant")
    }
    if graph[input].type.element == .float32, graph[weights].type.element == .int8 {
      weights = try dequantized(weights, node)
    }
    try TFLiteQuantization.checkLayer(
      node, input: graph[input], weights: graph[weights], bias: bias.map { graph[$0] }, axis: axis)
    return (input, weights, bias)
  }

  /// Reals of quantised constants.
  mutating func dequantized(
    _ id: ValueID, _ node: TFLiteNode
  ) throws(GraphError) -> ValueID {
    let value = graph[id]
    guard let integers = value.constant?.integers, let parameters = value.quantization else {
      throw node.invalid("int8 weights \(value.name) have no scale")
    }
    let shape = value.type.shape
    let inner =
      parameters.isPerTensor ? 1 : shape[(parameters.axis + 1)...].reduce(1, *)
    let floats = integers.enumerated().map { position, q -> Float in
      let channel = parameters.isPerTensor ? 0 : position / inner % shape[parameters.axis]
      return Float(q - Int(parameters.zeroPoints[channel])) * parameters.scales[channel]
    }
    return add(
      Value(
        name: unique(value.name + "/float"), type: ValueType(.float32, shape),
        constant: TensorData(shape: shape, floats: floats)))
  }

  /// Constant weights [O, KH, KW, I] with each window turned by half a circle.
  mutating func turnedWindows(_ id: ValueID) throws(GraphError) -> ValueID {
    var value = graph[id]
    let shape = value.type.shape
    let positions = shape.enumerated().map { axis, size in
      axis == 1 || axis == 2 ? Array((0..<size).reversed()) : nil
    }
    guard let turned = try Pick(positions: positions).evaluate([value.constant]).first else {
      return id
    }
    value.name = unique(value.name + "/turned")
    value.constant = turned
    return add(value)
  }
}
