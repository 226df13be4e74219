/// An executable plan: the portable program a bundle carries and every CPU runs.
///
/// Activations live in one arena at fixed offsets, constants in the weights section. Everything a
/// kernel needs is stated here in integers; nothing is derived on the device.
public struct Plan: Sendable, Equatable {
  /// Bytes of the arena that holds every activation, as placed by Lowering.
  public var arenaBytes: Int
  /// Bytes of the weights section the constant references point into.
  public var weightsBytes: Int
  /// Multiply-accumulates of one inference.
  public var multiplyAccumulates: Int
  /// Every activation tensor.
  public var tensors: [PlanTensor]
  /// Tensors the caller fills, in the order of the model file.
  public var inputs: [TensorIndex]
  /// Tensors the caller reads, in the order of the model file.
  public var outputs: [TensorIndex]
  /// Tensors telemetry reads after a run. Lowering keeps them alive to the end.
  public var taps: [TensorIndex]
  /// What is kept from run to run.
  public var states: [PlanState]
  /// The program, in order of execution.
  public var instructions: [Instruction]

  /// Creates a plan from its parts; validity is checked when it is encoded or decoded.
  public init(
    arenaBytes: Int, weightsBytes: Int, multiplyAccumulates: Int, tensors: [PlanTensor],
    inputs: [TensorIndex], outputs: [TensorIndex], taps: [TensorIndex], states: [PlanState] = [],
    instructions: [Instruction]
  ) {
    self.arenaBytes = arenaBytes
    self.weightsBytes = weightsBytes
    self.multiplyAccumulates = multiplyAccumulates
    self.tensors = tensors
    self.inputs = inputs
    self.outputs = outputs
    self.taps = taps
    self.states = states
    self.instructions = instructions
  }
}

extension Plan {
  /// The first tap that is neither int8 nor int16, if any: telemetry reads no others.
  public var unreadableTap: PlanTensor? {
    for index in taps {
      let tensor = tensors[index.position]
      guard tensor.element == .int8 || tensor.element == .int16 else { return tensor }
    }
    return nil
  }
}

/// Names a tensor of a plan by its position in `Plan.tensors`.
public struct TensorIndex: Sendable, Hashable {
  /// The position.
  public var position: Int

  /// Creates an index.
  public init(_ position: Int) { self.position = position }
}

/// The element types an activation can have.
public enum PlanElement: UInt8, Sendable {
  /// Signed 8-bit, the standard activation.
  case int8 = 1
  /// Signed 16-bit, zero point 0: an activation or a rank.
  case int16 = 2
  /// Signed 32-bit: ranks and sums of trees, zero point 0.
  case int32 = 3
  /// Signed 64-bit sums of trees, zero point 0.
  case int64 = 4

  /// What manifests and arrays call it.
  public var name: String {
    switch self {
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    }
  }

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .int8: 1
    case .int16: 2
    case .int32: 4
    case .int64: 8
    }
  }
}

/// An activation tensor: channels last, row-major, one item (the batch axis is 1 and kept).
public struct PlanTensor: Sendable, Equatable {
  /// Name of the value in the model file, for messages and tables.
  public var name: String
  /// Element type.
  public var element: PlanElement
  /// Dimensions, outermost first; rank 1 to 6. Rank 4 is [1, height, width, channels].
  public var shape: [Int]
  /// Byte offset in the arena, a multiple of 64.
  public var arenaOffset: Int
  /// real = (q − zeroPoint) · scale.
  public var scale: Float
  /// The integer that stands for 0.
  public var zeroPoint: Int32

  /// Creates a tensor record.
  public init(
    name: String, element: PlanElement, shape: [Int], arenaOffset: Int, scale: Float,
    zeroPoint: Int32
  ) {
    self.name = name
    self.element = element
    self.shape = shape
    self.arenaOffset = arenaOffset
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// Elements of the tensor.
  public var elementCount: Int { shape.reduce(1, *) }
  /// Bytes of the tensor.
  public var byteCount: Int { elementCount * element.byteCount }
}

/// A run of bytes in the weights section.
public struct ConstantReference: Sendable, Hashable {
  /// Byte offset, a multiple of 16.
  public var offset: Int
  /// Bytes.
  public var byteCount: Int

  /// Creates a reference.
  public init(offset: Int, byteCount: Int) {
    self.offset = offset
    self.byteCount = byteCount
  }
}

/// One step of a plan.
public struct Instruction: Sendable, Equatable {
  /// Name of the node in the model file, for messages and `bench --layers`.
  public var name: String
  /// What to compute.
  public var operation: PlanOperation
  /// Operands in the order the operation documents.
  public var inputs: [TensorIndex]
  /// Result.
  public var output: TensorIndex

  /// Creates an instruction.
  public init(
    name: String, operation: PlanOperation, inputs: [TensorIndex], output: TensorIndex
  ) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.output = output
  }
}
