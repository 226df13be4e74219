import ModelGraph
import Operators

/// A normalisation that an exporter wrote in parts, (x − mean) / √(mean of (x − mean)² + ε), becomes one;
/// a constant that multiplies it or is added to it becomes its gain or bias.
enum GatherNormalization {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard let binary = node.operation as? Binary, binary.activation == .none,
      node.inputs.count == 2, let left = node.inputs[0], let right = node.inputs[1]
    else { return false }
    if binary.function == .divide { return gather(&editor, index, node, left, right) }
    guard binary.function == .multiply || binary.function == .add else { return false }
    return affine(&editor, index, node, left, right, isGain: binary.function == .multiply)
  }

  private static func gather(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node, _ distance: ValueID,
    _ deviation: ValueID
  ) -> Bool {
    guard let (x, mean) = binary(.subtract, distance, editor),
      let (source, axes) = keptMean(mean, editor), source == x,
      let root = editor.producer(deviation)?.node,
      let pointwise = root.operation as? Pointwise,
      pointwise.expression == .unary(.sqrt, .variable), let spread = root.inputs[0],
      let (variance, addend) = binary(.add, spread, editor),
      let epsilon = number(addend, editor), epsilon > 0,
      let (squares, again) = keptMean(variance, editor), again == axes,
      isSquare(squares, of: distance, editor)
    else { return false }
    let operation = Normalize(kind: .variance(epsilon: epsilon), axes: axes)
    editor.replace(
      index,
      with: Node(name: node.name, operation: operation, inputs: [x], outputs: node.outputs))
    return true
  }

  /// γ · n and n + β for a normalisation n that nobody else reads.
  private static func affine(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node, _ left: ValueID, _ right: ValueID,
    isGain: Bool
  ) -> Bool {
    let (input, constant) = editor[left].constant == nil ? (left, right) : (right, left)
    guard editor.floats(constant) != nil, editor.isPrivate(input),
      let (before, producer) = editor.producer(input),
      let normalize = producer.operation as? Normalize, !normalize.givesStatistics,
      StridedWalk(broadcasting: editor.shape(constant), to: editor.shape(input)) != nil
    else { return false }
    var inputs = producer.inputs + [ValueID?](repeating: nil, count: 3 - producer.inputs.count)
    guard inputs[2] == nil, !isGain || inputs[1] == nil else { return false }
    inputs[isGain ? 1 : 2] = constant
    editor.remove(index)
    editor.replace(
      before,
      with: Node(
        name: node.name, operation: normalize, inputs: inputs, outputs: node.outputs))
    return true
  }

  private static func binary(
    _ function: BinaryFunction, _ id: ValueID, _ editor: GraphEditor
  ) -> (ValueID, ValueID)? {
    guard let node = editor.producer(id)?.node, let operation = node.operation as? Binary,
      operation.function == function, operation.activation == .none, node.inputs.count == 2,
      let left = node.inputs[0], let right = node.inputs[1]
    else { return nil }
    return (left, right)
  }

  /// What a kept mean is taken of, and over which axes.
  private static func keptMean(_ id: ValueID, _ editor: GraphEditor) -> (ValueID, [Int])? {
    guard let node = editor.producer(id)?.node, let reduce = node.operation as? Reduce,
      reduce.kind == .mean, reduce.keepsDimensions, let input = node.inputs[0]
    else { return nil }
    return (input, reduce.axes)
  }

  private static func isSquare(
    _ id: ValueID, of root: ValueID, _ editor: GraphEditor
  ) -> Bool {
    if let (left, right) = binary(.multiply, id, editor) { return left == root && right == root }
    guard let (base, exponent) = binary(.power, id, editor) else { return false }
    return base == root && number(exponent, editor) == 2
  }

  private static func number(_ id: ValueID, _ editor: GraphEditor) -> Float? {
    guard let floats = editor.floats(id)?.floats, floats.count == 1 else { return nil }
    return floats[0]
  }
}
