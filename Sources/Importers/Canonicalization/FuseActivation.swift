import ModelGraph
import Operators

/// A relu or relu6 whose operand nobody else reads becomes part of the node before it.
enum FuseActivation {
  /// Into layers and pools.
  @Sendable static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    apply(&editor, index, node) { !($0 is Binary) }
  }

  /// Into functions of two tensors, once it is known that no layer takes those in.
  @Sendable static func applyToBinary(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node
  ) throws(GraphError) -> Bool {
    apply(&editor, index, node) { $0 is Binary }
  }

  private static func apply(
    _ editor: inout GraphEditor, _ index: Int, _ node: Node,
    _ accepts: (any Operation) -> Bool
  ) -> Bool {
    guard let pointwise = node.operation as? Pointwise, let input = node.inputs.first ?? nil,
      editor.isPrivate(input), let (before, producer) = editor.producer(input),
      accepts(producer.operation)
    else { return false }
    let activation: Activation
    switch pointwise.expression {
    case .relu: activation = .relu
    case .relu6: activation = .relu6
    default: return false
    }
    guard let layer = producer.operation as? any ActivatedOperation, layer.canActivate
    else { return false }
    editor.remove(index)
    var merged = producer
    merged.operation = layer.clamped(by: activation)
    merged.outputs = node.outputs
    editor.replace(before, with: merged)
    return true
  }
}
