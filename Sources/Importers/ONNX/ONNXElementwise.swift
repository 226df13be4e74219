import ModelGraph
import Operators

/// Element-wise operators of several tensors, and those that change no value.
enum ONNXElementwise {
  /// A function of two tensors.
  static func binary(
    _ function: BinaryFunction
  ) -> @Sendable (ONNXNode, inout ONNXBuilder) throws(GraphError) -> Void {
    { (node, builder) throws(GraphError) in
      try emit(function, node, &builder)
    }
  }

  private static func emit(
    _ function: BinaryFunction, _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    var left = try builder.operand(node, 0)
    var right = try aligned(node, &builder, left, try builder.operand(node, 1))
    // The constant, if any, stands on the right.
    if function == .add || function == .multiply, builder.data(left) != nil {
      swap(&left, &right)
    }
    try builder.bind(node, try builder.emit(Binary(function), [left, right], node: node))
  }

  /// The second operand as operator sets before 7 align it: with `broadcast` its first axis is axis
  /// `axis` of the first operand.
  private static func aligned(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ left: ValueID, _ right: ValueID
  ) throws(GraphError) -> ValueID {
    guard builder.opset < 7, try node.int("broadcast", default: 0) == 1 else { return right }
    let (rank, shape) = (builder.shape(left).count, builder.shape(right))
    let axis = try node.int("axis", default: rank - shape.count)
    let behind = rank - (axis < 0 ? axis + rank : axis) - shape.count
    guard (0...rank).contains(behind) else { throw node.invalid("axis \(axis) of \(rank)") }
    return try builder.reshape(
      right, shape + [Int](repeating: 1, count: behind), node: node, suffix: "/aligned")
  }

  /// `PRelu`; before operator set 7 its slopes lie along axis 1.
  @Sendable static func slope(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    var slope = try builder.operand(node, 1)
    let (rank, shape) = (builder.shape(input).count, builder.shape(slope))
    if builder.opset < 7, shape.count == 1, shape[0] > 1, rank > 2 {
      slope = try builder.reshape(
        slope, shape + [Int](repeating: 1, count: rank - 2), node: node, suffix: "/channels")
    }
    try builder.bind(node, try builder.emit(Binary(.slope), [input, slope], node: node))
  }

  /// `Mod`, with `fmod` of the first operand's sign.
  @Sendable static func modulo(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    try emit(try node.int("fmod", default: 0) == 1 ? .remainder : .modulo, node, &builder)
  }

  /// `Sum`, `Max`, `Min` of any number of tensors, from the left.
  static func chain(
    _ function: BinaryFunction
  ) -> @Sendable (ONNXNode, inout ONNXBuilder) throws(GraphError) -> Void {
    { (node, builder) throws(GraphError) in
      try builder.bind(node, try chained(function, node, &builder))
    }
  }

  /// `Mean` of any number of tensors.
  @Sendable static func mean(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let sum = try chained(.add, node, &builder)
    let share = PointwiseExpression.binary(
      .divide, .variable, .constant(Double(node.inputs.count)))
    try builder.bind(node, try builder.emit(Pointwise(share), [sum], node: node, suffix: "/mean"))
  }

  private static func chained(
    _ function: BinaryFunction, _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) -> ValueID {
    var result = try builder.operand(node, 0)
    for index in node.inputs.indices.dropFirst() {
      let next = try builder.operand(node, index)
      let suffix = index + 1 == node.inputs.count ? "" : "/\(index)"
      result = try builder.emit(Binary(function), [result, next], node: node, suffix: suffix)
    }
    return result
  }

  /// `Where`.
  @Sendable static func choice(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let operands: [ValueID?] = [
      try builder.operand(node, 0), try builder.operand(node, 1), try builder.operand(node, 2),
    ]
    try builder.bind(node, try builder.emit(Where(), operands, node: node))
  }

  /// `Cast`; float16 and double are read as float32, so that casts between the three do nothing.
  @Sendable static func cast(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let input = try builder.operand(node, 0)
    let code = try node.int("to", default: 0)
    // Types from bfloat16 (16) on are held in wider ones here, which would keep what they round away.
    guard code < 16, let target = ONNXTensor.elementType(code) else {
      throw node.unsupported(
        "it casts to ONNX data type \(code); casts to float32, float16, double, bool and integers "
          + "of 8 bits and more are run")
    }
    guard let format = ONNXTensor.narrowFloat(code), format.bitWidth == 8 else {
      return try cast(node, &builder, input, to: target)
    }
    let saturates = try node.int("saturate", default: 1) != 0
    var reals = input
    if builder.graph[input].type.element != .float32 {
      reals = try builder.emit(Cast(to: .float32), [input], node: node, suffix: "/reals")
    }
    let operation = RoundToFormat(format: format, saturates: saturates)
    try builder.bind(node, try builder.emit(operation, [reals], node: node))
  }

  /// `CastLike`: to the second operand's type.
  @Sendable static func castLike(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let target = builder.graph[try builder.operand(node, 1)].type.element
    try cast(node, &builder, try builder.operand(node, 0), to: target)
  }

  private static func cast(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, _ input: ValueID, to target: ElementType
  ) throws(GraphError) {
    if builder.graph[input].type.element == target { return try builder.bind(node, input) }
    try builder.bind(node, try builder.emit(Cast(to: target), [input], node: node))
  }

  /// `Identity`: another name for the same value.
  @Sendable static func identity(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    try builder.bind(node, try builder.operand(node, 0))
  }

  /// `Dropout` does nothing at inference; its mask is not computed.
  @Sendable static func dropout(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    if let id = try builder.optional(node, 2), builder.data(id)?.integers != [0] {
      throw node.unsupported("it is in training mode; export the model for inference")
    }
    try builder.bind(node, try builder.operand(node, 0))
  }
}
