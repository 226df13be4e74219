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

  /// `Cast`; float16 and double are read as float32, so that casts between the three do nothing.
  @Sendable static func cast(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let dataType = try node.int("to", default: 0)
    if ONNXNarrowTypes.contains(dataType) { return try narrow(node, &builder, to: dataType) }
    guard let target = ONNXTensor.elementType(dataType) else {
      throw node.unsupported(
        "it casts to ONNX data type \(dataType); casts to floating-point and integer types and to "
          + "bool are run")
    }
    try cast(node, &builder, to: target)
  }

  /// `CastLike`: to the second operand's type.
  @Sendable static func castLike(
    _ node: ONNXNode, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let model = try builder.operand(node, 1)
    if let dataType = builder.narrowTypes[node.inputs[1]] {
      return try narrow(node, &builder, to: dataType)
    }
    try cast(node, &builder, to: builder.graph[model].type.element)
  }

  private static func cast(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, to target: ElementType
  ) throws(GraphError) {
    let input = try builder.operand(node, 0)
    if builder.graph[input].type.element == target { return try builder.bind(node, input) }
    try builder.bind(node, try builder.emit(Cast(to: target), [input], node: node))
  }

  /// To a type that stands in a wider one. `saturate` is of 8-bit floats. Reals beyond the 4-bit
  /// integers become their ends, as in onnx's tests (the operator's text leaves it open).
  private static func narrow(
    _ node: ONNXNode, _ builder: inout ONNXBuilder, to dataType: Int
  ) throws(GraphError) {
    var reals = try builder.operand(node, 0)
    if builder.graph[reals].type.element != .float32 {
      reals = try builder.emit(Cast(to: .float32), [reals], node: node, suffix: "/reals")
    }
    if let format = ONNXTensor.narrowFloat(dataType) {
      let saturates = try node.int("saturate", default: 1) != 0
      let operation = RoundToFormat(
        format: format, saturates: saturates && format.bitWidth == 8)
      return try builder.bind(node, try builder.emit(operation, [reals], node: node))
    }
    guard let levels = ONNXNarrowTypes.levels(of: dataType),
      let element = ONNXTensor.elementType(dataType)
    else { throw node.unsupported("it casts to ONNX data type \(dataType)") }
    let ends = PointwiseExpression.clip(Double(levels.lowerBound), Double(levels.upperBound))
    let clipped = try builder.emit(Pointwise(ends), [reals], node: node, suffix: "/ends")
    try builder.bind(node, try builder.emit(Cast(to: element), [clipped], node: node))
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
