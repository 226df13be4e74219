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

  /// W (a · x + b) + c, the layer at `index` reading the normalisation, perhaps flattened.
  private static func foldBefore(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard let layer = WeightedLayer(node, editor), layer.isUnpadded, layer.grid == nil,
      let input = node.inputs[0],
      let (_, producer) = editor.producer(input), editor.isPrivate(input)
    else { return false }
    var normalization = producer
    var flatShape: [Int]?
    if producer.operation is Reshape, node.operation is FullyConnected,
      let inner = producer.inputs.first ?? nil, editor.isPrivate(inner),
      let (_, before) = editor.producer(inner)
    {
      normalization = before
      flatShape = editor.shape(input)
    }
    guard let scaling = try ChannelScaling(normalization, editor) else { return false }
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
    if let flatShape {
      operand = try editor.emit(producer.name, Reshape(shape: flatShape), [scaling.input])
    }
    let rebuilt = folded.rebuilt(&editor, input: operand, results: node.outputs)
    editor.replace(index, with: rebuilt)
    return true
  }
}

/// A scaling of an image's channels that no neighbour takes in is a depthwise 1×1 convolution; one and
/// the same for all channels is left to be a table.
enum NormalizationToDepthwise {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard let scaling = try ChannelScaling(node, editor), !(node.operation is Pointwise),
      node.operation is BatchNormalization || !scaling.isUniform,
      editor.shape(scaling.input).count == 4, editor.shape(scaling.input)[0] == 1
    else { return false }
    let channels = scaling.factors.count
    let weights = editor.constant(
      node.name + "/factors",
      TensorData(shape: [1, 1, 1, channels], floats: scaling.factors.map { Float($0) }))
    let bias = editor.constant(
      node.name + "/addends",
      TensorData(shape: [channels], floats: scaling.addends.map { Float($0) }))
    let operation = DepthwiseConv2D(
      window: Window(height: 1, width: 1), paddingBottom: 0, paddingRight: 0, depthMultiplier: 1,
      activation: .none)
    editor.replace(
      index,
      with: Node(
        name: node.name, operation: operation, inputs: [scaling.input, weights, bias],
        outputs: node.outputs))
    return true
  }
}
