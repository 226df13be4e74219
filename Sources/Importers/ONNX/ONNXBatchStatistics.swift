import ModelGraph
import Operators

/// `BatchNormalization` in training mode: by the statistics of the batch at hand, which also move the
/// running ones. It runs in the float reference; a device has no batch.
enum ONNXBatchStatistics {
  /// The node's results: the normalised tensor, running mean and running variance.
  static func normalization(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let shape = builder.shape(input)
    guard shape.count >= 2 else { throw node.invalid("its input has shape \(shape)") }
    let axes = shape.indices.filter { $0 != 1 }
    let mean = try builder.emit(
      Reduce(kind: .mean, axes: axes, keepsDimensions: false), [input], node: node,
      suffix: "/mean")
    let column = shape.indices.map { $0 == 1 ? shape[1] : 1 }
    let centers = try builder.reshape(mean, column, node: node, suffix: "/centers")
    let centered = try builder.emit(
      Binary(.subtract), [input, centers], node: node, suffix: "/centered")
    let squares = try builder.emit(
      Pointwise(.binary(.multiply, .variable, .variable)), [centered], node: node,
      suffix: "/squares")
    let variance = try builder.emit(
      Reduce(kind: .mean, axes: axes, keepsDimensions: false), [squares], node: node,
      suffix: "/variance")
    let operation = BatchNormalization(
      epsilon: try node.float("epsilon", default: 1e-5), axis: 1)
    let operands = [
      input, try builder.operand(node, 1), try builder.operand(node, 2), mean, variance,
    ]
    try builder.bind(node, try builder.emit(operation, operands, node: node))
    let momentum = Double(try node.float("momentum", default: 0.9))
    for (index, statistic) in [(1, mean), (2, variance)]
    where index < node.outputs.count && !node.outputs[index].isEmpty {
      let kept = try builder.emit(
        Pointwise(.binary(.multiply, .variable, .constant(momentum))),
        [try builder.operand(node, 2 + index)], node: node, suffix: "/kept\(index)")
      let added = try builder.emit(
        Pointwise(.binary(.multiply, .variable, .constant(1 - momentum))), [statistic], node: node,
        suffix: "/added\(index)")
      let running = try builder.emit(
        Binary(.add), [kept, added], node: node, result: index)
      try builder.bind(node, running, result: index)
    }
  }
}
