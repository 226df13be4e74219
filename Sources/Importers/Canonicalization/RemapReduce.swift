import ModelGraph
import Operators

/// A reduction behind a reshape that only dropped axes of one element is one over the axes before it.
enum RemapReduce {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard let reduce = node.operation as? Reduce, !reduce.keepsDimensions,
      let input = node.inputs.first ?? nil, let (_, layout) = editor.producer(input),
      layout.operation is Reshape, let source = layout.inputs.first ?? nil
    else { return false }
    let (long, short) = (editor.shape(source), editor.shape(input))
    // Axes of the long shape in the order of the short one; the others must have one element.
    var places: [Int] = []
    var dropped: [Int] = []
    for axis in long.indices {
      if places.count < short.count, long[axis] == short[places.count] {
        places.append(axis)
      } else if long[axis] == 1 {
        dropped.append(axis)
      } else {
        return false
      }
    }
    guard places.count == short.count, !dropped.isEmpty else { return false }
    var direct = node
    direct.operation = Reduce(
      kind: reduce.kind, axes: reduce.axes.map { places[$0] } + dropped, keepsDimensions: false)
    direct.inputs = [source]
    editor.replace(index, with: direct)
    return true
  }
}
