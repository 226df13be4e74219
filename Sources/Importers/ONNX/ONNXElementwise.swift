import ModelGraph
import Operators

/// Element-wise operators.
enum ONNXElementwise {
  /// `Add`.
  @Sendable static func add(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    var left = try builder.operand(node, 0)
    var right = try builder.operand(node, 1)
    // The constant, if any, stands on the right.
    if builder.data(left) != nil { swap(&left, &right) }
    guard builder.data(left) == nil || builder.data(left)?.floats != nil else {
      throw node.unsupported("integer additions are not run")
    }
    let operation = Add(activation: .none)
    try builder.bind(node, try builder.emit(operation, [left, right], node: node))
  }

  /// `Relu`.
  @Sendable static func relu(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    try builder.bind(node, try builder.emit(Activate(kind: .relu), [input], node: node))
  }

  /// `Clip`; [0, ∞) and [0, 6] are the activations that fuse.
  @Sendable static func clip(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let low = try bound(node, builder, 1)
    let high = try bound(node, builder, 2)
    switch (low, high) {
    case (0, 6):
      try builder.bind(node, try builder.emit(Activate(kind: .relu6), [input], node: node))
    case (0, Float.greatestFiniteMagnitude...):
      try builder.bind(node, try builder.emit(Activate(kind: .relu), [input], node: node))
    case (-Float.greatestFiniteMagnitude, Float.greatestFiniteMagnitude...):
      try builder.bind(node, input)
    default:
      guard low.isFinite, high.isFinite, low <= high else {
        throw node.invalid("its bounds are [\(low), \(high)]")
      }
      let clip = Activate(kind: .clip(minimum: low, maximum: high))
      try builder.bind(node, try builder.emit(clip, [input], node: node))
    }
  }

  /// From operator set 11 on, the bounds are operands; an absent one does not bind.
  private static func bound(
    _ node: ONNXNode, _ builder: ONNXBuilder, _ index: Int
  ) throws(GraphError) -> Float {
    let open: Float =
      index == 1 ? -Float.greatestFiniteMagnitude : Float.greatestFiniteMagnitude
    guard try builder.optional(node, index) != nil else { return open }
    let data = try builder.floats(node, index)
    guard let value = data.floats?.first, data.count == 1 else {
      throw node.invalid("its bounds are not scalars")
    }
    return value
  }

  /// `Identity`: another name for the same value.
  @Sendable static func identity(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    try builder.bind(node, try builder.operand(node, 0))
  }

  /// `Dropout` does nothing at inference; its mask is not computed.
  @Sendable static func dropout(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    if let id = try builder.optional(node, 2), builder.data(id)?.integers != [0] {
      throw node.unsupported("it is in training mode; export the model for inference")
    }
    try builder.bind(node, try builder.operand(node, 0))
  }
}
