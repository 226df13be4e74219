import ModelGraph
import Operators

/// A relu or relu6 whose operand nobody else reads becomes part of the node before it.
enum FuseActivation {
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    guard let pointwise = node.operation as? Pointwise, let input = node.inputs.first ?? nil,
      editor.isPrivate(input), let (before, producer) = editor.producer(input)
    else { return false }
    let activation: Activation
    switch pointwise.expression {
    case .relu: activation = .relu
    case .relu6: activation = .relu6
    default: return false
    }
    guard let operation = fused(producer.operation, activation) else { return false }
    editor.remove(index)
    var merged = producer
    merged.operation = operation
    merged.outputs = node.outputs
    editor.replace(before, with: merged)
    return true
  }

  private static func fused(
    _ operation: any Operation, _ activation: Activation
  ) -> (any Operation)? {
    switch operation {
    case var layer as Conv2D:
      guard let both = merged(layer.activation, activation) else { return nil }
      layer.activation = both
      return layer
    case var layer as DepthwiseConv2D:
      guard let both = merged(layer.activation, activation) else { return nil }
      layer.activation = both
      return layer
    case var layer as FullyConnected:
      guard let both = merged(layer.activation, activation) else { return nil }
      layer.activation = both
      return layer
    case var layer as TransposedConv2D:
      guard let both = merged(layer.activation, activation) else { return nil }
      layer.activation = both
      return layer
    case var layer as Binary where !layer.function.isLogical:
      guard let both = merged(layer.activation, activation) else { return nil }
      layer.activation = both
      return layer
    case var layer as AveragePool2D:
      guard let both = merged(layer.activation, activation) else { return nil }
      layer.activation = both
      return layer
    case var layer as MaxPool2D:
      guard let both = merged(layer.activation, activation) else { return nil }
      layer.activation = both
      return layer
    default: return nil
    }
  }

  /// The activation that equals `first`, then `second`.
  private static func merged(_ first: Activation, _ second: Activation) -> Activation? {
    first == .relu6 || second == .none ? first : second
  }
}
