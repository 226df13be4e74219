public import ModelGraph
import PlanFormat

/// A dense layer: operands [..., I], weights [O, I], bias [O] or none; result [..., O].
public struct FullyConnected: ActivatedOperation, Equatable {
  /// Name in tables.
  public static let name = "FullyConnected"
  /// Fused clamp.
  public var activation: Activation

  /// Creates a dense layer.
  public init(activation: Activation) { self.activation = activation }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    let weights = try operand(1, of: operands).shape
    guard weights.count == 2, let features = input.shape.last, features == weights[1] else {
      throw .invalid(node: "", reason: "weights \(weights) do not fit input \(input.shape)")
    }
    return [ValueType(input.element, input.shape.dropLast() + [weights[0]])]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let type = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0]
    let weightShape = try operand(1, of: operands).shape
    let (outputs, features) = (weightShape[0], weightShape[1])
    let input = try floats(0, of: operands)
    let weights = try floats(1, of: operands)
    let bias =
      operands.count > 2 && operands[2] != nil
      ? try floats(2, of: operands) : [Float](repeating: 0, count: outputs)
    var result = [Float](repeating: 0, count: type.shape.reduce(1, *))
    for item in 0..<(input.count / max(features, 1)) {
      for output in 0..<outputs {
        var sum = bias[output]
        for feature in 0..<features {
          sum += input[item * features + feature] * weights[output * features + feature]
        }
        result[item * outputs + output] = activation.apply(sum)
      }
    }
    return [TensorData(shape: type.shape, floats: result)]
  }

  public var quantizationRule: QuantizationRule { .weighted(weights: 1, bias: 2, channelAxis: 0) }

  public func multiplyAccumulates(_ operands: [ValueType?]) -> Int {
    guard let types = try? resultTypes(operands), let weights = operands[1]?.shape else { return 0 }
    return types[0].shape.reduce(1, *) * weights[1]
  }

  /// BUILTIN_REF forms this multiplier from the float32 product of the two scales and rounds once
  /// (Numerics); both differ from the convolutions.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    if node.isSixteenBit {
      let outputs = try QuantizedOperand(1, of: node).shape[0]
      let parameters = try FullyConnected16x8Parameters(
        node, outputs: outputs, activation: activation, into: &builder)
      return builder.emit(try node.sixteenBit(.fullyConnected16x8(parameters), operands: 1))
    }
    let input = try QuantizedOperand(0, of: node)
    let weights = try QuantizedOperand(1, of: node)
    let result = try QuantizedOperand(resultOf: node)
    let scales = weights.quantization.scales.map { scale in
      FixedPointScale(
        nearestTo: Double(input.quantization.scale * scale) / Double(result.quantization.scale))
    }
    guard [1, weights.shape[0]].contains(scales.count) else {
      throw .invalid(
        node: node.name, reason: "\(scales.count) weight scales for \(weights.shape[0]) outputs")
    }
    let parameters = FullyConnectedParameters(
      inputZeroPoint: input.quantization.zeroPoint,
      weights: try builder.weights(weights, node),
      bias: try builder.bias(2, of: node, count: weights.shape[0]),
      requantization: builder.requantization(
        scales, rounding: .once, result: result.quantization, activation: activation))
    builder.emit(
      Instruction(
        name: node.name, operation: .fullyConnected(parameters),
        inputs: [try input.activation(node)], output: try result.activation(node)))
  }

  public var summary: String { activation == .none ? "" : activation.rawValue }
}
