public import ModelGraph
import PlanFormat

/// exp(β·x) / Σ exp(β·x) over the last axis, or its logarithm, or 1 at the first of its largest.
public struct Softmax: RowOperation, Equatable {
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

  public func row(_ row: [Float]) -> [Float] {
    let largest = row.max() ?? 0
    if form == .hard {
      var chosen = [Float](repeating: 0, count: row.count)
      chosen[row.firstIndex(of: largest) ?? 0] = 1
      return chosen
    }
    let distances = row.map { Double(beta) * (Double($0) - Double(largest)) }
    let powers = distances.map(Exponential.exp)
    let sum = powers.reduce(0, +)
    return form == .share
      ? powers.map { Float($0 / sum) } : distances.map { Float($0 - RealFunctions.log(sum)) }
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
