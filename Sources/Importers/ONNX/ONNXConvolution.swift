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
          "its input has shape \(shape) and its weights \(sizes); 1-D to 3-D convolutions are run")
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
    if try isGeneral(node, builder) { return try general(node, &builder, isTransposed: false) }
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
    if try isGeneral(node, builder) { return try general(node, &builder, isTransposed: true) }
    let operands = try Operands(node, &builder)
    let square = operands.square
    let group = try node.int("group", default: 1)
    guard group > 0, square[0] == operands.shape[1], square[0] % group == 0 else {
      throw node.invalid(
        "weights \(square) in \(group) groups do not fit input \(operands.shape)")
    }
    let (depth, outputs) = (square[0] / group, square[1] * group)
    try operands.checkBias(node, builder, outputs: outputs)
    let frame = try ONNXWindow(
      transposed: node, input: Array(operands.shape[2...]), kernel: operands.kernel)
    let operation = TransposedConv2D(
      window: frame.window, height: frame.rows.count, width: frame.columns.count, groups: group,
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

extension ONNXConvolution {
  /// True for a convolution that is not one image's: over three axes, or of several items.
  private static func isGeneral(
    _ node: ONNXNode, _ builder: ONNXBuilder
  ) throws(GraphError) -> Bool {
    let shape = builder.shape(try builder.operand(node, 0))
    let weights = builder.shape(try builder.operand(node, 1))
    return (3...5).contains(shape.count) && weights.count == shape.count
      && (shape.count == 5 || shape[0] != 1)
  }

  private static func general(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, isTransposed: Bool
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let weights = try builder.operand(node, 1)
    let (sizes, kernel) = (Array(builder.shape(input)[2...]), Array(builder.shape(weights)[2...]))
    let frame =
      isTransposed
      ? try ONNXWindow(transposed: node, input: sizes, kernel: kernel)
      : try ONNXWindow(node, input: sizes, kernel: kernel)
    let operation = WindowConvolution(
      axes: frame.axes.map(\.pooled), groups: try node.int("group", default: 1),
      isTransposed: isTransposed)
    let operands = [input, weights, try builder.optional(node, 2)]
    try builder.bind(node, try builder.emit(operation, operands, node: node))
  }
}
