import ModelGraph
import Operators

/// The graph under construction; value k is tensor k, constants are read when a node first needs
/// them.
struct TFLiteBuilder {
  private(set) var graph: Graph
  private let model: TFLiteModel
  private var typed: Set<Int> = []
  private var constantBytes = 0
  private var names: Set<String> = []

  /// Starts with the interface.
  init(
    _ model: TFLiteModel, name: String, constants: [String: TensorData]
  ) throws(GraphError) {
    self.model = model
    graph = Graph(name: name)
    for tensor in model.tensors {
      var unique = tensor.name
      var suffix = 1
      while !names.insert(unique).inserted {
        unique = "\(tensor.name)~\(suffix)"
        suffix += 1
      }
      _ = graph.add(Value(name: unique, type: ValueType(.float32, [])))
    }
    let bound = try BoundConstants(constants, inputs: model.inputs.map { model.tensors[$0].name })
    for input in model.inputs {
      let id = try value(input)
      if let data = try bound.constant(model.tensors[input].name, of: graph[id].type) {
        graph[id].constant = data
      } else {
        graph.inputs.append(id)
      }
    }
    graph.outputs = model.outputs.map(ValueID.init)
  }

  /// Types tensor `index`, reads its parameters and, for a constant, its elements.
  mutating func value(_ index: Int) throws(GraphError) -> ValueID {
    let id = ValueID(index)
    guard typed.insert(index).inserted else { return id }
    let tensor = model.tensors[index]
    guard let element = tensor.element else {
      throw GraphError.unsupported(
        operation: "tensor", node: tensor.name,
        reason: "TFLite type \(tensor.type) is not read; export with float32 or int8")
    }
    guard !tensor.isVariable, !tensor.isSparse else {
      throw GraphError.unsupported(
        operation: "tensor", node: tensor.name,
        reason: "variable and sparse tensors are not run; export a stateless, dense model")
    }
    for (axis, size) in tensor.signature.enumerated() where size < 0 && axis > 0 {
      throw GraphError.invalid(
        node: tensor.name,
        reason: "dimension \(axis) is open; export the model with fixed shapes")
    }
    try ImportLimits.check(tensor.shape, node: tensor.name, "the tensor")
    graph[id].type = ValueType(element, tensor.shape)
    graph[id].quantization = try TFLiteQuantization.parameters(tensor, element)
    let raw = try model.data(of: tensor)
    if !raw.isEmpty {
      try fill(id, tensor, element, raw)
    } else if tensor.type == TFLiteTensor.halfPrecision {
      throw GraphError.unsupported(
        operation: "tensor", node: tensor.name,
        reason: "activations of float16 are not run; export with float32 ones")
    }
    if element == .uint8 { shift(id) }
    return id
  }

  /// Unsigned integers that stand for reals become signed ones, 128 less, zero point and all: the
  /// reals stay.
  private mutating func shift(_ id: ValueID) {
    guard var parameters = graph[id].quantization else { return }
    parameters.zeroPoints = parameters.zeroPoints.map { $0 - 128 }
    graph[id].quantization = parameters
    graph[id].type.element = .int8
    graph[id].fileElement = .uint8
    guard case .uint8(let elements)? = graph[id].constant?.elements else { return }
    graph[id].constant = TensorData(
      shape: graph[id].type.shape,
      elements: .int8(elements.map { Int8(bitPattern: $0 ^ 0x80) }))
  }

  private mutating func fill(
    _ id: ValueID, _ tensor: TFLiteTensor, _ element: ElementType, _ raw: ArraySlice<UInt8>
  ) throws(GraphError) {
    constantBytes += raw.count
    guard constantBytes <= ImportLimits.constantBytes else {
      throw GraphError.malformed("TFLite: constants beyond \(ImportLimits.constantBytes) bytes")
    }
    let isHalf = tensor.type == TFLiteTensor.halfPrecision
    let size =
      switch element {
      case .float32 where isHalf: 2
      case .float32, .int32: 4
      case .int64: 8
      case .int16: 2
      case .int8, .uint8, .bool: 1
      }
    let count = ImportLimits.count(tensor.shape) ?? 0
    guard raw.count == count * size else {
      throw GraphError.malformed(
        "TFLite: constant \(tensor.name) of shape \(tensor.shape) holds \(raw.count) bytes")
    }
    let elements: TensorData.Elements =
      isHalf
      ? .float32(try LittleEndianArray.load(raw, UInt16.self).map(NarrowFloat.half.float(bits:)))
      : try LittleEndianArray.elements(raw, element)
    graph[id].constant = TensorData(shape: tensor.shape, elements: elements)
  }

  // MARK: Operands

  /// A required operand.
  mutating func operand(_ node: TFLiteNode, _ index: Int) throws(GraphError) -> ValueID {
    guard let id = try optional(node, index) else {
      throw node.invalid("operand \(index) is missing")
    }
    return id
  }

  /// An optional operand.
  mutating func optional(_ node: TFLiteNode, _ index: Int) throws(GraphError) -> ValueID? {
    guard index < node.inputs.count, node.inputs[index] >= 0 else { return nil }
    return try value(node.inputs[index])
  }

  /// An operand that must be constant integers, such as axes.
  mutating func integers(_ node: TFLiteNode, _ index: Int) throws(GraphError) -> [Int] {
    let id = try operand(node, index)
    guard let list = graph[id].constant?.integers, list.count <= 64 else {
      throw node.unsupported("operand \(graph[id].name) must be constant integers")
    }
    return list
  }

  /// Weights and bias of a layer. int8 weights beside float activations (dynamic range) become
  /// floats: the model is then a float one.
  mutating func weights(
    _ node: TFLiteNode, axis: Int
  ) throws(GraphError) -> (input: ValueID, weights: ValueID, bias: ValueID?) {
    let input = try operand(node, 0)
    var weights = try operand(node, 1)
    let bias = try optional(node, 2)
    guard graph[weights].constant != nil, bias.map({ graph[$0].constant != nil }) ?? true else {
      throw node.unsupported("computed weights are not run; weights and bias must be constant")
    }
    if graph[input].type.element == .float32, graph[weights].type.element == .int8 {
      weights = try dequantized(weights, node)
    }
    try TFLiteQuantization.checkLayer(
      node, input: graph[input], weights: graph[weights], bias: bias.map { graph[$0] }, axis: axis)
    return (input, weights, bias)
  }

  /// Reals of quantised constants.
  mutating func dequantized(
    _ id: ValueID, _ node: TFLiteNode
  ) throws(GraphError) -> ValueID {
    let value = graph[id]
    guard let integers = value.constant?.integers, let parameters = value.quantization else {
      throw node.invalid("int8 weights \(value.name) have no scale")
    }
    let shape = value.type.shape
    let inner =
      parameters.isPerTensor ? 1 : shape[(parameters.axis + 1)...].reduce(1, *)
    let floats = integers.enumerated().map { position, q -> Float in
      let channel = parameters.isPerTensor ? 0 : position / inner % shape[parameters.axis]
      return Float(q - Int(parameters.zeroPoints[channel])) * parameters.scales[channel]
    }
    var name = value.name + "/float"
    while !names.insert(name).inserted { name += "~" }
    return graph.add(
      Value(
        name: name, type: ValueType(.float32, shape),
        constant: TensorData(shape: shape, floats: floats)))
  }

  /// Gives the result of a node the elements of another constant.
  mutating func define(_ index: Int, as constant: ValueID) throws(GraphError) {
    let id = try value(index)
    graph[id].constant = graph[constant].constant
  }

  // MARK: Nodes

  /// A reshape of `id` in front of `node`, with the same parameters.
  mutating func flattened(
    _ node: TFLiteNode, _ id: ValueID, _ shape: [Int]
  ) throws(GraphError) -> ValueID {
    let source = graph[id]
    let operation = Reshape(shape: shape)
    let type = try operation.singleResult([source.type], node: node.name)
    var name = node.name + "/flat"
    while !names.insert(name).inserted { name += "~" }
    let result = graph.add(Value(name: name, type: type, quantization: source.quantization))
    graph.nodes.append(
      Node(name: name, operation: operation, inputs: [id], outputs: [result]))
    return result
  }

  /// Adds a node; its derived type must equal the one the file states. Of constants only, it is
  /// computed at once.
  mutating func emit(
    _ node: TFLiteNode, _ operation: any Operation, _ inputs: [ValueID?],
    sameParameters: Bool = false
  ) throws(GraphError) {
    guard node.outputs.count == 1 else { throw node.invalid("it should have one result") }
    let output = try value(node.outputs[0])
    if graph[output].quantization == nil, !graph.outputs.contains(output),
      let folded = try operation.folded(inputs.map { $0.map { graph[$0] } }, node: node.name)
    {
      guard folded.count == 1, ValueType(folded[0].type, folded[0].shape) == graph[output].type
      else { throw node.invalid("its result is not what the file states") }
      graph[output].constant = folded[0]
      return
    }
    for case .some(let input) in inputs {
      let type = graph[input].type.element
      guard graph[input].constant != nil || type != .uint8 else {
        throw node.unsupported(
          "operand \(graph[input].name) is \(type.rawValue); float32, int8, uint8 and 16x8 models "
            + "are run: convert with full-integer quantisation")
      }
    }
    let derived = try operation.singleResult(
      inputs.map { $0.map { graph[$0].type } }, node: node.name)
    guard derived == graph[output].type else {
      throw node.invalid(
        "its result is stated as \(graph[output].type.shape), "
          + "\(graph[output].type.element.rawValue), and should be \(derived.shape), "
          + derived.element.rawValue)
    }
    try TFLiteQuantization.checkActivations(
      node, inputs: inputs.compactMap { $0.map { graph[$0] } }, result: graph[output],
      same: sameParameters)
    graph.nodes.append(
      Node(name: graph[output].name, operation: operation, inputs: inputs, outputs: [output]))
  }
}
