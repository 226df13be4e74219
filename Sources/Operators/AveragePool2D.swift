public import ModelGraph
public import PlanFormat

/// Average over windows of [1, H, W, C].
public struct AveragePool2D: ActivatedOperation, Equatable {
  /// Name in tables.
  public static let name = "AveragePool2D"
  /// The window, with padding above and to the left.
  public var window: Window
  /// Padding below, rows.
  public var paddingBottom: Int
  /// Padding to the right, columns.
  public var paddingRight: Int
  /// Fused clamp.
  public var activation: Activation
  /// True when padding counts as zeros in the average.
  public var countsPadding: Bool

  /// Creates a pool.
  public init(
    window: Window, paddingBottom: Int, paddingRight: Int, activation: Activation,
    countsPadding: Bool = false
  ) {
    self.window = window
    self.paddingBottom = paddingBottom
    self.paddingRight = paddingRight
    self.activation = activation
    self.countsPadding = countsPadding
  }

  private var pooling: Pooling {
    Pooling(
      padded: PaddedWindow(window: window, bottom: paddingBottom, right: paddingRight),
      activation: activation)
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    [try pooling.resultType(operands)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let area = window.height * window.width
    return [
      try pooling.evaluate(operands, start: 0, fold: { $0 + $1 }) { sum, count in
        sum / Float(countsPadding ? area : max(count, 1))
      }
    ]
  }

  public var quantizationRule: QuantizationRule { .sameAsInput }
  public var isPositivelyHomogeneous: Bool { activation != .relu6 }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let hasPadding =
      window.paddingTop + window.paddingLeft + paddingBottom + paddingRight > 0
    if countsPadding && hasPadding { return try lowerCountingPadding(node, into: &builder) }
    try pooling.lower(node, into: &builder) { .averagePool2D($0) }
  }

  /// A depthwise convolution with ones for weights, whose scale divides by the area: there, too, padding
  /// adds nothing and the divisor stays.
  private func lowerCountingPadding(
    _ node: LoweringNode, into builder: inout PlanBuilder
  ) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node)
    let result = try QuantizedOperand(resultOf: node)
    let (area, channels) = (window.height * window.width, input.shape[3])
    let scale = FixedPointScale(
      nearestTo: Double(input.quantization.scale) / Double(result.quantization.scale)
        / Double(area))
    let parameters = ConvolutionParameters(
      window: window, inputZeroPoint: input.quantization.zeroPoint,
      weights: builder.constant([UInt8](repeating: 1, count: area * channels)),
      bias: builder.constant([UInt8](repeating: 0, count: 4 * channels)),
      requantization: builder.requantization(
        [scale], rounding: .twice, result: result.quantization, activation: activation))
    builder.emit(
      Instruction(
        name: node.name, operation: .depthwiseConvolution2D(parameters),
        inputs: [try input.activation(node)], output: try result.activation(node)))
  }

  public var summary: String { pooling.padded.summary + activation.suffix }
}
