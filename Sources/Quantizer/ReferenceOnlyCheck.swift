import ModelGraph
import Operators

extension Graph {
  /// Throws at the first thing that the float reference computes and a device has no use for: a tensor
  /// without elements, integers in steps that depend on the input.
  func checkReferenceOnly() throws(GraphError) {
    for id in inputs { try checkElements(id, "input", self[id].name) }
    for node in nodes {
      for case .some(let id) in node.inputs + node.outputs {
        try checkElements(id, node.operation.name, node.name)
      }
      guard node.operation is Quantize, node.inputs.count > 1, let scale = node.inputs[1],
        self[scale].constant == nil
      else { continue }
      throw .unsupported(
        operation: node.operation.name, node: node.name,
        reason:
          "its scale depends on the input; quantise with constant scales, or export the model "
          + "in floats")
    }
  }

  private func checkElements(
    _ id: ValueID, _ operation: String, _ node: String
  ) throws(GraphError) {
    let value = self[id]
    guard value.type.isEmpty else { return }
    throw .unsupported(
      operation: operation, node: node,
      reason:
        "\(value.name) has shape \(value.type.shape) and so no elements; a device computes on "
        + "tensors that have some: leave it out of the model")
  }
}
