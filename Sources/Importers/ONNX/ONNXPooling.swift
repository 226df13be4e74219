import ModelGraph
import Operators
import PlanFormat

/// Pooling.
enum ONNXPooling {
  private static func frame(
    _ node: ONNXNode, _ builder: ONNXBuilder
  ) throws(GraphError) -> (ValueID, ONNXWindow) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    guard (3...5).contains(shape.count) else {
      throw node.unsupported("its input has shape \(shape); 1-D, 2-D and 3-D pooling is run")
    }
    return (input, try ONNXWindow(node, input: Array(shape[2...]), kernel: []))
  }

  /// A pool of images, which are channels last.
  private static func pool(
    _ operation: any Operation, _ input: ValueID, _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let rank = builder.shape(input).count
    let image = try builder.channelsLast(input, node: node)
    let result = try builder.emit(operation, [image], node: node)
    try builder.bind(node, try builder.channelsFirst(result, rank: rank, node: node))
  }

  /// Any other pool.
  private static func windowPool(
    _ kind: WindowPool.Kind, _ frame: ONNXWindow, _ input: ValueID, _ node: ONNXNode,
    _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let operation = WindowPool(kind: kind, axes: frame.axes.map(\.pooled))
    for (index, id) in try builder.emitAll(operation, [input], node: node).enumerated() {
      try builder.bind(node, id, result: index)
    }
  }

  /// `MaxPool`.
  @Sendable static func maximum(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let (input, frame) = try frame(node, builder)
    if node.outputs.count > 1, !node.outputs[1].isEmpty {
      let isColumnMajor = try node.int("storage_order", default: 0) == 1
      let positions: WindowPool.Order = isColumnMajor ? .columnMajor : .rowMajor
      return try windowPool(.maximum(positions: positions), frame, input, node, &builder)
    }
    let type = builder.graph[input].type
    let isReal = type.element == .float32 || ONNXQuantization.isQuantized(input, builder.graph)
    guard isReal, type.shape.count < 5, type.shape[0] == 1 else {
      return try windowPool(.maximum(positions: nil), frame, input, node, &builder)
    }
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
    let shape = builder.shape(input)
    guard shape.count < 5, shape[0] == 1, !(counts && frame.overhangs) else {
      return try windowPool(.average(countsPadding: counts), frame, input, node, &builder)
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
    try global(.mean, node, &builder)
  }

  /// `GlobalMaxPool`.
  @Sendable static func globalMaximum(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    try global(.maximum, node, &builder)
  }

  private static func global(
    _ kind: Reduce.Kind, _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let rank = builder.shape(input).count
    guard rank > 2 else { throw node.invalid("its input has shape \(builder.shape(input))") }
    guard rank < 5 else {
      let operation = Reduce(kind: kind, axes: Array(2..<rank), keepsDimensions: true)
      return try builder.bind(node, try builder.emit(operation, [input], node: node))
    }
    try pool(Reduce(kind: kind, axes: [1, 2], keepsDimensions: true), input, node, &builder)
  }
}
