import ModelGraph

/// One rewriting rule: looks at one node and, if it applies, changes the graph around it.
struct Rewrite: Sendable {
  /// What it does to the nodes it applies to, for people.
  let name: String
  /// Returns true when it changed something.
  let apply: @Sendable (inout GraphEditor, Int, Node) throws(GraphError) -> Bool
}

/// Brings graphs into canonical form: the rules run over the nodes in order until none applies.
enum Canonicalizer {
  /// Rules for float graphs, in order.
  static let float: [Rewrite] = [
    Rewrite(name: "constants folded", apply: FoldConstants.apply),
    Rewrite(name: "roundings joined", apply: FuseQuantization.apply),
    Rewrite(name: "roundings moved", apply: SinkQuantization.apply),
    Rewrite(name: "layouts cancelled", apply: SimplifyLayout.apply),
    Rewrite(name: "layouts moved", apply: SinkLayout.apply),
    Rewrite(name: "reductions without their layouts", apply: RemapReduce.apply),
    Rewrite(name: "normalisations recognised", apply: GatherNormalization.apply),
    Rewrite(name: "layouts taken into weights", apply: AbsorbLayoutIntoWeights.apply),
    Rewrite(name: "normalisations folded", apply: FoldNormalization.apply),
    Rewrite(name: "factors taken into trees", apply: FoldIntoTrees.apply),
    Rewrite(name: "activations fused", apply: FuseActivation.apply),
  ]

  /// Rules for what the ones before leave of a float graph.
  static let late: [Rewrite] = [
    Rewrite(name: "activations fused", apply: FuseActivation.applyToBinary),
    Rewrite(name: "normalisations made layers", apply: NormalizationToDepthwise.apply),
    Rewrite(name: "functions joined", apply: FusePointwise.apply),
  ]

  /// Rules that are exact for integer graphs too.
  static let quantized: [Rewrite] = [
    Rewrite(name: "layouts cancelled", apply: SimplifyLayout.applyToQuantized)
  ]

  /// Sweeps after which the form reached is taken; real models need under twenty.
  static let sweepLimit = 256

  /// Rewrites `graph`; the interface stays.
  ///
  /// - Returns: the rules that applied, in their order, and how often.
  static func run(_ graph: inout Graph) throws(GraphError) -> [ImportReport.Rewriting] {
    let isFloat = !graph.values.contains { $0.quantization != nil && $0.constant == nil }
    var editor = GraphEditor(graph)
    var counts: [String: Int] = [:]
    _ = editor.removeDead()
    try sweep(&editor, isFloat ? float : quantized, &counts)
    if isFloat {
      // What no neighbour takes in becomes a layer of its own; its activation may then fuse.
      try sweep(&editor, late + float, &counts)
    }
    graph = try editor.finished()
    return (isFloat ? float + late : quantized).compactMap { rule in
      counts.removeValue(forKey: rule.name).map {
        ImportReport.Rewriting(rule: rule.name, count: $0)
      }
    }
  }

  private static func sweep(
    _ editor: inout GraphEditor, _ rules: [Rewrite], _ counts: inout [String: Int]
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
            counts[rule.name, default: 0] += 1
          }
          index += 1
        }
        if editor.removeDead() { changed = true }
      }
      if !changed { return }
    }
  }
}
