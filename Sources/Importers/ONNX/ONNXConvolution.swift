import ModelGraph
import Operators
import PlanFormat

/// Convolutions.
enum ONNXConvolution {
  /// A convolution's operands as [C,H,W] images and their weights; a 1-D one has one row.
  private struct Operands {
    let input: ValueID
    let shape: [Int]
    let weights: ValueID
    let kernel: [Int]
    let square: [Int]
    let bias: ValueID?

    init(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
      input = try builder.operand(node, 0)
      shape = builder.shape(input)
      let given = try builder.operand(node, 1)
      let sizes = builder.shape(given)
      guard shape.count == 3 || shape.count == 4, sizes.count == shape.count else {
        throw node.unsupported(
          "its input has shape \(shape) and its weights \(sizes); 1-D and 2-D convolutions are run")
      }
      kernel = Array(sizes[2...])
      square = sizes.count == 4 ? sizes : [sizes[0], sizes[1], 1, sizes[2]]
      weights = try builder.reshape(given, square, node: node, suffix: "/square")
      bias = try builder.optional(node, 2)
    }

    /// Checks the bias against the outputs.
    func checkBias(
      _ node: ONNXNode, _ builder: ONNXBuilder, outputs: Int
    ) throws(GraphError) {
      if let bias, builder.shape(bias) != [outputs] {
        throw node.invalid("bias has shape \(builder.shape(bias))")
      }
    }
  }

  /// `Conv`: weights [O, I/group, K…] become [O,KH,KW,I/group], or [1,KH,KW,O] for depthwise ones.
  @Sendable static func convolution(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let operands = try Operands(node, &builder)
    let (channels, outputs) = (operands.shape[1], operands.square[0])
    let frame = try ONNXWindow(
      node, input: Array(operands.shape[2...]), kernel: operands.kernel)
    let group = try node.int("group", default: 1)
    guard group > 0, operands.square[1] * group == channels, outputs % group == 0 else {
      throw node.invalid(
        "weights \(operands.square) in \(group) groups do not fit input \(operands.shape)")
    }
    try operands.checkBias(node, builder, outputs: outputs)
    let isDepthwise = group == channels && group > 1
    let operation: any Operation =
      isDepthwise
      ? DepthwiseConv2D(
        window: frame.window, paddingBottom: frame.bottom, paddingRight: frame.right,
        depthMultiplier: outputs / group, activation: .none)
      : Conv2D(
        window: frame.window, paddingBottom: frame.bottom, paddingRight: frame.right,
        activation: .none, groups: group)
    let arranged = try builder.permuted(
      operands.weights, isDepthwise ? [1, 2, 3, 0] : [0, 2, 3, 1], node: node,
      suffix: "/arranged")
    let image = try builder.channelsLast(operands.input, node: node)
    let result = try builder.emit(operation, [image, arranged, operands.bias], node: node)
    try builder.bind(
      node, try builder.channelsFirst(result, rank: operands.shape.count, node: node))
  }

  /// `ConvTranspose`: weights [I, O/group, K…] become [O,KH,KW,I/group].
  @Sendable static func transposed(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let operands = try Operands(node, &builder)
    let square = operands.square
    let group = try node.int("group", default: 1)
    guard group > 0, square[0] == operands.shape[1], square[0] % group == 0 else {
      throw node.invalid(
        "weights \(square) in \(group) groups do not fit input \(operands.shape)")
    }
    let (depth, outputs) = (square[0] / group, square[1] * group)
    try operands.checkBias(node, builder, outputs: outputs)
    let frame = try TransposedFrame(node, input: Array(operands.shape[2...]), operands.kernel)
    let operation = TransposedConv2D(
      window: frame.window, height: frame.height, width: frame.width, groups: group,
      activation: .none)
    let split = try builder.reshape(
      operands.weights, [group, depth, square[1], square[2], square[3]], node: node,
      suffix: "/groups")
    let turned = try builder.permuted(split, [0, 2, 3, 4, 1], node: node, suffix: "/turned")
    let arranged = try builder.reshape(
      turned, [outputs, square[2], square[3], depth], node: node, suffix: "/arranged")
    let image = try builder.channelsLast(operands.input, node: node)
    let result = try builder.emit(operation, [image, arranged, operands.bias], node: node)
    try builder.bind(
      node, try builder.channelsFirst(result, rank: operands.shape.count, node: node))
  }
}

/// The window and the size of the result of a transposed convolution.
private struct TransposedFrame {
  var window = Window(height: 1, width: 1)
  var height = 1
  var width = 1

  /// ONNX operator documentation: the size follows from the pads, or the pads from `output_shape` (of
  /// SAME: size · stride); then an odd pad is larger at the end for SAME_UPPER, at the begin for others.
  init(_ node: ONNXNode, input: [Int], _ kernel: [Int]) throws(GraphError) {
    let rank = input.count
    let attributes = try ONNXWindowAttributes(node, rank: rank, kernel: kernel)
    let extra = try node.ints("output_padding") ?? [Int](repeating: 0, count: rank)
    let mode = try node.string("auto_pad", default: "NOTSET")
    let isSame = mode.hasPrefix("SAME")
    let stated = try node.ints("output_shape") ?? []
    guard extra.count == rank, extra.allSatisfy({ (0...ImportLimits.windowExtent).contains($0) }),
      stated.isEmpty || stated.count >= rank,
      stated.allSatisfy({ (1...ImportLimits.elements).contains($0) })
    else { throw node.invalid("output_padding or output_shape do not fit its input") }
    for axis in 0..<rank {
      let stride = attributes.strides[axis]
      let span = (attributes.kernel[axis] - 1) * attributes.dilations[axis] + 1
      let whole = stride * (input[axis] - 1) + extra[axis] + span
      var begin = mode == "VALID" ? 0 : attributes.pads[axis]
      var size = whole - begin - (mode == "VALID" ? 0 : attributes.pads[axis + rank])
      if isSame || !stated.isEmpty {
        size =
          stated.isEmpty ? input[axis] * stride : stated.suffix(rank)[stated.count - rank + axis]
        let total = max(whole - size, 0)
        begin = mode == "SAME_UPPER" ? total / 2 : total - total / 2
      }
      guard size > 0 else { throw node.invalid("its padding leaves no result") }
      if axis == rank - 1 {
        (width, window.width, window.strideWidth) = (size, attributes.kernel[axis], stride)
        (window.dilationWidth, window.paddingLeft) = (attributes.dilations[axis], begin)
      } else {
        (height, window.height, window.strideHeight) = (size, attributes.kernel[axis], stride)
        (window.dilationHeight, window.paddingTop) = (attributes.dilations[axis], begin)
      }
    }
  }
}
