import ModelGraph
import Operators

/// Reductions over constant axes.
enum TFLiteReduction {
  /// CUMSUM along a constant axis. Options: exclusive, reverse.
  @Sendable static func cumulativeSum(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let options = try node.options(102)
    let operation = CumulativeSum(
      axis: try builder.axis(node, 1, rank: builder.graph[input].type.shape.count),
      isExclusive: try options?.bool(0) ?? false, isReverse: try options?.bool(1) ?? false)
    try builder.emit(node, operation, [input])
  }

  /// The mapping of a kind; REDUCE_ANY and REDUCE_ALL are the maximum and minimum of truth values.
  static func mapping(_ kind: Reduce.Kind, keepsParameters: Bool = false) -> TFLiteMapping {
    TFLiteMapping { (node, builder) throws(GraphError) in
      let input = try builder.operand(node, 0)
      let rank = builder.graph[input].type.shape.count
      var axes: Set<Int> = []
      for axis in try builder.integers(node, 1) {
        guard axis >= -rank, axis < rank else { throw node.invalid("axis \(axis) of \(rank)") }
        axes.insert(axis < 0 ? axis + rank : axis)
      }
      // ReducerOptions: keep_dims.
      let keeps = try node.options(27)?.bool(0) ?? false
      let operation = Reduce(kind: kind, axes: axes.sorted(), keepsDimensions: keeps)
      try builder.emit(node, operation, [input], sameParameters: keepsParameters)
    }
  }
}
