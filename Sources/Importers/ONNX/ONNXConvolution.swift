import ModelGraph
import Operators
import PlanFormat

/// Convolutions.
enum ONNXConvolution {
  /// `Conv`: weights [O, I/group, K…] become [O,KH,KW,I], or [1,KH,KW,O] for depthwise ones.
  @Sendable static func convolution(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    let weights = try builder.floats(node, 1)
    guard shape.count == 3 || shape.count == 4, weights.shape.count == shape.count else {
      throw node.unsupported(
        "its input has shape \(shape) and its weights \(weights.shape); 1-D and 2-D convolutions "
          + "are run")
    }
    let kernel = Array(weights.shape[2...])
    let frame = try ONNXWindow(node, input: Array(shape[2...]), kernel: kernel)
    let outputs = weights.shape[0]
    let group = try node.int("group", default: 1)
    let square =
      shape.count == 4
      ? weights : weights.reshaped([outputs, weights.shape[1], 1, weights.shape[2]])
    let operation: any Operation
    let arranged: TensorData
    if group == 1 {
      guard weights.shape[1] == shape[1] else {
        throw node.invalid("weights \(weights.shape) do not fit input \(shape)")
      }
      operation = Conv2D(
        window: frame.window, paddingBottom: frame.bottom, paddingRight: frame.right,
        activation: .none)
      arranged = square.permuted([0, 2, 3, 1])
    } else if group == shape[1], weights.shape[1] == 1, outputs % group == 0, outputs > 0 {
      operation = DepthwiseConv2D(
        window: frame.window, paddingBottom: frame.bottom, paddingRight: frame.right,
        depthMultiplier: outputs / group, activation: .none)
      arranged = square.permuted([1, 2, 3, 0])
    } else {
      throw node.unsupported(
        "group \(group) over \(shape[1]) channels; group 1 and depthwise (one group per channel) "
          + "are run: split or densify the convolution")
    }
    var bias: ValueID?
    if node.inputs.count > 2, !node.inputs[2].isEmpty {
      let data = try builder.floats(node, 2)
      guard data.shape == [outputs] else { throw node.invalid("bias has shape \(data.shape)") }
      bias = try builder.operand(node, 2)
    }
    let kernelValue = builder.constant(node.inputs[1] + "/arranged", arranged)
    let image = try builder.channelsLast(input, node: node)
    let result = try builder.emit(operation, [image, kernelValue, bias], node: node)
    try builder.bind(
      node, try builder.channelsFirst(result, rank: shape.count, node: node))
  }
}
