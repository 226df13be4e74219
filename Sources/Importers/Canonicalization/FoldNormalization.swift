import ModelGraph
import Operators
import PlanFormat

/// Batch normalisation is a · x + b per channel: a = scale / √(variance + ε), b = bias − a · mean.
struct ChannelScaling {
  /// Factors.
  let factors: [Double]
  /// Addends.
  let addends: [Double]

  /// Nil unless `node` normalises along the last axis with constants.
  init?(_ node: Node, _ editor: GraphEditor) throws(GraphError) {
    guard let operation = node.operation as? BatchNormalization, node.inputs.count == 5,
      let input = node.inputs[0], operation.axis == editor.shape(input).count - 1,
      let scale = editor.floats(node.inputs[1])?.floats,
      let bias = editor.floats(node.inputs[2])?.floats,
      let mean = editor.floats(node.inputs[3])?.floats,
      let variance = editor.floats(node.inputs[4])?.floats
    else { return nil }
    var factors: [Double] = []
    var addends: [Double] = []
    for channel in scale.indices {
      let spread = Double(variance[channel]) + Double(operation.epsilon)
      guard spread > 0 else {
        throw GraphError.invalid(
          node: node.name, reason: "the variance of channel \(channel) is not positive")
      }
      let factor = Double(scale[channel]) / spread.squareRoot()
      factors.append(factor)
      addends.append(Double(bias[channel]) - factor * Double(mean[channel]))
    }
    self.factors = factors
    self.addends = addends
  }
}

/// Folds a batch normalisation into the layer before it, or into an unpadded layer behind it.
enum FoldNormalization {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    if let scaling = try ChannelScaling(node, editor), let input = node.inputs[0],
      editor.isPrivate(input), let (before, producer) = editor.producer(input),
      let layer = WeightedLayer(producer, editor), layer.grid == nil
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
    guard let scaling = try ChannelScaling(normalization, editor),
      let source = normalization.inputs[0]
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
    var operand = source
    if let flatShape {
      operand = try editor.emit(producer.name, Reshape(shape: flatShape), [source])
    }
    let rebuilt = folded.rebuilt(&editor, input: operand, results: node.outputs)
    editor.replace(index, with: rebuilt)
    return true
  }
}

/// A batch normalisation of images that no neighbour takes in is a depthwise 1×1 convolution.
enum NormalizationToDepthwise {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard let scaling = try ChannelScaling(node, editor), let input = node.inputs[0],
      editor.shape(input).count == 4
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
        name: node.name, operation: operation, inputs: [input, weights, bias],
        outputs: node.outputs))
    return true
  }
}
