import ModelGraph
import Operators

/// Integers that are turned into reals again with the parameters they were made with are reals on a
/// grid: one element-wise operation, which layouts pass.
enum FuseQuantization {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard node.operation is Dequantize, let integers = node.inputs.first ?? nil,
      let (_, before) = editor.producer(integers), let quantize = before.operation as? Quantize,
      let made = ScalarParameters(of: before, editor), let source = before.inputs[0],
      made == ScalarParameters(of: node, editor)
    else { return false }
    let grid = IntegerGrid(scale: made.scale, zeroPoint: made.zeroPoint, levels: quantize.levels)
    editor.replace(
      index,
      with: Node(
        name: node.name, operation: FakeQuantize(grid: grid), inputs: [source],
        outputs: node.outputs))
    return true
  }

  /// The constant parameters of a `Quantize` or `Dequantize`; nil when there are several.
  struct ScalarParameters: Equatable {
    let scale: Float
    let zeroPoint: Int

    init?(of node: Node, _ editor: GraphEditor) {
      guard node.inputs.count >= 2, let scales = editor.floats(node.inputs[1])?.floats,
        scales.count == 1, scales[0].isFinite, scales[0] > 0
      else { return nil }
      scale = scales[0]
      guard node.inputs.count > 2, let id = node.inputs[2] else {
        zeroPoint = 0
        return
      }
      guard let value = editor[id].constant?.integers, value.count == 1 else { return nil }
      zeroPoint = value[0]
    }
  }
}

/// Quantisation moves behind whatever only moves integers or picks the largest, towards the
/// dequantisation it fuses with: both are monotonic, element by element, and of one tensor.
enum SinkQuantization {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard node.operation.quantizationRule == .sameAsInput, node.outputs.count == 1,
      let first = node.inputs.first ?? nil, let (_, producer) = editor.producer(first),
      let quantize = producer.operation as? Quantize,
      let parameters = FuseQuantization.ScalarParameters(of: producer, editor)
    else { return false }
    var sources: [ValueID?] = []
    for input in node.inputs {
      guard let input, editor[input].constant == nil else {
        sources.append(input)
        continue
      }
      guard let (_, other) = editor.producer(input),
        let alike = other.operation as? Quantize, alike.element == quantize.element,
        alike.levels == quantize.levels,
        FuseQuantization.ScalarParameters(of: other, editor) == parameters
      else { return false }
      sources.append(other.inputs[0])
    }
    let moved = try editor.emit(node.name, node.operation, sources)
    var behind = producer
    behind.name = node.name + "/quantized"
    behind.inputs[0] = moved
    behind.outputs = node.outputs
    editor.replace(index, with: behind)
    return true
  }
}
