import ModelGraph
import Operators

/// Moves a transpose or reshape from before an element-wise node to behind it, towards its
/// inverse.
enum SinkLayout {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    if node.operation is Activate, let input = node.inputs.first ?? nil,
      let (layout, source) = layoutBefore(input, editor)
    {
      return try sink(layout, past: node, reading: [source], &editor, index)
    }
    if node.operation is Add, node.inputs.count == 2, let left = node.inputs[0],
      let right = node.inputs[1], let (layout, source) = layoutBefore(left, editor)
    {
      if let (other, second) = layoutBefore(right, editor), isSame(layout, other),
        editor.shape(source) == editor.shape(second)
      {
        return try sink(layout, past: node, reading: [source, second], &editor, index)
      }
      if let data = editor.floats(right) {
        let moved = inverse(of: layout, on: data, source: editor.shape(source))
        let constant = editor.constant(editor[right].name + "/moved", moved)
        return try sink(layout, past: node, reading: [source, constant], &editor, index)
      }
    }
    return false
  }

  /// The transpose or reshape that computes `id`, and what it reads.
  private static func layoutBefore(
    _ id: ValueID, _ editor: GraphEditor
  ) -> (any Operation, ValueID)? {
    guard let (_, node) = editor.producer(id), let input = node.inputs.first ?? nil,
      node.operation is Transpose || node.operation is Reshape
    else { return nil }
    return (node.operation, input)
  }

  private static func isSame(_ left: any Operation, _ right: any Operation) -> Bool {
    if let left = left as? Transpose { return left == right as? Transpose }
    if let left = left as? Reshape { return left == right as? Reshape }
    return false
  }

  private static func inverse(
    of layout: any Operation, on data: TensorData, source: [Int]
  ) -> TensorData {
    guard let transpose = layout as? Transpose else { return data.reshaped(source) }
    var permutation = transpose.permutation
    for (position, axis) in transpose.permutation.enumerated() { permutation[axis] = position }
    return data.permuted(permutation)
  }

  private static func sink(
    _ layout: any Operation, past node: Node, reading inputs: [ValueID],
    _ editor: inout GraphEditor, _ index: Int
  ) throws(GraphError) -> Bool {
    let result = try editor.emit(
      node.name, node.operation, inputs, as: editor[node.outputs[0]].name)
    editor.replace(
      index,
      with: Node(
        name: node.name + "/layout", operation: layout, inputs: [result], outputs: node.outputs))
    return true
  }
}
