public import ModelGraph

/// An operation on each row along the last axis by itself.
public protocol RowOperation: Operation {
  /// The result of one row, of the same length.
  func row(_ row: [Float]) -> [Float]
}

extension RowOperation {
  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard input.shape.last ?? 0 > 0 else {
      throw .invalid(node: "", reason: "it has no last axis in \(input.shape)")
    }
    return [input]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    _ = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })
    let input = try floats(0, of: operands)
    let length = shape[shape.count - 1]
    let rows = stride(from: 0, to: input.count, by: length).flatMap {
      row(Array(input[$0..<$0 + length]))
    }
    return [TensorData(shape: shape, floats: rows)]
  }
}
