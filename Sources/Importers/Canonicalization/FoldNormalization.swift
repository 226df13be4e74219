import ModelGraph
import Operators
import PlanFormat

/// Folds a scaling of channels, a batch normalisation for one, into the layer before it, or into an
/// unpadded layer behind it.
enum FoldNormalization {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    if let scaling = try ChannelScaling(node, editor), editor.isPrivate(scaling.input),
      let (before, producer) = editor.producer(scaling.input),
      let layer = WeightedLayer(producer, editor), layer.outputs == scaling.factors.count,
      layer.grid == nil
    {
      editor.remove(index)
      let folded = behind(layer, scaling).rebuilt(
        &editor, input: producer.inputs[0], results: node.outputs)
      editor.replace(before, with: folded)
      return true
    }
    return try foldBefore(&editor, index, node)
  }

  /// a · (W x + c) + b
  private static func behind(_ layer: WeightedLayer, _ scaling: ChannelScaling) -> WeightedLayer {
    var folded = layer
    for position in folded.weights.indices {
      folded.weights[position] = Float(
        Double(layer.weights[position]) * scaling.factors[layer.output(of: position)])
    }
    for channel in 0..<layer.outputs {
      folded.bias[channel] = Float(
        Double(layer.bias[channel]) * scaling.factors[channel] + scaling.addends[channel])
    }
    return folded
  }

  /// W (a · x + b) + c, the layer at `index` reading the normalisation, perhaps flattened or
  /// with its axes in another order.
  private static func foldBefore(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard let layer = WeightedLayer(node, editor), layer.isUnpadded, layer.grid == nil,
      let input = node.inputs[0],
      let (_, producer) = editor.producer(input), editor.isPrivate(input)
    else { return false }
    var normalization = producer
    var flatShape: [Int]?
    var turn: Transpose?
    if let transpose = producer.operation as? Transpose, let inner = producer.inputs[0],
      editor.isPrivate(inner), let (_, before) = editor.producer(inner)
    {
      (normalization, turn) = (before, transpose)
    } else if producer.operation is Reshape, node.operation is FullyConnected,
      let inner = producer.inputs.first ?? nil, editor.isPrivate(inner),
      let (_, before) = editor.producer(inner)
    {
      normalization = before
      flatShape = editor.shape(input)
    }
    guard let scaling = try ChannelScaling(normalization, editor, axis: turn?.permutation.last)
    else { return false }
    let channels = scaling.factors.count
    // Flattened features repeat the channels only if the rows are whole.
    if let last = flatShape?.last, last % channels != 0 { return false }
    var folded = layer
    var addends = layer.bias.map(Double.init)
    for position in layer.weights.indices {
      let channel = layer.input(of: position, channels: channels)
      let weight = Double(layer.weights[position])
      folded.weights[position] = Float(weight * scaling.factors[channel])
      addends[layer.output(of: position)] += weight * scaling.addends[channel]
    }
    folded.bias = addends.map { Float($0) }
    var operand = scaling.input
    if let turn {
      operand = try editor.emit(producer.name, turn, [operand])
    } else if let flatShape {
      operand = try editor.emit(producer.name, Reshape(shape: flatShape), [scaling.input])
    }
    let rebuilt = folded.rebuilt(&editor, input: operand, results: node.outputs)
    editor.replace(index, with: rebuilt)
    return true
  }
}

/// A scaling of channels that no neighbour takes in is a depthwise 1×1 convolution; one and
/// the same for all channels is left to be a table.
enum NormalizationToDepthwise {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    // A clamp fused into the sum or product stays with the layer.
    var plain = node
    var activation = Activation.none
    if var binary = node.operation as? Binary {
      (activation, binary.activation) = (binary.activation, .none)
      plain.operation = binary
    }
    guard let scaling = try ChannelScaling(plain, editor), !(node.operation is Pointwise),
      node.operation is BatchNormalization || !scaling.isUniform,
      let channels = editor.shape(scaling.input).last, channels == scaling.factors.count
    else { return false }
    let shape = editor.shape(scaling.input)
    let isImage = shape.count == 4 && shape[0] == 1
    // Vectors and signals are images of one row.
    var input = scaling.input
    if !isImage {
      let row = Reshape(shape: [1, 1, shape.dropLast().reduce(1, *), channels])
      input = try editor.emit(node.name + "/row", row, [scaling.input])
    }
    let weights = editor.constant(
      node.name + "/factors",
      TensorData(shape: [1, 1, 1, channels], floats: scaling.factors.map { Float($0) }))
    let bias = editor.constant(
      node.name + "/addends",
      TensorData(shape: [channels], floats: scaling.addends.map { Float($0) }))
    let operation = DepthwiseConv2D(
      window: Window(height: 1, width: 1), paddingBottom: 0, paddingRight: 0, depthMultiplier: 1,
      activation: activation)
    guard !isImage else {
      editor.replace(
        index,
        with: Node(
          name: node.name, operation: operation, inputs: [input, weights, bias],
          outputs: node.outputs))
      return true
    }
    let scaled = try editor.emit(node.name, operation, [input, weights, bias])
    editor.replace(
      index,
      with: Node(
        name: node.name + "/shape", operation: Reshape(shape: shape), inputs: [scaled],
        outputs: node.outputs))
    return true
  }
}
