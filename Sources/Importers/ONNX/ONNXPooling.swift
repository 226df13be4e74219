import ModelGraph
import Operators
import PlanFormat

/// Pooling and means.
enum ONNXPooling {
  private static func frame(
    _ node: ONNXNode, _ builder: ONNXBuilder
  ) throws(GraphError) -> (ValueID, ONNXWindow) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    guard shape.count == 3 || shape.count == 4 else {
      throw node.unsupported("its input has shape \(shape); 1-D and 2-D pooling is run")
    }
    let frame = try ONNXWindow(node, input: Array(shape[2...]), kernel: [])
    guard frame.window.dilationHeight == 1, frame.window.dilationWidth == 1 else {
      throw node.unsupported("dilated pooling is not run; use dilation 1")
    }
    return (input, frame)
  }

  private static func pool(
    _ operation: any Operation, _ input: ValueID, _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let rank = builder.shape(input).count
    let image = try builder.channelsLast(input, node: node)
    let result = try builder.emit(operation, [image], node: node)
    try builder.bind(node, try builder.channelsFirst(result, rank: rank, node: node))
  }

  /// `MaxPool`.
  @Sendable static func maximum(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    guard node.outputs.count < 2 || node.outputs[1].isEmpty else {
      throw node.unsupported("the Indices result is not computed; do not use it")
    }
    let (input, frame) = try frame(node, builder)
    // Padding never wins a maximum, so an overhang of ceil_mode is more of it.
    let operation = MaxPool2D(
      window: frame.window, paddingBottom: frame.bottom, paddingRight: frame.right,
      activation: .none)
    try pool(operation, input, node, &builder)
  }

  /// `AveragePool`.
  @Sendable static func average(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let (input, frame) = try frame(node, builder)
    let counts = try node.int("count_include_pad", default: 0) != 0
    guard !(counts && frame.overhangs) else {
      throw node.unsupported(
        "ceil_mode with count_include_pad where windows reach over the padding; pad explicitly")
    }
    let operation = AveragePool2D(
      window: frame.window, paddingBottom: frame.bottom, paddingRight: frame.right,
      activation: .none, countsPadding: counts)
    try pool(operation, input, node, &builder)
  }

  /// `GlobalAveragePool`: a mean over all spatial dimensions, kept as 1.
  @Sendable static func globalAverage(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    try pool(Mean(axes: [1, 2], keepsDimensions: true), input, node, &builder)
  }

  /// `ReduceMean`: axes are an attribute up to operator set 17, an operand from 18 on.
  @Sendable static func mean(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let rank = builder.shape(input).count
    var axes =
      builder.opset >= 18 ? try builder.integers(node, 1) ?? [] : try node.ints("axes") ?? []
    if axes.isEmpty, try node.int("noop_with_empty_axes", default: 0) != 0 {
      return try builder.bind(node, input)
    }
    if axes.isEmpty { axes = Array(0..<rank) }
    let keeps = try node.int("keepdims", default: 1) != 0
    let positions = try ONNXLayout.normalized(axes, rank: rank, node)
    let operation = Mean(axes: positions.sorted(), keepsDimensions: keeps)
    try builder.bind(node, try builder.emit(operation, [input], node: node))
  }
}
