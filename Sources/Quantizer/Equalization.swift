package import ModelGraph
import Operators

/// Cross-layer equalisation (Nagel et al. 2019, "Data-Free Quantization", section 4.1).
///
/// Where a weighted layer feeds a single other one through operators with f(a·x) = a·f(x), its
/// output channels may be scaled by s and the consumer's input channels by 1/s without changing the
/// function. s = √(r1·r2) / r1 evens the ranges r1 of the producer's rows and r2 of the consumer's
/// columns, so that no channel wastes the tensor's 8 bits. Layers that share their weights keep them.
package enum Equalization {
  /// Sweeps over all pairs; ranges settle well before.
  package static let sweeps = 20
  /// Bounds of one sweep's scale, so that a nearly dead channel cannot overflow a float.
  package static let scaleBounds: ClosedRange<Float> = 1e-4...1e4

  /// A producer and the only consumer of its channels.
  package struct Pair {
    package var producer: Int
    package var consumer: Int
  }

  /// Rescales the constants of a float graph in place; the function stays the same.
  package static func apply(to graph: inout Graph) {
    let pairs = self.pairs(in: graph)
    for _ in 0..<sweeps {
      for pair in pairs { equalize(pair, in: &graph) }
    }
  }

  /// Every pair, in graph order.
  package static func pairs(in graph: Graph) -> [Pair] {
    var consumers: [ValueID: [Int]] = [:]
    for (position, node) in graph.nodes.enumerated() {
      for case .some(let input) in node.inputs { consumers[input, default: []].append(position) }
    }
    func ownsWeights(_ node: Node) -> Bool {
      node.inputs.dropFirst().allSatisfy { id in id.map { consumers[$0]?.count == 1 } ?? true }
    }
    return graph.nodes.indices.compactMap { start in
      let node = graph.nodes[start]
      guard WeightedLayer(node, in: graph) != nil, ownsWeights(node),
        isHomogeneous(activationOf: node.operation)
      else { return nil }
      var value = node.outputs[0]
      while let users = consumers[value], users.count == 1, !graph.results.contains(value),
        graph[value].quantization == nil
      {
        let user = graph.nodes[users[0]]
        if let layer = WeightedLayer(user, in: graph) {
          guard user.inputs[0] == value, ownsWeights(user),
            let channels = graph[node.outputs[0]].type.shape.last,
            layer.inputChannels % channels == 0,
            layer.kind == .dense || layer.inputChannels == channels
          else { return nil }
          return Pair(producer: start, consumer: users[0])
        }
        guard user.operation.isPositivelyHomogeneous, !(user.operation is Transpose) else {
          return nil
        }
        value = user.outputs[0]
      }
      return nil
    }
  }

  private static func isHomogeneous(activationOf operation: any Operation) -> Bool {
    let activation: Activation? =
      switch operation {
      case let conv as Conv2D: conv.activation
      case let depthwise as DepthwiseConv2D: depthwise.activation
      case let dense as FullyConnected: dense.activation
      default: nil
      }
    return activation == Activation.none || activation == .relu
  }

  private static func equalize(_ pair: Pair, in graph: inout Graph) {
    guard var producer = WeightedLayer(graph.nodes[pair.producer], in: graph),
      var consumer = WeightedLayer(graph.nodes[pair.consumer], in: graph)
    else { return }
    let channels = producer.outputChannels
    let rows = producer.outputRanges()
    let columns = consumer.inputRanges(modulo: channels)
    let scales = (0..<channels).map { channel -> Float in
      guard rows[channel] > 1e-8, columns[channel] > 1e-8 else { return 1 }
      let scale = (rows[channel] * columns[channel]).squareRoot() / rows[channel]
      return min(max(scale, scaleBounds.lowerBound), scaleBounds.upperBound)
    }
    producer.scaleOutputs(by: scales)
    consumer.divideInputs(by: scales)
    producer.store(in: &graph)
    consumer.store(in: &graph)
  }
}
