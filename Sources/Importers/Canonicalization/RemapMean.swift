import ModelGraph
import Operators

/// A mean behind a transpose, or behind a reshape that only dropped axes of one element, is a mean
/// over the axes before it.
enum RemapMean {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard let mean = node.operation as? Mean, let input = node.inputs.first ?? nil,
      let (_, layout) = editor.producer(input), let source = layout.inputs.first ?? nil
    else { return false }
    if let transpose = layout.operation as? Transpose {
      return try remap(mean, transpose.permutation, source, &editor, index, node)
    }
    guard layout.operation is Reshape, !mean.keepsDimensions else { return false }
    return try remapSqueezed(
      mean, shape: editor.shape(input), source, &editor, index, node)
  }

  private static func remap(
    _ mean: Mean, _ permutation: [Int], _ source: ValueID, _ editor: inout GraphEditor,
    _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    let axes = mean.axes.map { permutation[$0] }.sorted()
    let operation = Mean(axes: axes, keepsDimensions: mean.keepsDimensions)
    // What is left of the permutation once the reduced axes are gone.
    let order: [Int]
    if mean.keepsDimensions {
      order = permutation
    } else {
      let kept = permutation.filter { !axes.contains($0) }
      let ranks = kept.sorted()
      order = kept.map { axis in ranks.firstIndex(of: axis) ?? 0 }
    }
    if order == order.sorted() {
      var direct = node
      direct.operation = operation
      direct.inputs = [source]
      editor.replace(index, with: direct)
      return true
    }
    let result = try editor.emit(node.name, operation, [source])
    editor.replace(
      index,
      with: Node(
        name: node.name + "/layout", operation: Transpose(permutation: order), inputs: [result],
        outputs: node.outputs))
    return true
  }

  private static func remapSqueezed(
    _ mean: Mean, shape: [Int], _ source: ValueID, _ editor: inout GraphEditor, _ index: Int,
    _ node: Node
  ) throws(GraphError) -> Bool {
    let long = editor.shape(source)
    // Axes of the long shape in the order of the short one; the others must have one element.
    var places: [Int] = []
    var dropped: [Int] = []
    for axis in long.indices {
      if places.count < shape.count, long[axis] == shape[places.count] {
        places.append(axis)
      } else if long[axis] == 1 {
        dropped.append(axis)
      } else {
        return false
      }
    }
    guard places.count == shape.count, !dropped.isEmpty else { return false }
    var direct = node
    direct.operation = Mean(
      axes: (mean.axes.map { places[$0] } + dropped).sorted(), keepsDimensions: false)
    direct.inputs = [source]
    editor.replace(index, with: direct)
    return true
  }
}
