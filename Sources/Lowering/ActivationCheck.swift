import ModelGraph

extension Graph {
  /// Makes sure of what lowering builds on: every activation is int8 with one finite positive scale
  /// and a zero point in range, is computed once, and before it is read.
  func checkActivations() throws(GraphError) {
    guard isQuantized else {
      throw .invalid(
        node: name, reason: "its activations are float; quantise it with calibration data")
    }
    var computed: Set<ValueID> = []
    for id in inputs { try checkActivation(id, computed: &computed) }
    for node in nodes {
      for case .some(let id) in node.inputs where !computed.contains(id) {
        guard self[id].constant != nil else {
          throw .invalid(node: node.name, reason: "it reads \(self[id].name) before it is computed")
        }
      }
      for id in node.outputs { try checkActivation(id, computed: &computed) }
    }
  }

  private func checkActivation(
    _ id: ValueID, computed: inout Set<ValueID>
  ) throws(GraphError) {
    let value = self[id]
    guard computed.insert(id).inserted else {
      throw .invalid(node: value.name, reason: "it is computed twice")
    }
    let range: ClosedRange<Int32>
    switch value.type.element {
    case .int8: range = -128...127
    case .int16: range = 0...0
    default:
      throw .unsupported(
        operation: "activation", node: value.name,
        reason: "it is \(value.type.element.rawValue); int8 and int16 activations run on a device")
    }
    guard let quantization = value.quantization, quantization.isPerTensor,
      quantization.zeroPoints.count == 1, quantization.scale.isFinite, quantization.scale > 0,
      range.contains(quantization.zeroPoint)
    else {
      throw .invalid(
        node: value.name,
        reason:
          "an \(value.type.element.rawValue) activation needs one finite positive scale and a zero "
          + "point in \(range)")
    }
  }
}
