import ModelGraph
import Operators
import PlanFormat

/// A convolution or dense layer with constant float weights, opened for folding.
struct WeightedLayer {
  /// Its node.
  let node: Node
  /// The weights, in the operation's layout.
  var weights: [Float]
  /// The bias; zero where the node has none.
  var bias: [Float]
  /// The integers of a quantised model that the weights are; changing the weights ends that.
  let grid: Quantization?
  private let shape: [Int]

  /// Nil unless `node` is such a layer without a fused activation.
  init?(_ node: Node, _ editor: GraphEditor) {
    guard node.inputs.count >= 2, let data = editor.floats(node.inputs[1]),
      let weights = data.floats
    else { return nil }
    let outputs: Int
    switch node.operation {
    case let layer as Conv2D where layer.activation == .none: outputs = data.shape[0]
    case let layer as DepthwiseConv2D where layer.activation == .none: outputs = data.shape[3]
    case let layer as TransposedConv2D where layer.activation == .none: outputs = data.shape[0]
    case let layer as FullyConnected where layer.activation == .none: outputs = data.shape[0]
    default: return nil
    }
    self.node = node
    self.weights = weights
    grid = data.grid
    shape = data.shape
    bias = [Float](repeating: 0, count: outputs)
    if node.inputs.count > 2, let id = node.inputs[2] {
      guard let values = editor.floats(id)?.floats, values.count == outputs else { return nil }
      bias = values
    }
  }

  /// Number of output channels.
  var outputs: Int { bias.count }

  /// The output channel weight `index` belongs to.
  func output(of index: Int) -> Int {
    node.operation is DepthwiseConv2D ? index % outputs : index / (weights.count / outputs)
  }

  /// The input channel weight `index` multiplies, of `channels` that repeat.
  func input(of index: Int, channels: Int) -> Int {
    switch node.operation {
    case let depthwise as DepthwiseConv2D: return index % outputs / depthwise.depthMultiplier
    case let convolution as Conv2D:
      let group = output(of: index) / (outputs / convolution.groups)
      return group * shape[3] + index % shape[3]
    default: return index % channels
    }
  }

  /// True if the layer never reads padding.
  var isUnpadded: Bool {
    switch node.operation {
    case let layer as Conv2D:
      layer.window.paddingTop == 0 && layer.window.paddingLeft == 0 && layer.paddingBottom == 0
        && layer.paddingRight == 0
    case let layer as DepthwiseConv2D:
      layer.window.paddingTop == 0 && layer.window.paddingLeft == 0 && layer.paddingBottom == 0
        && layer.paddingRight == 0
    // Its result is not covered evenly: what a constant adds differs from place to place.
    case is TransposedConv2D: false
    default: true
    }
  }

  /// The node with these weights and bias, reading `input` and computing `results`.
  func rebuilt(
    _ editor: inout GraphEditor, input: ValueID?, results: [ValueID]
  ) -> Node {
    let name = node.inputs[1].map { editor[$0].name } ?? node.name
    var data = TensorData(shape: shape, floats: weights)
    data.grid = grid
    let matrix = editor.constant(name + "/folded", data)
    let addend = editor.constant(
      node.name + "/bias", TensorData(shape: [outputs], floats: bias))
    return Node(
      name: node.name, operation: node.operation, inputs: [input, matrix, addend],
      outputs: results)
  }
}
