import ModelGraph

/// One rewriting rule: looks at one node and, if it applies, changes the graph around it.
struct Rewrite: Sendable {
  /// Returns true when it changed something.
  let apply: @Sendable (inout GraphEditor, Int, Node) throws(GraphError) -> Bool
}

/// Brings graphs into canonical form: the rules run over the nodes in order until none applies.
enum Canonicalizer {
  /// Rules for float graphs, in order.
  static let float: [Rewrite] = [
    Rewrite(apply: FoldConstants.apply),
    Rewrite(apply: FuseQuantization.apply),
    Rewrite(apply: SinkQuantization.apply),
    Rewrite(apply: SimplifyLayout.apply),
    Rewrite(apply: SinkLayout.apply),
    Rewrite(apply: RemapReduce.apply),
    Rewrite(apply: GatherNormalization.apply),
    Rewrite(apply: AbsorbLayoutIntoWeights.apply),
    Rewrite(apply: FoldNormalization.apply),
    Rewrite(apply: FoldIntoTrees.apply),
    Rewrite(apply: FuseActivation.apply),
  ]

  /// Rules for what the ones before leave of a float graph.
  static let late: [Rewrite] = [
    Rewrite(apply: NormalizationToDepthwise.apply), Rewrite(apply: FusePointwise.apply),
  ]

  /// Rules that are exact for integer graphs too.
  static let quantized: [Rewrite] = [Rewrite(apply: SimplifyLayout.applyToQuantized)]

  /// Sweeps after which the form reached is taken; real models need under twenty.
  static let sweepLimit = 256

  /// Rewrites `graph`; the interface stays.
  static func run(_ graph: inout Graph) throws(GraphError) {
    let isFloat = !graph.values.contains { $0.quantization != nil && $0.constant == nil }
    var editor = GraphEditor(graph)
    _ = editor.removeDead()
    try sweep(&editor, isFloat ? float : quantized)
    if isFloat {
      // What no neighbour takes in becomes a layer of its own; its activation may then fuse.
      try sweep(&editor, late + float)
    }
    graph = try editor.finished()
  }

  private static func sweep(
    _ editor: inout GraphEditor, _ rules: [Rewrite]
  ) throws(GraphError) {
    for _ in 0..<sweepLimit {
      var changed = false
      for rule in rules {
        var index = 0
        // Nodes a rule adds are looked at in the next sweep.
        let end = editor.nodes.count
        while index < end {
          if let node = editor.nodes[index], try rule.apply(&editor, index, node) {
            changed = true
          }
          index += 1
        }
        if editor.removeDead() { changed = true }
      }
      if !changed { return }
    }
  }
}
