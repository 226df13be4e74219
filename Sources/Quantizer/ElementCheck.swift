import ModelGraph

extension Graph {
  /// Throws at the first tensor without elements: the float reference computes with such, a device has
  /// no use for them.
  func checkElements() throws(GraphError) {
    func check(_ id: ValueID, _ operation: String, _ node: String) throws(GraphError) {
      let value = self[id]
      guard value.type.isEmpty else { return }
      throw .unsupported(
        operation: operation, node: node,
        reason:
          "\(value.name) has shape \(value.type.shape) and so no elements; a device computes on "
          + "tensors that have some: leave it out of the model")
    }
    for id in inputs { try check(id, "input", self[id].name) }
    for node in nodes {
      for case .some(let id) in node.inputs + node.outputs {
        try check(id, node.operation.name, node.name)
      }
    }
  }
}
