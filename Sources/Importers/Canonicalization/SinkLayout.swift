import ModelGraph
import Operators

/// Moves a transpose or reshape from before a node that does not mind it to behind the node, towards
/// its inverse. Every computed operand must come through the same one; constants are turned back.
enum SinkLayout {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard node.outputs.count == 1, let layout = commonLayout(of: node, editor),
      let (operation, behind) = past(layout, node, editor)
    else { return false }
    var inputs: [ValueID?] = []
    for case .some(let input) in node.inputs {
      if let data = editor[input].constant {
        guard
          let moved = turnedBack(
            data, through: layout, isElementwise: node.operation.isElementwise)
        else { return false }
        inputs.append(
          moved == data ? input : editor.constant(editor[input].name + "/moved", moved))
      } else if let shape = restated(input, through: layout, editor) {
        let name = editor[input].name + "/layout"
        inputs.append(try editor.emit(name, Reshape(shape: shape), [input], as: name))
      } else {
        inputs.append(editor.producer(input)?.node.inputs.first ?? nil)
      }
    }
    let result = try editor.emit(
      node.name, operation, inputs, as: editor[node.outputs[0]].name)
    editor.replace(
      index,
      with: Node(
        name: node.name + "/layout", operation: behind, inputs: [result], outputs: node.outputs))
    return true
  }

  /// A transpose or reshape, and the shape it is applied to.
  private struct Layout {
    let operation: any Operation
    let source: [Int]
  }

  /// The one layout that all computed operands of a node come through, or could for nothing: a
  /// transpose where there is one.
  private static func commonLayout(of node: Node, _ editor: GraphEditor) -> Layout? {
    guard !node.inputs.contains(nil) else { return nil }
    let computed = node.inputs.compactMap { $0 }.filter { editor[$0].constant == nil }
    let layouts = computed.map { layout(of: $0, editor) }
    let transposes = layouts.filter { $0?.operation is Transpose }
    guard let common = transposes.first ?? layouts.first ?? nil else { return nil }
    for (input, layout) in zip(computed, layouts) {
      guard
        layout.map({ isSame($0, common) }) ?? false
          || restated(input, through: common, editor) != nil
      else { return nil }
    }
    return common
  }

  /// The transpose or reshape that computes a value.
  private static func layout(of value: ValueID, _ editor: GraphEditor) -> Layout? {
    guard let (_, producer) = editor.producer(value), let source = producer.inputs.first ?? nil,
      producer.operation is Transpose || producer.operation is Reshape
    else { return nil }
    return Layout(operation: producer.operation, source: editor.shape(source))
  }

  /// The shape that turns a value back through a transpose without moving an element, because the axes
  /// that change places have one; nil for others, and for a value that the very transpose computes.
  private static func restated(
    _ value: ValueID, through layout: Layout, _ editor: GraphEditor
  ) -> [Int]? {
    guard let transpose = layout.operation as? Transpose else { return nil }
    if editor.producer(value)?.node.operation as? Transpose == transpose { return nil }
    let shape = editor.shape(value)
    guard shape.count == transpose.permutation.count else { return nil }
    var source = shape
    for (position, axis) in transpose.permutation.enumerated() { source[axis] = shape[position] }
    let moved = transpose.permutation.filter { source[$0] != 1 }
    return moved == moved.sorted() ? source : nil
  }

  private static func isSame(_ left: Layout, _ right: Layout) -> Bool {
    if let left = left.operation as? Transpose { return left == right.operation as? Transpose }
    guard let reshape = left.operation as? Reshape else { return false }
    return reshape == right.operation as? Reshape && left.source == right.source
  }

  /// The node's operation on what the layout was applied to, and the layout of its result.
  private static func past(
    _ layout: Layout, _ node: Node, _ editor: GraphEditor
  ) -> (any Operation, any Operation)? {
    if let transpose = layout.operation as? Transpose {
      guard let (operation, permutation) = node.operation.ignoring(transpose.permutation) else {
        return nil
      }
      return (operation, Transpose(permutation: permutation))
    }
    // Constants that repeat the other operands would repeat other elements of the source.
    guard node.operation.isElementwise,
      node.inputs.allSatisfy({ id in
        id.map { editor[$0].constant != nil || editor.shape($0) == editor.shape(node.outputs[0]) }
          ?? false
      })
    else { return nil }
    return (node.operation, layout.operation)
  }

  /// A constant operand as it goes with the layout's source; one element goes with every
  /// element-wise operation.
  private static func turnedBack(
    _ data: TensorData, through layout: Layout, isElementwise: Bool
  ) -> TensorData? {
    if data.count == 1, isElementwise || data.shape.isEmpty { return data.reshaped([]) }
    guard let transpose = layout.operation as? Transpose else {
      if data.count == layout.source.reduce(1, *) { return data.reshaped(layout.source) }
      return (layout.operation as? Reshape).flatMap { withoutUnits(data, $0, layout.source) }
    }
    let rank = transpose.permutation.count
    guard data.shape.count <= rank else { return nil }
    var inverse = transpose.permutation
    for (position, axis) in transpose.permutation.enumerated() { inverse[axis] = position }
    let missing = [Int](repeating: 1, count: rank - data.shape.count)
    return data.reshaped(missing + data.shape).permuted(inverse)
  }

  /// A constant that repeats, through a reshape that only adds or drops axes of one element.
  private static func withoutUnits(
    _ data: TensorData, _ reshape: Reshape, _ source: [Int]
  ) -> TensorData? {
    let missing = reshape.shape.count - data.shape.count
    let kept = reshape.shape.indices.filter { reshape.shape[$0] != 1 }
    guard missing >= 0, kept.map({ reshape.shape[$0] }) == source.filter({ $0 != 1 }) else {
      return nil
    }
    var sizes = kept.map { $0 < missing ? 1 : data.shape[$0 - missing] }[...]
    return data.reshaped(source.map { $0 == 1 ? 1 : sizes.popFirst() ?? 1 })
  }
}
