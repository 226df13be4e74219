import ModelGraph
import Operators

/// A constant per channel added behind a layer goes into its bias.
enum FoldAddedConstant {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard let add = node.operation as? Add, add.activation == .none, node.inputs.count == 2,
      let input = node.inputs[0], let constant = editor.floats(node.inputs[1]),
      let addend = constant.broadcast(to: editor.shape(input))?.floats,
      editor.isPrivate(input), let (before, producer) = editor.producer(input),
      var layer = WeightedLayer(producer, editor)
    else { return false }
    let channels = layer.outputs
    for (position, value) in addend.enumerated() where value != addend[position % channels] {
      return false
    }
    for channel in 0..<channels { layer.bias[channel] += addend[channel] }
    editor.remove(index)
    let folded = layer.rebuilt(&editor, input: producer.inputs[0], results: node.outputs)
    editor.replace(before, with: folded)
    return true
  }
}
