import ModelGraph
import Operators

/// The constants of a convolution or a fully connected layer, addressed by channel.
struct WeightedLayer {
  enum Kind { case convolution, depthwise, dense }

  let kind: Kind
  /// Output channels.
  let outputChannels: Int
  /// Input channels; for a dense layer its input features.
  let inputChannels: Int
  /// Weights per (output, position, input): [O, KH, KW, I], [1, KH, KW, C] or [O, I].
  var weights: [Float]
  var bias: [Float]?
  private let weightsID: ValueID
  private let biasID: ValueID?

  /// Nil for other operators, constants that are not float or came quantised, depth multipliers above
  /// 1, and groups.
  init?(_ node: Node, in graph: Graph) {
    switch node.operation {
    case let convolution as Conv2D where convolution.groups == 1: kind = .convolution
    case let depthwise as DepthwiseConv2D where depthwise.depthMultiplier == 1: kind = .depthwise
    case is FullyConnected: kind = .dense
    default: return nil
    }
    guard node.inputs.count >= 2, let id = node.inputs[1],
      let constant = graph[id].constant, let floats = constant.floats, constant.grid == nil
    else { return nil }
    weightsID = id
    weights = floats
    biasID = node.inputs.count > 2 ? node.inputs[2] : nil
    bias = biasID.flatMap { graph[$0].constant?.floats }
    if biasID != nil && bias == nil { return nil }
    inputChannels = constant.shape.last ?? 0
    outputChannels = kind == .depthwise ? inputChannels : constant.shape.first ?? 0
  }

  /// Elements per output channel, or per position for a depthwise layer.
  private var rowLength: Int { kind == .depthwise ? inputChannels : weights.count / outputChannels }

  func outputChannel(of index: Int) -> Int {
    kind == .depthwise ? index % inputChannels : index / rowLength
  }

  /// Largest |w| of each output channel.
  func outputRanges() -> [Float] {
    var ranges = [Float](repeating: 0, count: outputChannels)
    for (index, weight) in weights.enumerated() {
      let channel = outputChannel(of: index)
      ranges[channel] = max(ranges[channel], abs(weight))
    }
    return ranges
  }

  /// Largest |w| over each input channel; a dense layer behind a flattened map folds its features.
  func inputRanges(modulo channels: Int) -> [Float] {
    var ranges = [Float](repeating: 0, count: channels)
    for (index, weight) in weights.enumerated() {
      let channel = index % inputChannels % channels
      ranges[channel] = max(ranges[channel], abs(weight))
    }
    return ranges
  }

  mutating func scaleOutputs(by scales: [Float]) {
    for index in weights.indices { weights[index] *= scales[outputChannel(of: index)] }
    if let values = bias { bias = zip(values, scales).map { $0 * $1 } }
  }

  mutating func divideInputs(by scales: [Float]) {
    for index in weights.indices { weights[index] /= scales[index % inputChannels % scales.count] }
  }

  func store(in graph: inout Graph) {
    let shape = graph[weightsID].type.shape
    graph[weightsID].constant = TensorData(shape: shape, floats: weights)
    if let biasID, let bias {
      graph[biasID].constant = TensorData(shape: graph[biasID].type.shape, floats: bias)
    }
  }
}
