import ModelGraph

/// A node of constants only becomes a constant.
enum FoldConstants {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard node.outputs.count == 1, !node.inputs.isEmpty,
      editor[node.outputs[0]].type.shape.reduce(1, *) <= ImportLimits.foldedElements
    else { return false }
    var operands: [TensorData?] = []
    for input in node.inputs {
      guard let input else {
        operands.append(nil)
        continue
      }
      guard let data = editor[input].constant else { return false }
      operands.append(data)
    }
    let output = node.outputs[0]
    let work = node.operation.multiplyAccumulates(
      operands.map { $0.map { ValueType($0.type, $0.shape) } })
    guard work <= ImportLimits.foldedWork else { return false }
    guard !editor.graph.outputs.contains(output) else { return false }
    let results: [TensorData]
    do throws(GraphError) {
      results = try node.operation.evaluate(operands)
    } catch {
      throw error.named(node.name)
    }
    guard results.count == 1 else { return false }
    let folded = editor.constant(node.name + "/folded", results[0])
    return editor.replaceUses(of: output, with: folded)
  }
}
