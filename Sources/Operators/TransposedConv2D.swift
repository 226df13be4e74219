public import ModelGraph
public import PlanFormat

/// Transposed 2-D convolution, channels last: every element of [1, H, W, I] spreads a window over the
/// result. Weights [O, KH, KW, I / groups], bias [O] or none. The window's padding is cut off the
/// result above and to the left.
public struct TransposedConv2D: ActivatedOperation, Equatable {
  /// Name in tables.
  public static let name = "TransposedConv2D"
  /// The window: its strides are distances in the result.
  public var window: Window
  /// Rows of the result.
  public var height: Int
  /// Columns of the result.
  public var width: Int
  /// Groups of channels that do not see each other.
  public var groups: Int
  /// Fused clamp.
  public var activation: Activation

  /// Creates a transposed convolution.
  public init(
    window: Window, height: Int, width: Int, groups: Int = 1, activation: Activation
  ) {
    self.window = window
    self.height = height
    self.width = width
    self.groups = groups
    self.activation = activation
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    let weights = try operand(1, of: operands).shape
    guard input.shape.count == 4, input.shape[0] == 1, weights.count == 4, groups > 0,
      weights[1] == window.height, weights[2] == window.width,
      weights[3] * groups == input.shape[3], weights[0] % groups == 0, height > 0, width > 0
    else {
      throw .invalid(node: "", reason: "weights \(weights) do not fit input \(input.shape)")
    }
    return [ValueType(input.element, [1, height, width, weights[0]])]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    let kernel = try operand(1, of: operands).shape
    let type = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0]
    let input = try floats(0, of: operands)
    let weights = try floats(1, of: operands)
    let (filters, depth) = (kernel[0], kernel[3])
    let bias =
      operands.count > 2 && operands[2] != nil
      ? try floats(2, of: operands) : [Float](repeating: 0, count: filters)
    var result = (0..<height * width).flatMap { _ in bias }
    for y in 0..<shape[1] {
      for x in 0..<shape[2] {
        let source = (y * shape[2] + x) * shape[3]
        for ky in 0..<window.height {
          let row = y * window.strideHeight - window.paddingTop + ky * window.dilationHeight
          guard (0..<height).contains(row) else { continue }
          for kx in 0..<window.width {
            let column = x * window.strideWidth - window.paddingLeft + kx * window.dilationWidth
            guard (0..<width).contains(column) else { continue }
            let target = (row * width + column) * filters
            for filter in 0..<filters {
              let first = source + filter / (filters / groups) * depth
              let tap = ((filter * window.height + ky) * window.width + kx) * depth
              var sum: Float = 0
              for channel in 0..<depth { sum += input[first + channel] * weights[tap + channel] }
              result[target + filter] += sum
            }
          }
        }
      }
    }
    return [TensorData(shape: type.shape, floats: result.map(activation.apply))]
  }

  public var quantizationRule: QuantizationRule { .weighted(weights: 1, bias: 2, channelAxis: 0) }

  public func multiplyAccumulates(_ operands: [ValueType?]) -> Int {
    guard operands.count > 1, let shape = operands[0]?.shape, let weights = operands[1]?.shape,
      shape.count == 4
    else { return 0 }
    return shape[1] * shape[2] * weights.reduce(1, *)
  }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let weights = try QuantizedOperand(1, of: node)
    let convolution = try ConvolutionParameters(
      node, window: window, channels: weights.shape[0], activation: activation, into: &builder)
    let parameters = GroupedConvolutionParameters(convolution: convolution, groups: groups)
    builder.emit(
      Instruction(
        name: node.name, operation: .transposedConvolution(parameters),
        inputs: [try QuantizedOperand(0, of: node).activation(node)],
        output: try QuantizedOperand(resultOf: node).activation(node)))
  }

  public var summary: String {
    PaddedWindow(window: window, bottom: 0, right: 0).summary
      + (groups == 1 ? "" : " groups \(groups)") + activation.suffix
  }
}
