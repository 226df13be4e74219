import ModelGraph

/// A node of constants only becomes constants.
enum FoldConstants {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard !node.outputs.contains(where: editor.isResult),
      let results = try node.operation.folded(
        node.inputs.map { $0.map { editor[$0] } }, node: node.name)
    else { return false }
    var changed = false
    for (output, data) in zip(node.outputs, results) {
      let folded = editor.constant(editor[output].name + "/folded", data)
      if editor.replaceUses(of: output, with: folded) { changed = true }
    }
    return changed
  }
}
