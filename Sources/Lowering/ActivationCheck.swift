import ModelGraph

extension Graph {
  /// Makes sure of what lowering builds on: every activation is a signed integer with one finite
  /// positive scale and a zero point in range, is computed once, and before it is read.
  func checkActivations() throws(GraphError) {
    guard isQuantized else {
      throw .invalid(
        node: name, reason: "its activations are float; quantise it with calibration data")
    }
    var computed: Set<ValueID> = []
    for id in sources { try checkActivation(id, by: nil, computed: &computed) }
    for node in nodes {
      for case .some(let id) in node.inputs where !computed.contains(id) {
        guard self[id].constant != nil else {
          throw .invalid(node: node.name, reason: "it reads \(self[id].name) before it is computed")
        }
      }
      for id in node.outputs { try checkActivation(id, by: node, computed: &computed) }
    }
  }

  /// - Parameter node: what computes it; nil for an input.
  private func checkActivation(
    _ id: ValueID, by node: Node?, computed: inout Set<ValueID>
  ) throws(GraphError) {
    let value = self[id]
    guard computed.insert(id).inserted else {
      throw .invalid(node: value.name, reason: "it is computed twice")
    }
    let zeroPoints: ClosedRange<Int32>
    switch value.type.element {
    case .int8: zeroPoints = -128...127
    case .int16, .int32, .int64: zeroPoints = 0...0
    case .float32, .uint8, .bool:
      throw .unsupported(
        operation: node?.operation.name ?? "input", node: node?.name ?? value.name,
        reason:
          "\(value.name) is \(value.type.element.rawValue); only signed integers run on a device")
    }
    guard let quantization = value.quantization, quantization.isPerTensor,
      quantization.zeroPoints.count == 1, quantization.scale.isFinite, quantization.scale > 0,
      zeroPoints.contains(quantization.zeroPoint)
    else {
      throw .invalid(
        node: value.name,
        reason: "an activation needs one finite positive scale and a zero point in \(zeroPoints)")
    }
  }
}
