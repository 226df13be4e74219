import ModelGraph
import PlanFormat

/// What lowering needs to know of a quantised operand.
struct QuantizedOperand {
  var quantization: Quantization
  var shape: [Int]
  var tensor: TensorIndex?
  var constant: TensorData?

  /// The operand at a position of a node being lowered; it must be a quantised constant, or an
  /// activation of the element the instruction is for, nil for any.
  init(
    _ position: Int, of node: LoweringNode, _ element: ElementType? = .int8
  ) throws(GraphError) {
    guard position < node.operands.count, let operand = node.operands[position] else {
      throw .invalid(node: node.name, reason: "operand \(position) is missing")
    }
    self = try Self.make(operand, node.name, element)
  }

  /// The result of a node being lowered.
  init(resultOf node: LoweringNode, _ element: ElementType? = .int8) throws(GraphError) {
    guard let result = node.results.first else {
      throw .invalid(node: node.name, reason: "it has no result")
    }
    self = try Self.make(result, node.name, element)
  }

  private init(_ quantization: Quantization, _ operand: LoweringValue) {
    self.quantization = quantization
    shape = operand.value.type.shape
    tensor = operand.tensor
    constant = operand.value.constant
  }

  private static func make(
    _ operand: LoweringValue, _ node: String, _ element: ElementType?
  ) throws(GraphError) -> QuantizedOperand {
    guard let quantization = operand.value.quantization else {
      // Lowering puts the operation's name in the place of this one.
      throw .unsupported(
        operation: "operand", node: node,
        reason: "\(operand.value.name) carries no quantisation: quantise the model first")
    }
    guard !quantization.scales.isEmpty,
      quantization.scales.count == quantization.zeroPoints.count,
      quantization.scales.allSatisfy({ $0.isFinite && $0 >= 0 }),
      operand.value.constant != nil || quantization.isPerTensor && quantization.scale > 0
    else {
      throw .invalid(
        node: node, reason: "the scales of \(operand.value.name) are not finite positive numbers")
    }
    if let element, operand.value.constant == nil, operand.value.type.element != element {
      throw .unsupported(
        operation: "operand", node: node,
        reason: "\(operand.value.name) is \(operand.value.type.element.rawValue), and its integer "
          + "form takes \(element.rawValue)")
    }
    return QuantizedOperand(quantization, operand)
  }

  /// The tensor of an activation.
  func activation(_ node: LoweringNode) throws(GraphError) -> TensorIndex {
    guard let tensor else {
      throw .unsupported(
        operation: "constant operand", node: node.name,
        reason: "this operand must be computed, not constant; fold the node before export")
    }
    return tensor
  }
}

extension Activation {
  /// The clamp in the integers of a result, as TFLite's CalculateActivationRangeQuantized.
  func bounds(
    in quantization: Quantization, isWide: Bool = false
  ) -> (minimum: Int32, maximum: Int32) {
    let range: ClosedRange<Int32> = isWide ? -32768...32767 : -128...127
    let zero = max(range.lowerBound, quantization.zeroPoint)
    switch self {
    case .none: return (range.lowerBound, range.upperBound)
    case .relu: return (zero, range.upperBound)
    case .relu6:
      let six = (6 / quantization.scale).rounded(.toNearestOrAwayFromZero)
      return (zero, Int32(min(Float(range.upperBound), Float(quantization.zeroPoint) + six)))
    }
  }
}

extension PlanBuilder {
  /// Stores scales as the multipliers and shifts of a requantisation.
  mutating func requantization(
    _ scales: [FixedPointScale], rounding: Requantization.Rounding, result: Quantization,
    activation: Activation
  ) -> Requantization {
    let (minimum, maximum) = activation.bounds(in: result)
    return Requantization(
      multipliers: constant(littleEndian(scales.map(\.multiplier))),
      shifts: constant(scales.map { UInt8(bitPattern: Int8($0.shift)) }),
      rounding: rounding, outputZeroPoint: result.zeroPoint, minimum: minimum, maximum: maximum)
  }

  /// Stores int8 weights.
  mutating func weights(_ operand: QuantizedOperand, _ node: LoweringNode) throws(GraphError)
    -> ConstantReference
  {
    guard case .int8(let elements)? = operand.constant?.elements else {
      throw .unsupported(
        operation: "weights", node: node.name,
        reason: "its weights are not constant int8; only those run on a device")
    }
    guard operand.quantization.zeroPoints.allSatisfy({ $0 == 0 }) else {
      throw .unsupported(
        operation: "weights", node: node.name,
        reason: "its weights have a zero point; quantise them symmetrically")
    }
    return constant(elements.map { UInt8(bitPattern: $0) })
  }

  /// Stores the int32 bias of a node, zeros if it has none.
  mutating func bias(_ position: Int, of node: LoweringNode, count: Int) throws(GraphError)
    -> ConstantReference
  {
    guard position < node.operands.count, let operand = node.operands[position] else {
      return constant([UInt8](repeating: 0, count: 4 * count))
    }
    guard case .int32(let elements)? = operand.value.constant?.elements, elements.count == count
    else {
      throw .unsupported(
        operation: "bias", node: node.name, reason: "its bias is not \(count) constant int32")
    }
    return constant(littleEndian(elements))
  }
}

/// The bytes of 32-bit integers, least significant first.
func littleEndian(_ values: [Int32]) -> [UInt8] {
  values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
