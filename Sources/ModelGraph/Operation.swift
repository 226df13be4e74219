public import PlanFormat

/// What a node does: one type per operator, in its own file of the Operators module, holding all
/// that is known of it: its shape rule, its float reference, its quantisation rule, its lowering.
public protocol Operation: Sendable {
  /// Name in tables and messages, e.g. `Conv2D`.
  static var name: String { get }

  /// The shape rule: types of the results from the types of the operands.
  ///
  /// - Throws: `GraphError.invalid` with an empty node name; the caller fills it in.
  func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType]

  /// The float reference: fixed order of summation, no fused multiply-add, one item.
  ///
  /// - Throws: `GraphError.invalid` when the operands are not what the operation takes.
  func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData]

  /// How its operands and result are quantised.
  var quantizationRule: QuantizationRule { get }

  /// f(a · x) = a · f(x) for a > 0 per channel: equalisation may move scales through it.
  var isPositivelyHomogeneous: Bool { get }

  /// Result element i depends on element i of each operand (broadcast where it has fewer), and on
  /// nothing else: it commutes with whatever moves elements.
  var isElementwise: Bool { get }

  /// The operation on operands whose axes are in another order, for layouts to move past it.
  ///
  /// - Parameter permutation: every operand is a transpose by it of another tensor, all of one rank.
  /// - Returns: the operation that takes those other tensors, and the permutation that turns its
  ///   result into this one's; nil when there is none.
  func ignoring(
    _ permutation: [Int]
  ) -> (operation: any Operation, permutation: [Int])?

  /// Multiply-accumulates of one evaluation.
  func multiplyAccumulates(_ operands: [ValueType?]) -> Int

  /// Bytes of what it lists itself, such as positions, beside its operands.
  var attributeBytes: Int { get }

  /// Emits the integer instructions of a quantised node.
  ///
  /// - Throws: `GraphError.unsupported` when these types have no integer form.
  func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError)

  /// Attributes for `inspect --layers`, e.g. `3x3 stride 2 relu`.
  var summary: String { get }
}

extension Operation {
  /// Name in tables and messages.
  public var name: String { Self.name }
  /// Most operators do not commute with scaling.
  public var isPositivelyHomogeneous: Bool { false }
  /// Most operators mix elements.
  public var isElementwise: Bool { false }
  /// Element-wise operators do not notice an order of axes; most others do.
  public func ignoring(
    _ permutation: [Int]
  ) -> (operation: any Operation, permutation: [Int])? {
    isElementwise ? (self, permutation) : nil
  }
  /// Most operators do not multiply.
  public func multiplyAccumulates(_ operands: [ValueType?]) -> Int { 0 }
  /// Most operators list nothing.
  public var attributeBytes: Int { 0 }
  /// Most operators have no attributes.
  public var summary: String { "" }
}

/// How an operator is quantised.
public enum QuantizationRule: Sendable, Equatable {
  /// int8 symmetric weights per output channel along `channelAxis` of operand `weights`; bias int32
  /// with scale input · weight; the result's range is calibrated.
  case weighted(weights: Int, bias: Int, channelAxis: Int)
  /// int8 symmetric weights per row (axis 0) of these constant operands; whatever else is constant
  /// stays; the result's range is calibrated.
  case rows([Int])
  /// The result's range is calibrated.
  case calibrated
  /// The result shares the first operand's parameters.
  case sameAsInput
  /// The result is an integer of its own, int32: a position, a class.
  case index
  /// The result's parameters are given.
  case fixed(scale: Float, zeroPoint: Int32)
}

/// An operand or result as lowering sees it.
public struct LoweringValue: Sendable {
  /// The value, with its quantisation.
  public var value: Value
  /// Its tensor in the plan; nil for constants.
  public var tensor: TensorIndex?

  /// Creates an operand.
  public init(value: Value, tensor: TensorIndex?) {
    self.value = value
    self.tensor = tensor
  }
}

/// A quantised node with its operands resolved.
public struct LoweringNode: Sendable {
  /// Name of the node.
  public var name: String
  /// Operands; nil where absent.
  public var operands: [LoweringValue?]
  /// Results.
  public var results: [LoweringValue]

  /// Creates a node.
  public init(name: String, operands: [LoweringValue?], results: [LoweringValue]) {
    self.name = name
    self.operands = operands
    self.results = results
  }
}

/// Collects the instructions and constants of a plan.
public struct PlanBuilder: Sendable {
  /// Instructions so far.
  public private(set) var instructions: [Instruction] = []
  /// The weights section so far.
  public private(set) var weights: [UInt8] = []
  private var references: [[UInt8]: ConstantReference] = [:]

  /// Creates an empty builder.
  public init() {}

  /// Appends an instruction.
  public mutating func emit(_ instruction: Instruction) { instructions.append(instruction) }

  /// Stores constant bytes at the next multiple of 16; equal bytes are stored once.
  public mutating func constant(_ bytes: [UInt8]) -> ConstantReference {
    if let known = references[bytes] { return known }
    weights.append(contentsOf: repeatElement(0, count: (16 - weights.count % 16) % 16))
    let reference = ConstantReference(offset: weights.count, byteCount: bytes.count)
    weights.append(contentsOf: bytes)
    references[bytes] = reference
    return reference
  }
}
