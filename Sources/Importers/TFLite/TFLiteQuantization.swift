import ModelGraph
import Operators

/// Reads and checks quantisation parameters (TFLite int8 specification).
enum TFLiteQuantization {
  /// The parameters of a tensor, or nil for a float one.
  static func parameters(
    _ tensor: TFLiteTensor, _ element: ElementType
  ) throws(GraphError) -> Quantization? {
    guard element != .float32, !tensor.scales.isEmpty else { return nil }
    guard !tensor.hasOtherQuantization else {
      throw GraphError.unsupported(
        operation: "quantization", node: tensor.name,
        reason: "custom and blockwise quantisation is not run; quantise per channel")
    }
    func bad(_ reason: String) -> GraphError { .invalid(node: tensor.name, reason: reason) }
    let count = tensor.scales.count
    guard tensor.scales.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw bad("a quantisation scale is not a positive number")
    }
    var zeros = tensor.zeroPoints
    if zeros.isEmpty || (zeros.count == 1 && count > 1) {
      zeros = [Int64](repeating: zeros.first ?? 0, count: count)
    }
    guard zeros.count == count else {
      throw bad("\(count) quantisation scales and \(zeros.count) zero points")
    }
    let range: ClosedRange<Int64> =
      switch element {
      case .int8: -128...127
      case .uint8: 0...255
      case .int16: -32768...32767
      default: 0...0
      }
    guard zeros.allSatisfy(range.contains) else {
      throw bad("a zero point lies outside of \(range)")
    }
    if count > 1 {
      guard tensor.shape.indices.contains(tensor.axis), tensor.shape[tensor.axis] == count else {
        throw bad("\(count) scales along axis \(tensor.axis) of shape \(tensor.shape)")
      }
    }
    let axis = count > 1 ? tensor.axis : 0
    return Quantization(
      scales: tensor.scales, zeroPoints: zeros.map(Int32.init(truncatingIfNeeded:)), axis: axis)
  }

  /// QUANTIZE: reals, or integers of other parameters, onto the grid of the result.
  @Sendable static func quantize(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    guard node.outputs.count == 1 else { throw node.invalid("it should have one result") }
    let output = try builder.value(node.outputs[0])
    let result = builder.graph[output]
    let type = builder.graph[input].type.element
    guard type == .float32 || builder.graph[input].quantization != nil else {
      throw node.unsupported("its operand is \(type.rawValue) without a scale")
    }
    let operation = FakeQuantize(grid: try grid(of: result, node), element: result.type.element)
    try builder.emit(node, operation, [input])
  }

  /// DEQUANTIZE: constants become floats (half precision already is), activations stay what they are.
  @Sendable static func dequantize(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    guard node.outputs.count == 1 else { throw node.invalid("it should have one result") }
    let value = builder.graph[input]
    guard value.constant == nil else {
      let floats = value.type.element == .float32 ? input : try builder.dequantized(input, node)
      return try builder.define(node.outputs[0], as: floats)
    }
    try builder.emit(node, FakeQuantize(grid: try grid(of: value, node)), [input])
  }

  /// DENSIFY: constants are dense as they are read.
  @Sendable static func densify(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    guard node.outputs.count == 1 else { throw node.invalid("it should have one result") }
    guard builder.graph[input].constant != nil else {
      throw node.unsupported("its operand is computed; only constants are sparse")
    }
    try builder.define(node.outputs[0], as: input)
  }

  private static func grid(of value: Value, _ node: TFLiteNode) throws(GraphError) -> IntegerGrid {
    guard let parameters = value.quantization, parameters.isPerTensor,
      let levels = IntegerGrid.levels(of: value.type.element), value.type.element != .int32
    else {
      throw node.unsupported(
        "\(value.name) is \(value.type.element.rawValue) without one scale and zero point")
    }
    return IntegerGrid(
      scale: parameters.scale, zeroPoint: Int(parameters.zeroPoint), levels: levels)
  }

  /// Checks weights and bias of a layer whose output channels lie along `axis` of the weights.
  static func checkLayer(
    _ node: TFLiteNode, input: Value, weights: Value, bias: Value?, axis: Int
  ) throws(GraphError) {
    guard weights.type.shape.indices.contains(axis) else {
      throw node.invalid("weights have shape \(weights.type.shape)")
    }
    let outputs = weights.type.shape[axis]
    if let bias, bias.type.shape.reduce(1, *) != outputs || bias.type.shape.last != outputs {
      throw node.invalid("bias of shape \(bias.type.shape) for \(outputs) outputs")
    }
    switch input.type.element {
    case .float32:
      guard weights.type.element == .float32, bias.map({ $0.type.element == .float32 }) ?? true
      else {
        throw node.unsupported("weights or bias are not float32 beside a float32 input")
      }
    case .int8, .int16:
      guard weights.type.element == .int8, let parameters = weights.quantization else {
        throw node.unsupported("weights \(weights.name) are not quantised int8")
      }
      guard parameters.zeroPoints.allSatisfy({ $0 == 0 }) || weights.fileElement == .uint8 else {
        throw node.invalid("the zero points of weights \(weights.name) must be 0")
      }
      guard parameters.isPerTensor || parameters.axis == axis else {
        throw node.invalid(
          "weights \(weights.name) are quantised along axis \(parameters.axis), not \(axis)")
      }
      try checkBias(node, bias, input: input.type.element)
    default:
      throw node.unsupported(
        "its input is \(input.type.element.rawValue); float32, int8, uint8 and 16x8 models are "
          + "run: convert with full-integer quantisation")
    }
  }

  private static func checkBias(
    _ node: TFLiteNode, _ bias: Value?, input: ElementType
  ) throws(GraphError) {
    guard let bias else { return }
    let element = bias.type.element
    guard element == .int32 || (element == .int64 && input == .int16) else {
      throw node.unsupported(
        "bias \(bias.name) is \(element.rawValue), not int32, nor int64 beside int16")
    }
    guard bias.quantization.map({ $0.zeroPoints.allSatisfy { $0 == 0 } }) ?? true else {
      throw node.invalid("the zero point of bias \(bias.name) must be 0")
    }
  }

  /// Checks that int8 activations carry per-tensor parameters, and with `same` that the result
  /// shares the first operand's.
  static func checkActivations(
    _ node: TFLiteNode, inputs: [Value], result: Value, same: Bool
  ) throws(GraphError) {
    guard same || result.type.element != .uint8 else {
      throw node.unsupported("a result of type \(result.type.element.rawValue) is not run")
    }
    for value in [result] + inputs where value.constant == nil {
      let element = value.type.element
      guard element == .int8 || element == .int16 else { continue }
      guard let parameters = value.quantization, parameters.isPerTensor,
        element != .int16 || parameters.zeroPoint == 0
      else {
        throw node.invalid(
          "the \(element.rawValue) tensor \(value.name) needs one scale and zero point, "
            + "which is 0 for int16")
      }
    }
    guard !same || inputs.first?.quantization == result.quantization else {
      throw node.unsupported(
        "its result has another scale than its input; convert with a current TFLite converter")
    }
  }
}
