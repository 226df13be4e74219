import ModelGraph
import Operators

/// A dense layer behind a transpose and a flattening reads the elements in another order: its
/// weights' columns take that order, and the transpose goes.
enum AbsorbLayoutIntoWeights {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard node.operation is FullyConnected, node.inputs.count >= 2, let input = node.inputs[0],
      let (_, flatten) = editor.producer(input), flatten.operation is Reshape,
      let turned = flatten.inputs.first ?? nil,
      let (_, before) = editor.producer(turned),
      let transpose = before.operation as? Transpose, let source = before.inputs.first ?? nil,
      let matrix = editor.floats(node.inputs[1]), let weights = node.inputs[1]
    else { return false }
    let shape = editor.shape(source)
    let features = shape.reduce(1, *)
    guard editor.shape(input).last == features, matrix.shape.count == 2,
      matrix.shape[1] == features, let values = matrix.floats
    else { return false }
    // Column k multiplies the element at offset order[k] of the source.
    let order = StridedWalk(over: shape).permuted(transpose.permutation).offsets
    var arranged = values
    for row in 0..<matrix.shape[0] {
      for (column, offset) in order.enumerated() {
        arranged[row * features + offset] = values[row * features + column]
      }
    }
    var columns = TensorData(shape: matrix.shape, floats: arranged)
    columns.grid = matrix.grid.flatMap { $0.isPerTensor || $0.axis == 0 ? $0 : nil }
    let constant = editor.constant(editor[weights].name + "/columns", columns)
    var direct = node
    direct.inputs[0] = try editor.emit(
      flatten.name, Reshape(shape: editor.shape(input)), [source])
    direct.inputs[1] = constant
    editor.replace(index, with: direct)
    return true
  }
}
