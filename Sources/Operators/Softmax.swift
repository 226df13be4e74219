public import ModelGraph
import PlanFormat

/// exp(β·x) / Σ exp(β·x) over the last axis, or its logarithm, or 1 at the first of its largest.
public struct Softmax: Operation, Equatable {
  /// What is made of the shares.
  public enum Form: String, Sendable {
    case share
    case logarithm
    /// 1 for the first of the largest, 0 for the others.
    case hard
  }

  /// Name in tables.
  public static let name = "Softmax"
  /// Multiplies the input.
  public var beta: Float
  /// What is made of the shares.
  public var form: Form

  /// Creates a softmax.
  public init(beta: Float, form: Form = .share) {
    self.beta = beta
    self.form = form
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard let length = input.shape.last, length > 0 else {
      throw .invalid(node: "", reason: "it has no last axis in \(input.shape)")
    }
    return [input]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let shape = try operand(0, of: operands).shape
    _ = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })
    let input = try floats(0, of: operands)
    let length = shape[shape.count - 1]
    var result = [Float](repeating: 0, count: input.count)
    for start in stride(from: 0, to: input.count, by: length) {
      let row = input[start..<start + length]
      let largest = row.max() ?? 0
      if form == .hard {
        result[row.firstIndex(of: largest) ?? start] = 1
        continue
      }
      let powers = row.map { Exponential.exp(Double(beta) * (Double($0) - Double(largest))) }
      var sum = 0.0
      for power in powers { sum += power }
      for (offset, power) in powers.enumerated() {
        let distance = Double(beta) * (Double(input[start + offset]) - Double(largest))
        result[start + offset] = Float(
          form == .share ? power / sum : distance - RealFunctions.log(sum))
      }
    }
    return [TensorData(shape: shape, floats: result)]
  }

  public var quantizationRule: QuantizationRule {
    form == .share ? .fixed(scale: 1 / 256, zeroPoint: -128) : .calibrated
  }

  /// Rows do not notice an order of the other axes.
  public func ignoring(
    _ permutation: [Int]
  ) -> (operation: any Operation, permutation: [Int])? {
    permutation.last == permutation.count - 1 ? (self, permutation) : nil
  }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node)
    let result = try QuantizedOperand(resultOf: node)
    guard form == .share else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "its \(form.rawValue) form runs in the float reference only; end with a softmax")
    }
    guard result.quantization == Quantization(scale: 1 / 256, zeroPoint: -128) else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "its result is not in steps of 1/256 from -128, the form int8 softmax has")
    }
    let scale = Double(beta) * Double(input.quantization.scale)
    guard scale.isFinite, scale > 0 else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "its beta is \(beta); integer softmax needs a positive one")
    }
    let table = ExponentialTable.make(scale: scale)
    let bytes = table.flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
    builder.emit(
      Instruction(
        name: node.name,
        operation: .softmax(SoftmaxParameters(table: builder.constant(bytes))),
        inputs: [try input.activation(node)], output: try result.activation(node)))
  }

  public var summary: String {
    ((form == .share ? [] : [form.rawValue]) + (beta == 1 ? [] : ["β \(beta)"]))
      .joined(separator: " ")
  }
}
