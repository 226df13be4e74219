import ModelGraph
import Operators

/// The graph under construction; value k is tensor k, constants are read when a node first needs
/// them.
struct TFLiteBuilder {
  private(set) var graph: Graph
  let model: TFLiteModel
  /// Variables, by name, and which tensors are handles of which.
  var variables = TFLiteVariables()
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
    let size = isHalf ? 2 : element.byteCount
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

  /// A required operand with its type and elements.
  mutating func operandValue(_ node: TFLiteNode, _ index: Int) throws(GraphError) -> Value {
    let id = try operand(node, index)
    return graph[id]
  }

  /// The type the file states for a result.
  mutating func stated(_ node: TFLiteNode, _ index: Int) throws(GraphError) -> ValueType {
    guard node.outputs.indices.contains(index) else { throw node.invalid("it has no result") }
    let id = try value(node.outputs[index])
    return graph[id].type
  }

  /// An operand that must be constant integers, such as axes.
  mutating func integers(_ node: TFLiteNode, _ index: Int) throws(GraphError) -> [Int] {
    let id = try operand(node, index)
    guard let list = graph[id].constant?.integers, list.count <= 64 else {
      throw node.unsupported("operand \(graph[id].name) must be constant integers")
    }
    return list
  }

  /// Whether an operand is computed rather than constant.
  mutating func isComputed(_ node: TFLiteNode, _ index: Int) throws(GraphError) -> Bool {
    graph[try operand(node, index)].constant == nil
  }

  /// Weights and bias of a layer. int8 weights beside float activations (dynamic range) become
  /// floats: the model is then a float one.
  ///
  /// - Parameter places: which operands they are.
  mutating func weights(
    _ node: TFLiteNode, axis: Int, places: (input: Int, weights: Int, bias: Int) = (0, 1, 2)
  ) throws(GraphError) -> (input: ValueID, weights: ValueID, bias: ValueID?) {
    let input = try operand(node, places.input)
    var weights = try operand(node, places.weights)
    let bias = try optional(node, places.bias)
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
    return graph.add(
      Value(
        name: unique(value.name + "/float"), type: ValueType(.float32, shape),
        constant: TensorData(shape: shape, floats: floats)))
  }

  /// A value that nothing computes, of which `id` becomes a copy.
  mutating func source(of id: ValueID, named name: String) throws(GraphError) -> ValueID {
    let value = graph[id]
    let name = unique(name)
    let source = graph.add(Value(name: name, type: value.type, quantization: value.quantization))
    graph.nodes.insert(
      Node(
        name: value.name, operation: Reshape(shape: value.type.shape), inputs: [source],
        outputs: [id]), at: 0)
    return source
  }

  /// A value of its own with the same elements, computed even where `id` is constant.
  mutating func copy(of id: ValueID, named name: String) throws(GraphError) -> ValueID {
    let value = graph[id]
    let copy = Reshape(shape: value.type.shape)
    let type = try copy.singleResult([value.type], node: name)
    let name = unique(name)
    let result = graph.add(Value(name: name, type: type, quantization: value.quantization))
    graph.nodes.append(Node(name: name, operation: copy, inputs: [id], outputs: [result]))
    return result
  }

  /// Adds a state; its values are no inputs, outputs or constants.
  mutating func keep(_ state: GraphState) { graph.states.append(state) }

  /// The elements of a tensor that nothing computes.
  mutating func define(_ index: Int, as data: TensorData) throws(GraphError) {
    let id = try value(index)
    graph[id].constant = data
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
    try step(node, Reshape(shape: shape), [id], suffix: "/flat")
  }

  /// Adds a node that the file does not have, before `node`; its result has the parameters of its
  /// first operand. Of constants only, it is computed at once.
  mutating func step(
    _ node: TFLiteNode, _ operation: any Operation, _ inputs: [ValueID?], suffix: String
  ) throws(GraphError) -> ValueID {
    let operands = inputs.map { $0.map { graph[$0] } }
    let name = unique(node.name + suffix)
    if let data = try operation.folded(operands, node: node.name)?.first {
      return graph.add(
        Value(name: name, type: ValueType(data.type, data.shape), constant: data))
    }
    let type = try operation.singleResult(operands.map { $0?.type }, node: node.name)
    let quantization = operands.first??.quantization
    let result = graph.add(Value(name: name, type: type, quantization: quantization))
    graph.nodes.append(Node(name: name, operation: operation, inputs: inputs, outputs: [result]))
    return result
  }

  /// Binds the only result of `node` to a constant.
  mutating func bind(_ node: TFLiteNode, constant data: TensorData) throws(GraphError) {
    let id = constant(node, "/constant", data)
    try emit(node, Reshape(shape: data.shape), [id])
  }

  /// Adds a constant of `node` that the file does not have.
  mutating func constant(_ node: TFLiteNode, _ suffix: String, _ data: TensorData) -> ValueID {
    graph.add(
      Value(
        name: unique(node.name + suffix), type: ValueType(data.type, data.shape), constant: data))
  }

  private mutating func unique(_ name: String) -> String {
    var name = name
    while !names.insert(name).inserted { name += "~" }
    return name
  }

  /// Adds a node; its derived types must equal those the file states. Of constants only, it is
  /// computed at once. `result` says which of the file's several results its only one is.
  mutating func emit(
    _ node: TFLiteNode, _ operation: any Operation, _ inputs: [ValueID?],
    sameParameters: Bool = false, result: Int? = nil
  ) throws(GraphError) {
    var outputs: [ValueID] = []
    for tensor in result.map({ [node.outputs[$0]] }) ?? node.outputs {
      outputs.append(try value(tensor))
    }
    let operands = inputs.map { $0.map { graph[$0] } }
    if outputs.allSatisfy({ graph[$0].quantization == nil && !graph.outputs.contains($0) }),
      let folded = try operation.folded(operands, node: node.name)
    {
      guard folded.map({ ValueType($0.type, $0.shape) }) == outputs.map({ graph[$0].type }) else {
        throw node.invalid("its result is not what the file states")
      }
      for (output, data) in zip(outputs, folded) { graph[output].constant = data }
      return
    }
    for operand in operands {
      guard let operand, operand.constant == nil, operand.type.element == .uint8 else { continue }
      throw node.unsupported(
        "operand \(operand.name) is uint8; float32, int8, uint8 and 16x8 models are run: convert with "
          + "full-integer quantisation")
    }
    let derived = try operation.checkedResults(operands.map { $0?.type }, node: node.name)
    guard derived.count == outputs.count else {
      throw node.invalid("it has \(outputs.count) results and should have \(derived.count)")
    }
    for (type, output) in zip(derived, outputs) {
      guard type == graph[output].type else {
        throw node.invalid(
          "its result is stated as \(graph[output].type.shape), "
            + "\(graph[output].type.element.rawValue), and should be \(type.shape), "
            + type.element.rawValue)
      }
      // Positions and the like have no parameters to share.
      let shares = sameParameters && type.element == operands.first??.type.element
      try TFLiteQuantization.checkActivations(
        node, inputs: operands.compactMap { $0 }, result: graph[output], same: shares)
    }
    guard let first = outputs.first else { throw node.invalid("it has no result") }
    graph.nodes.append(
      Node(name: graph[first].name, operation: operation, inputs: inputs, outputs: outputs))
  }
}
