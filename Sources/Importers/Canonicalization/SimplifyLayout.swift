import ModelGraph
import Operators

/// Merges neighbouring transposes and reshapes, turns a transpose that moves only axes of one
/// element into a reshape, and drops those that do nothing.
enum SimplifyLayout {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    if let transpose = node.operation as? Transpose {
      return simplify(transpose, &editor, index, node)
    }
    if node.operation is Reshape { return simplifyReshape(&editor, index, node) }
    return false
  }

  /// For integer graphs: reshapes only, and only where the parameters stay the same.
  @Sendable static func applyToQuantized(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard node.operation is Reshape, let input = node.inputs.first ?? nil,
      editor[input].quantization == editor[node.outputs[0]].quantization
    else { return false }
    if let (_, before) = editor.producer(input), before.operation is Reshape,
      let source = before.inputs.first ?? nil,
      editor[source].quantization != editor[input].quantization
    {
      return false
    }
    return simplifyReshape(&editor, index, node)
  }

  private static func simplify(
    _ transpose: Transpose, _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) -> Bool {
    guard let input = node.inputs.first ?? nil else { return false }
    let shape = editor.shape(input)
    // Axes of one element hold no order: when the others keep theirs, memory stays as it is.
    let moved = transpose.permutation.filter { shape[$0] != 1 }
    if moved == moved.sorted() {
      var reshape = node
      reshape.operation = Reshape(shape: editor.shape(node.outputs[0]))
      editor.replace(index, with: reshape)
      return true
    }
    if let (_, before) = editor.producer(input), let first = before.operation as? Transpose {
      var merged = node
      merged.operation = Transpose(
        permutation: transpose.permutation.map { first.permutation[$0] })
      merged.inputs = before.inputs
      editor.replace(index, with: merged)
      return true
    }
    // Two readers of one value that want it in the same order share it.
    if let twin = editor.readers(of: input).first(where: { other, reader in
      other < index && reader.operation as? Transpose == transpose
    }) {
      return editor.replaceUses(of: node.outputs[0], with: twin.node.outputs[0])
    }
    return false
  }

  private static func simplifyReshape(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) -> Bool {
    guard let input = node.inputs.first ?? nil else { return false }
    let output = node.outputs[0]
    if let (_, before) = editor.producer(input), before.operation is Reshape {
      var merged = node
      merged.inputs = before.inputs
      editor.replace(index, with: merged)
      return true
    }
    guard editor.shape(input) == editor.shape(output) else { return false }
    if editor.replaceUses(of: output, with: input) { return true }
    // The result belongs to the interface: the producer computes it directly if nobody else
    // reads its own result.
    guard editor.isPrivate(input), let (before, producer) = editor.producer(input),
      producer.outputs.count == 1
    else { return false }
    var direct = producer
    direct.outputs = [output]
    editor.remove(index)
    editor.replace(before, with: direct)
    return true
  }
}
