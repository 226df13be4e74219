public import ModelGraph
public import PlanFormat

/// Depthwise 2-D convolution, channels last: operands [1, H, W, C], weights [1, KH, KW, C · m], bias.
/// Output channel c reads input channel c / m.
public struct DepthwiseConv2D: ActivatedOperation, Equatable {
  /// Name in tables.
  public static let name = "DepthwiseConv2D"
  /// The window, with padding above and to the left.
  public var window: Window
  /// Padding below, rows.
  public var paddingBottom: Int
  /// Padding to the right, columns.
  public var paddingRight: Int
  /// Output channels per input channel.
  public var depthMultiplier: Int
  /// Fused clamp.
  public var activation: Activation

  /// Creates a depthwise convolution.
  public init(
    window: Window, paddingBottom: Int, paddingRight: Int, depthMultiplier: Int,
    activation: Activation
  ) {
    self.window = window
    self.paddingBottom = paddingBottom
    self.paddingRight = paddingRight
    self.depthMultiplier = depthMultiplier
    self.activation = activation
  }

  private var padded: PaddedWindow {
    PaddedWindow(window: window, bottom: paddingBottom, right: paddingRight)
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    let weights = try operand(1, of: operands).shape
    let size = try padded.outputSize(of: input.shape)
    guard weights == [1, window.height, window.width, input.shape[3] * depthMultiplier] else {
      throw .invalid(node: "", reason: "weights \(weights) do not fit input \(input.shape)")
    }
    return [ValueType(input.element, [1, size.height, size.width, weights[3]])]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    let outputs = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0].shape
    let input = try floats(0, of: operands)
    let weights = try floats(1, of: operands)
    let filters = outputs[3]
    let bias =
      operands.count > 2 && operands[2] != nil
      ? try floats(2, of: operands) : [Float](repeating: 0, count: filters)
    var result = [Float](repeating: 0, count: outputs.reduce(1, *))
    result.withUnsafeMutableBufferPointer { result in
      input.withUnsafeBufferPointer { input in
        weights.withUnsafeBufferPointer { weights in
          for row in 0..<outputs[1] {
            for column in 0..<outputs[2] {
              let start = (row * outputs[2] + column) * filters
              let sums = UnsafeMutableBufferPointer(rebasing: result[start..<start + filters])
              for filter in 0..<filters { sums[filter] = bias[filter] }
              for ky in padded.rows(at: row, height: shape[1]) {
                let y = row * window.strideHeight - window.paddingTop + ky * window.dilationHeight
                for kx in padded.columns(at: column, width: shape[2]) {
                  let x =
                    column * window.strideWidth - window.paddingLeft + kx * window.dilationWidth
                  add(
                    input[((y * shape[2] + x) * shape[3])...],
                    times: weights[((ky * window.width + kx) * filters)...], to: sums)
                }
              }
              for filter in 0..<filters { sums[filter] = activation.apply(sums[filter]) }
            }
          }
        }
      }
    }
    return [TensorData(shape: outputs, floats: result)]
  }

  /// One tap of every channel. Each sum has its own order, so this vectorises without changing it.
  private func add(
    _ input: Slice<UnsafeBufferPointer<Float>>, times weights: Slice<UnsafeBufferPointer<Float>>,
    to sums: UnsafeMutableBufferPointer<Float>
  ) {
    let input = UnsafeBufferPointer(rebasing: input)
    let weights = UnsafeBufferPointer(rebasing: weights)
    if depthMultiplier == 1 {
      for filter in sums.indices { sums[filter] += input[filter] * weights[filter] }
    } else {
      for filter in sums.indices {
        sums[filter] += input[filter / depthMultiplier] * weights[filter]
      }
    }
  }

  public var quantizationRule: QuantizationRule { .weighted(weights: 1, bias: 2, channelAxis: 3) }

  public func multiplyAccumulates(_ operands: [ValueType?]) -> Int {
    guard let types = try? resultTypes(operands) else { return 0 }
    return types[0].shape.reduce(1, *) * window.height * window.width
  }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let weights = try QuantizedOperand(1, of: node)
    if node.isSixteenBit {
      let parameters = try Convolution16x8Parameters(
        node, window: window, channels: weights.shape[3], activation: activation, into: &builder)
      return builder.emit(try node.sixteenBit(.depthwiseConvolution16x8(parameters), operands: 1))
    }
    let parameters = try ConvolutionParameters(
      node, window: window, channels: weights.shape[3], activation: activation, into: &builder)
    let input = try QuantizedOperand(0, of: node).activation(node)
    let output = try QuantizedOperand(resultOf: node).activation(node)
    builder.emit(
      Instruction(
        name: node.name, operation: .depthwiseConvolution2D(parameters), inputs: [input],
        output: output))
  }

  public var summary: String { padded.summary + activation.suffix }
}
