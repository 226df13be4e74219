import ModelGraph

/// Inputs that are bound to constants at import; each must be an input of the model.
struct BoundConstants {
  private let constants: [String: TensorData]

  /// Checks that every name is one of `inputs`.
  init(_ constants: [String: TensorData], inputs: [String]) throws(GraphError) {
    self.constants = constants
    for name in constants.keys.sorted() where !inputs.contains(name) {
      throw GraphError.invalid(
        node: name,
        reason: "the model has no such input to bind to a constant; its inputs are "
          + inputs.joined(separator: ", "))
    }
  }

  /// True if no input is bound.
  var isEmpty: Bool { constants.isEmpty }

  /// The constant input `name` is bound to, which must be of its type; nil for a live input.
  func constant(_ name: String, of type: ValueType) throws(GraphError) -> TensorData? {
    guard let data = constants[name] else { return nil }
    guard ValueType(data.type, data.shape) == type else {
      throw GraphError.invalid(
        node: name,
        reason: "the input is \(type.element.rawValue) \(type.shape), and the constant bound to it "
          + "\(data.type.rawValue) \(data.shape)")
    }
    return data
  }
}
