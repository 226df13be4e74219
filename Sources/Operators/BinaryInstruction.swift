import ModelGraph
import PlanFormat

/// The integer form of an element-wise function of two tensors. Scales are formed as LiteRT's
/// reference kernels form them, in float32 where they do, so that its ADD, SUB, MUL, MAXIMUM, MINIMUM,
/// SQUARED_DIFFERENCE and PRELU are met to the last bit.
struct BinaryInstruction {
  let operation: PlanOperation
  let inputs: [TensorIndex]
  let output: TensorIndex

  private let left: QuantizedOperand
  private let right: QuantizedOperand
  private let result: QuantizedOperand
  private let isWide: Bool

  init(
    _ binary: Binary, _ node: LoweringNode, into builder: inout PlanBuilder
  ) throws(GraphError) {
    left = try QuantizedOperand(0, of: node, nil)
    right = try QuantizedOperand(1, of: node, nil)
    result = try QuantizedOperand(resultOf: node, nil)
    output = try result.activation(node)
    let elements = Set((node.operands + node.results).map { $0?.value.type.element })
    guard elements == [.int8] || elements == [.int16] else {
      throw Self.refusal(node, "its operands and result are not all int8 or all int16")
    }
    isWide = elements == [.int16]
    let constant = try Self.constant(left, right, node, into: &builder)
    inputs = [left, right].compactMap { $0.constant == nil ? $0.tensor : nil }
    guard inputs.count == (constant == nil ? 2 : 1) else {
      throw Self.refusal(node, "all its operands are constant; fold the node before export")
    }
    guard let function = Self.integerForm(binary.function, isWide: isWide) else {
      throw Self.refusal(
        node, "\(binary.function.rawValue) of \(isWide ? "int16" : "int8") has no integer form")
    }
    let arithmetic = Self.arithmetic(
      function, left.quantization, right.quantization, result.quantization, isWide: isWide,
      clamp: binary.activation.bounds(in: result.quantization, isWide: isWide))
    if function == .add, constant == nil, left.shape == right.shape {
      operation = isWide ? .addition16(arithmetic) : .addition(arithmetic)
    } else {
      operation = .elementwise(
        ElementwiseParameters(function: function, arithmetic: arithmetic, constant: constant))
    }
  }

  private static func refusal(_ node: LoweringNode, _ reason: String) -> GraphError {
    .unsupported(operation: Binary.name, node: node.name, reason: reason)
  }

  private static func integerForm(
    _ function: BinaryFunction, isWide: Bool
  ) -> ElementwiseParameters.Function? {
    switch function {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .maximum: .maximum
    case .minimum: .minimum
    case .divide where !isWide: .divide
    case .squaredDifference where !isWide: .squaredDifference
    case .slope where !isWide: .slope
    default: nil
    }
  }

  /// The operand that is constant, stored.
  private static func constant(
    _ left: QuantizedOperand, _ right: QuantizedOperand, _ node: LoweringNode,
    into builder: inout PlanBuilder
  ) throws(GraphError) -> ElementwiseParameters.Constant? {
    let isLeft = left.constant != nil
    guard let constant = isLeft ? left.constant : right.constant else { return nil }
    let bytes: [UInt8]
    switch constant.elements {
    case .int8(let elements): bytes = elements.map { UInt8(bitPattern: $0) }
    case .int16(let elements):
      bytes = elements.flatMap {
        [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]
      }
    default: throw refusal(node, "its constant operand is not int8 or int16")
    }
    guard (isLeft ? left : right).quantization.isPerTensor else {
      throw refusal(node, "its constant operand has a scale per channel; give it a single one")
    }
    return ElementwiseParameters.Constant(
      isLeft: isLeft, shape: constant.shape, elements: builder.constant(bytes))
  }

  private static func arithmetic(
    _ function: ElementwiseParameters.Function, _ left: Quantization, _ right: Quantization,
    _ result: Quantization, isWide: Bool, clamp: (minimum: Int32, maximum: Int32)
  ) -> AdditionParameters {
    let (a, b, unit) = (left.scale, right.scale, result.scale)
    // Both operands in units of twice the larger scale, after a shift that keeps their fractions.
    let twice = 2 * Double(max(a, b))
    let headroom: Int32
    let scales: (left: Double, right: Double, output: Double)
    switch function {
    case .add, .subtract, .maximum, .minimum:
      headroom = isWide ? 15 : 20
      let raised = Double(1 << headroom)
      scales = (Double(a) / twice, Double(b) / twice, twice / (raised * Double(unit)))
    case .multiply:
      headroom = 0
      scales = (0, 0, Double(a * b / unit))
    case .divide:
      headroom = 22
      scales = (0, 0, Double(a) / Double(b) / Double(unit) / Double(1 << headroom))
    case .squaredDifference:
      headroom = 7
      let raised = Double(1 << (2 * headroom))
      scales = (Double(a) / twice, Double(b) / twice, twice * twice / (raised * Double(unit)))
    case .slope:
      headroom = 0
      scales = (Double(a / unit), 0, Double(a * b / unit))
    }
    return AdditionParameters(
      leftShift: headroom, leftZeroPoint: left.zeroPoint, rightZeroPoint: right.zeroPoint,
      left: FixedPointScale(nearestTo: scales.left),
      right: FixedPointScale(nearestTo: scales.right),
      output: FixedPointScale(nearestTo: scales.output), outputZeroPoint: result.zeroPoint,
      minimum: clamp.minimum, maximum: clamp.maximum)
  }
}
