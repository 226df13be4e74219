import ModelGraph

/// How importers and passes ask an operation for its results: within the limits, errors naming the
/// node.
extension Operation {
  /// The types of the results.
  ///
  /// - Parameter allowsEmpty: true where results without elements are taken.
  func checkedResults(
    _ operands: [ValueType?], node: String, allowsEmpty: Bool = false
  ) throws(GraphError) -> [ValueType] {
    let types: [ValueType]
    do throws(GraphError) {
      types = try resultTypes(operands)
    } catch {
      throw error.named(node, name)
    }
    for type in types {
      try ImportLimits.check(
        type.shape, node: node, "the result of \(name)", allowsEmpty: allowsEmpty)
    }
    return types
  }

  /// The type of the only result.
  func singleResult(_ operands: [ValueType?], node: String) throws(GraphError) -> ValueType {
    let types = try checkedResults(operands, node: node)
    guard types.count == 1 else {
      throw GraphError.invalid(node: node, reason: "\(name) has \(types.count) results")
    }
    return types[0]
  }

  /// The results when every operand is a constant of plain numbers and they are not too much to keep
  /// or to compute; nil otherwise.
  func folded(_ operands: [Value?], node: String) throws(GraphError) -> [TensorData]? {
    let present = operands.compactMap { $0 }
    guard !present.isEmpty, present.allSatisfy({ $0.constant != nil && $0.quantization == nil })
    else { return nil }
    let operandTypes = operands.map { $0?.type }
    // Shape computations know lists of no elements.
    let types = try checkedResults(operandTypes, node: node, allowsEmpty: true)
    guard types.reduce(0, { $0 + $1.shape.reduce(1, *) }) <= ImportLimits.foldedElements,
      multiplyAccumulates(operandTypes) <= ImportLimits.foldedWork
    else { return nil }
    if types.allSatisfy(\.isEmpty) { return types.map(TensorData.empty) }
    let results: [TensorData]
    do throws(GraphError) {
      results = try evaluate(operands.map { $0?.constant })
    } catch {
      throw error.named(node, name)
    }
    // The smallest of no elements is infinite, which no constant of a graph may be.
    let readsNothing = operandTypes.contains { $0?.isEmpty ?? false }
    return readsNothing && !results.allSatisfy(\.isFinite) ? nil : results
  }
}

extension TensorData {
  /// True if every float is finite; integers always are.
  var isFinite: Bool { floats?.allSatisfy(\.isFinite) ?? true }
}

extension GraphError {
  /// The same error with node and operator filled in where a shape rule left them empty.
  func named(_ node: String, _ operation: String) -> GraphError {
    switch self {
    case .invalid(let name, let reason) where name.isEmpty:
      .invalid(node: node, reason: "\(operation): \(reason)")
    case .unsupported(let operation, let name, let reason) where name.isEmpty:
      .unsupported(operation: operation, node: node, reason: reason)
    default: self
    }
  }
}
