public import ModelGraph
import PlanFormat

/// The position of the first largest element along the last axis, as int64; that axis goes.
public struct TopClass: Operation, Equatable {
  /// Name in tables.
  public static let name = "TopClass"

  /// Creates the operation.
  public init() {}

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard input.shape.count > 1, input.shape[input.shape.count - 1] > 0 else {
      throw .invalid(
        node: "", reason: "it chooses along the last of two axes, not in \(input.shape)")
    }
    return [ValueType(.int64, input.shape.dropLast())]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let type = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })[0]
    let input = try floats(0, of: operands)
    let length = input.count / max(type.shape.reduce(1, *), 1)
    let classes = stride(from: 0, to: input.count, by: length).map { start -> Int64 in
      var best = 0
      for position in 1..<length where input[start + position] > input[start + best] {
        best = position
      }
      return Int64(best)
    }
    return [TensorData(shape: type.shape, elements: .int64(classes))]
  }

  public var quantizationRule: QuantizationRule { .index }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    guard let input = node.operands.first??.tensor, let output = node.results.first?.tensor else {
      throw .invalid(node: node.name, reason: "its operand is missing")
    }
    builder.emit(
      Instruction(name: node.name, operation: .topClass, inputs: [input], output: output))
  }
}
