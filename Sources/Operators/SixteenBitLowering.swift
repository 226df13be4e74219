import ModelGraph
import PlanFormat

/// Lowering of the 16x8 layers: int16 activations, int8 weights, int64 bias (Numerics).
extension LoweringNode {
  /// True where the first operand is int16.
  var isSixteenBit: Bool {
    guard let operand = operands.first ?? nil else { return false }
    return operand.value.type.element == .int16
  }

  /// True where every operand and result is int8.
  var isOfBytes: Bool {
    (operands + results).allSatisfy { $0?.value.type.element == .int8 }
  }

  /// An instruction over the first operands, all int16.
  func sixteenBit(
    _ operation: PlanOperation, operands count: Int
  ) throws(GraphError) -> Instruction {
    var inputs: [TensorIndex] = []
    for position in 0..<count {
      inputs.append(try QuantizedOperand(position, of: self, .int16).activation(self))
    }
    return Instruction(
      name: name, operation: operation, inputs: inputs,
      output: try QuantizedOperand(resultOf: self, .int16).activation(self))
  }
}

extension Convolution16x8Parameters {
  /// Parameters of either convolution.
  init(
    _ node: LoweringNode, window: Window, channels: Int, activation: Activation,
    into builder: inout PlanBuilder
  ) throws(GraphError) {
    let constants = try SixteenBitConstants(
      node, channels: channels, rounding: .reduced, activation: activation, into: &builder)
    self.init(
      window: window, weights: constants.weights, bias: constants.bias,
      requantization: constants.requantization)
  }
}

extension FullyConnected16x8Parameters {
  /// Parameters of a dense layer.
  init(
    _ node: LoweringNode, outputs: Int, activation: Activation, into builder: inout PlanBuilder
  ) throws(GraphError) {
    let constants = try SixteenBitConstants(
      node, channels: outputs, rounding: .whole, activation: activation, into: &builder)
    self.init(
      weights: constants.weights, bias: constants.bias, requantization: constants.requantization)
  }
}

/// What every 16x8 layer with weights has.
private struct SixteenBitConstants {
  var weights: ConstantReference
  var bias: ConstantReference
  var requantization: Requantization16x8

  init(
    _ node: LoweringNode, channels: Int, rounding: Requantization16x8.Rounding,
    activation: Activation, into builder: inout PlanBuilder
  ) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node, .int16)
    let weights = try QuantizedOperand(1, of: node)
    let result = try QuantizedOperand(resultOf: node, .int16)
    guard [1, channels].contains(weights.quantization.scales.count) else {
      throw .invalid(
        node: node.name,
        reason: "\(weights.quantization.scales.count) weight scales for \(channels) channels")
    }
    let scales = weights.quantization.scales.map { scale in
      FixedPointScale(
        nearestTo: Double(input.quantization.scale) * Double(scale)
          / Double(result.quantization.scale))
    }
    let (minimum, maximum) = activation.bounds(in: result.quantization, isWide: true)
    self.weights = try builder.weights(weights, node)
    bias = try builder.wideBias(2, of: node, count: channels)
    requantization = Requantization16x8(
      multipliers: builder.constant(littleEndian(scales.map(\.multiplier))),
      shifts: builder.constant(scales.map { UInt8(bitPattern: Int8($0.shift)) }),
      rounding: rounding, minimum: minimum, maximum: maximum)
  }
}

extension PlanBuilder {
  /// Stores the int64 bias of a node, widened from int32 where it is, zeros if it has none.
  fileprivate mutating func wideBias(
    _ position: Int, of node: LoweringNode, count: Int
  ) throws(GraphError) -> ConstantReference {
    guard position < node.operands.count, let operand = node.operands[position] else {
      return constant([UInt8](repeating: 0, count: 8 * count))
    }
    guard let integers = operand.value.constant?.integers, integers.count == count else {
      throw .unsupported(
        operation: "bias", node: node.name,
        reason: "its bias is not \(count) constant int64 or int32")
    }
    return constant(
      integers.flatMap { value in
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      })
  }
}
