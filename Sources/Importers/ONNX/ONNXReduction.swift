import ModelGraph
import Operators

/// Reductions over axes: an attribute at first, an operand from operator set 13 (`ReduceSum`) or 18
/// (the others) on.
enum ONNXReduction {
  /// The mapping of a kind whose axes are an operand from `version` on.
  static func mapping(_ kind: Reduce.Kind, axesAreOperandFrom version: Int = 18) -> ONNXMapping {
    ONNXMapping { (node, builder) throws(GraphError) in
      try reduce(kind, version, node, &builder)
    }
  }

  private static func reduce(
    _ kind: Reduce.Kind, _ version: Int, _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let rank = builder.shape(input).count
    var axes =
      builder.opset >= version
      ? try builder.integers(node, 1) ?? [] : try node.ints("axes") ?? []
    if axes.isEmpty, try node.int("noop_with_empty_axes", default: 0) == 0 {
      axes = Array(0..<rank)
    }
    guard !axes.isEmpty || [.mean, .sum, .maximum, .minimum, .product].contains(kind) else {
      throw node.unsupported("without axes it is an element-wise function; name the axes")
    }
    if axes.isEmpty { return try builder.bind(node, input) }
    let keeps = try node.int("keepdims", default: 1) != 0
    let positions = try ONNXLayout.normalized(axes, rank: rank, node)
    let operation = Reduce(kind: kind, axes: positions, keepsDimensions: keeps)
    try builder.bind(node, try builder.emit(operation, [input], node: node))
  }
}
