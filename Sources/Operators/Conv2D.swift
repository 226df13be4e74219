public import ModelGraph
public import PlanFormat

/// 2-D convolution, channels last: operands [1, H, W, I], weights [O, KH, KW, I / groups], bias [O] or
/// none. Output channel o reads the input channels of group o / (O / groups).
public struct Conv2D: ActivatedOperation, Equatable {
  /// Name in tables.
  public static let name = "Conv2D"
  /// The window, with padding above and to the left.
  public var window: Window
  /// Padding below, rows.
  public var paddingBottom: Int
  /// Padding to the right, columns.
  public var paddingRight: Int
  /// Fused clamp.
  public var activation: Activation
  /// Groups of channels that do not see each other.
  public var groups: Int

  /// Creates a convolution.
  public init(
    window: Window, paddingBottom: Int, paddingRight: Int, activation: Activation, groups: Int = 1
  ) {
    self.window = window
    self.paddingBottom = paddingBottom
    self.paddingRight = paddingRight
    self.activation = activation
    self.groups = groups
  }

  private var padded: PaddedWindow {
    PaddedWindow(window: window, bottom: paddingBottom, right: paddingRight)
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    let weights = try operand(1, of: operands).shape
    let size = try padded.outputSize(of: input.shape)
    guard weights.count == 4, weights[1] == window.height, weights[2] == window.width,
      groups > 0, weights[3] * groups == input.shape[3], weights[0] % groups == 0
    else {
      throw .invalid(node: "", reason: "weights \(weights) do not fit input \(input.shape)")
    }
    return [ValueType(input.element, [1, size.height, size.width, weights[0]])]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    let weights = try operand(1, of: operands)
    let type = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0]
    let bias =
      operands.count > 2 && operands[2] != nil
      ? try floats(2, of: operands) : [Float](repeating: 0, count: weights.shape[0])
    let convolution = FloatConvolution(
      padded: padded, groups: groups, activation: activation, shape: weights.shape,
      weights: try floats(1, of: operands), bias: bias)
    let values = convolution.run(
      try floats(0, of: operands), inputs: input.shape, outputs: type.shape)
    return [TensorData(shape: type.shape, floats: values)]
  }

  public var quantizationRule: QuantizationRule { .weighted(weights: 1, bias: 2, channelAxis: 0) }

  public func multiplyAccumulates(_ operands: [ValueType?]) -> Int {
    guard let types = try? resultTypes(operands), let weights = operands[1]?.shape else { return 0 }
    return types[0].shape.reduce(1, *) * weights[1...].reduce(1, *)
  }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let weights = try QuantizedOperand(1, of: node)
    if node.isSixteenBit {
      let parameters = try Convolution16x8Parameters(
        node, window: window, channels: weights.shape[0], activation: activation, into: &builder)
      return builder.emit(try node.sixteenBit(.convolution16x8(parameters), operands: 1))
    }
    let parameters = try ConvolutionParameters(
      node, window: window, channels: weights.shape[0], activation: activation, into: &builder)
    let input = try QuantizedOperand(0, of: node).activation(node)
    let output = try QuantizedOperand(resultOf: node).activation(node)
    let operation: PlanOperation =
      groups == 1
      ? .convolution2D(parameters)
      : .groupedConvolution(GroupedConvolutionParameters(convolution: parameters, groups: groups))
    builder.emit(
      Instruction(name: node.name, operation: operation, inputs: [input], output: output))
  }

  public var summary: String {
    padded.summary + (groups == 1 ? "" : " groups \(groups)") + activation.suffix
  }
}

extension ConvolutionParameters {
  /// Parameters of either convolution. Effective scales are formed in double precision as
  /// BUILTIN_REF forms them: input · weight / output.
  init(
    _ node: LoweringNode, window: Window, channels: Int, activation: Activation,
    into builder: inout PlanBuilder
  ) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node)
    let weights = try QuantizedOperand(1, of: node)
    let result = try QuantizedOperand(resultOf: node)
    guard [1, channels].contains(weights.quantization.scales.count) else {
      throw .invalid(
        node: node.name,
        reason: "\(weights.quantization.scales.count) weight scales for \(channels) channels")
    }
    let scales = (0..<channels).map { channel in
      let scale = weights.quantization.scales[weights.quantization.isPerTensor ? 0 : channel]
      return FixedPointScale(
        nearestTo: Double(input.quantization.scale) * Double(scale)
          / Double(result.quantization.scale))
    }
    self.init(
      window: window, inputZeroPoint: input.quantization.zeroPoint,
      weights: try builder.weights(weights, node),
      bias: try builder.bias(2, of: node, count: channels),
      requantization: builder.requantization(
        scales, rounding: .twice, result: result.quantization, activation: activation))
  }
}
