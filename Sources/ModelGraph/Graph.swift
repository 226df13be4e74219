/// Identifies a value of a graph by its position in `Graph.values`.
public struct ValueID: Hashable, Sendable {
  /// The position.
  public var position: Int

  /// Creates an identifier.
  public init(_ position: Int) { self.position = position }
}

/// How integers stand for reals: real = (q − zeroPoint) · scale.
public struct Quantization: Sendable, Equatable {
  /// One scale, or one per index along `axis`.
  public var scales: [Float]
  /// As many as the scales.
  public var zeroPoints: [Int32]
  /// Axis of per-channel parameters; ignored for a single scale.
  public var axis: Int

  /// Creates per-channel parameters.
  public init(scales: [Float], zeroPoints: [Int32], axis: Int) {
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
  }

  /// Creates per-tensor parameters.
  public init(scale: Float, zeroPoint: Int32) {
    self.init(scales: [scale], zeroPoints: [zeroPoint], axis: 0)
  }

  /// The single scale of per-tensor parameters.
  public var scale: Float { scales[0] }
  /// The single zero point of per-tensor parameters.
  public var zeroPoint: Int32 { zeroPoints[0] }
  /// True for one scale.
  public var isPerTensor: Bool { scales.count == 1 }
}

/// Element type and shape.
public struct ValueType: Sendable, Equatable {
  /// Element type.
  public var element: ElementType
  /// Dimensions; the batch is bound to 1.
  public var shape: [Int]

  /// Creates a type.
  public init(_ element: ElementType, _ shape: [Int]) {
    self.element = element
    self.shape = shape
  }

  /// True if it has no elements.
  public var isEmpty: Bool { shape.contains(0) }
}

/// An edge of the graph: a model input, a constant, or the result of a node.
public struct Value: Sendable {
  /// Name in the model file; passes derive new names from it.
  public var name: String
  /// Element type and shape.
  public var type: ValueType
  /// The elements of a constant.
  public var constant: TensorData?
  /// Set by import of a quantised model or by the quantiser.
  public var quantization: Quantization?
  /// Element type in the model file where it is another: uint8 was shifted to int8.
  public var fileElement: ElementType?
  /// Held in 16 bits where the quantiser chooses: rounded to 8, what a state gathers would be lost.
  public var isWide = false
  /// What a model file calls the classes that this value's integers count; empty where it does not.
  public var labels: [String] = []

  /// Creates a value.
  public init(
    name: String, type: ValueType, constant: TensorData? = nil, quantization: Quantization? = nil
  ) {
    self.name = name
    self.type = type
    self.constant = constant
    self.quantization = quantization
  }
}

/// One operation applied to values.
public struct Node: Sendable {
  /// Name in the model file.
  public var name: String
  /// What it does.
  public var operation: any Operation
  /// Operands in the order the operation documents; nil where an optional one is absent.
  public var inputs: [ValueID?]
  /// Results.
  public var outputs: [ValueID]

  /// Creates a node.
  public init(name: String, operation: any Operation, inputs: [ValueID?], outputs: [ValueID]) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.outputs = outputs
  }
}

/// A model: values, nodes in topological order, and its interface in the model file's order, names
/// and layout. Inside, image-like tensors are channels last.
public struct Graph: Sendable {
  /// Name of the model.
  public var name: String
  /// Every value.
  public var values: [Value]
  /// Nodes, each after those it reads from.
  public var nodes: [Node]
  /// Interface inputs.
  public var inputs: [ValueID]
  /// Interface outputs.
  public var outputs: [ValueID]
  /// What is kept from run to run; empty for most models.
  public var states: [GraphState]

  /// Creates a graph.
  public init(
    name: String, values: [Value] = [], nodes: [Node] = [], inputs: [ValueID] = [],
    outputs: [ValueID] = [], states: [GraphState] = []
  ) {
    self.name = name
    self.values = values
    self.nodes = nodes
    self.inputs = inputs
    self.outputs = outputs
    self.states = states
  }

  /// Accesses a value.
  public subscript(id: ValueID) -> Value {
    get { values[id.position] }
    set { values[id.position] = newValue }
  }

  /// Adds a value and returns its identifier.
  public mutating func add(_ value: Value) -> ValueID {
    values.append(value)
    return ValueID(values.count - 1)
  }

  /// True if the activations already carry integer parameters (a quantised model).
  public var isQuantized: Bool {
    inputs.contains { values[$0.position].quantization != nil }
  }
}

/// Why a model cannot be taken. `node` and `operator` are named so that the user finds them.
public enum GraphError: Error, Equatable {
  /// The file's bytes are not what its format says.
  case malformed(String)
  /// An operator, or a use of it, that Swiftlet does not run (exit 12).
  case unsupported(operation: String, node: String, reason: String)
  /// Shapes or types that do not go together.
  case invalid(node: String, reason: String)
}
