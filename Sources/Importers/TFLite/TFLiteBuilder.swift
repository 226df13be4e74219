import ModelGraph
import Operators

/// The graph under construction. Value k is tensor k of the model's main subgraph, those of others
/// follow as they are needed; constants are read when a node first needs them.
struct TFLiteBuilder {
  private(set) var graph: Graph
  let model: TFLiteModel
  /// What the model keeps from run to run.
  var variables = TFLiteVariables()
  /// Variable tensors of sequences that are to be kept, as long as no layer has taken them.
  private(set) var tensorsToKeep: Set<String>
  private var scope: Scope
  private var constantBytes = 0
  private var names: Set<String> = []
  private var budget: ImportBudget
  private var inlined = 0
  private var inlinedTensors = 0

  /// The subgraph whose operators are being emitted.
  private struct Scope {
    /// Its number, and those of the subgraphs around it.
    var path: [Int]
    var tensors: [TFLiteTensor]
    /// The values of tensors typed so far.
    var values: [ValueID?]
    /// The variables that tensors are handles of.
    var handles: [Int: String] = [:]

    init(_ subgraph: TFLiteSubgraph, path: [Int]) {
      self.path = path
      tensors = subgraph.tensors
      values = [ValueID?](repeating: nil, count: tensors.count)
    }
  }

  /// Starts with the interface.
  init(
    _ model: TFLiteModel, name: String, constants: [String: TensorData],
    states: [StateRequest.Pair], keeping tensors: Set<String> = [], dataShapes: [[Int]]
  ) throws(GraphError) {
    self.model = model
    tensorsToKeep = tensors
    budget = ImportBudget(fileBytes: model.byteCount)
    let main = model.main
    graph = Graph(name: name)
    scope = Scope(main, path: [0])
    for tensor in main.tensors {
      var unique = tensor.name
      var suffix = 1
      while !names.insert(unique).inserted {
        unique = "\(tensor.name)~\(suffix)"
        suffix += 1
      }
      _ = graph.add(Value(name: unique, type: ValueType(.float32, [])))
    }
    let bound = try BoundConstants(constants, inputs: main.inputs.map { main.tensors[$0].name })
    var shapes = dataShapes[...]
    for input in main.inputs {
      let name = main.tensors[input].name
      if constants[name] == nil, !states.contains(where: { $0.input == name }),
        let shape = shapes.popFirst()
      {
        scope.tensors[input].close(toFit: shape)
      }
      for (axis, size) in scope.tensors[input].signature.enumerated() where size < 0 && axis > 0 {
        throw GraphError.invalid(
          node: main.tensors[input].name,
          reason: "dimension \(axis) is open; export the model with fixed shapes")
      }
      // What an interpreter is given anew with every run is no state.
      scope.tensors[input].isVariable = false
      try ImportLimits.check(
        scope.tensors[input].shape, node: main.tensors[input].name, "the input")
      let id = try value(input)
      if let data = try bound.constant(main.tensors[input].name, of: graph[id].type) {
        graph[id].constant = data
      } else {
        try checkActivation(input)
        graph.inputs.append(id)
      }
    }
    graph.outputs = main.outputs.map(ValueID.init)
  }

  /// The graph; outputs that no operator computes are constants.
  consuming func finished() throws(GraphError) -> Graph {
    for output in model.main.outputs { _ = try value(output) }
    return graph
  }

  /// The variables that tensors of the current subgraph are handles of.
  var handles: [Int: String] {
    get { scope.handles }
    set { scope.handles = newValue }
  }

  // MARK: Subgraphs

  /// Whether operators of the model's main subgraph are being emitted.
  var isMain: Bool { scope.path.count == 1 }

  /// Emits the operators of another subgraph in the place of `node`.
  ///
  /// - Parameter outputs: values of the current subgraph that its results are, if they have such.
  /// - Returns: its results.
  mutating func inline(
    _ subgraph: Int, _ node: TFLiteNode, operands: [ValueID], outputs: [ValueID]? = nil
  ) throws(GraphError) -> [ValueID] {
    guard model.subgraphs.indices.contains(subgraph), !scope.path.contains(subgraph) else {
      throw node.invalid("it runs subgraph \(subgraph) of \(model.subgraphs.count) inside itself")
    }
    guard scope.path.count <= ImportLimits.scopes else {
      throw node.invalid("its subgraphs are nested deeper than \(ImportLimits.scopes)")
    }
    let body = model.subgraphs[subgraph]
    inlined += body.operators.count + 1
    inlinedTensors += body.tensors.count
    guard body.inputs.count == operands.count,
      outputs?.count ?? body.outputs.count == body.outputs.count
    else { throw node.invalid("it does not fit the operands and results of subgraph \(subgraph)") }
    guard inlined <= ImportLimits.nodes, inlinedTensors <= 16 * ImportLimits.tensors else {
      throw node.unsupported("it repeats more than \(ImportLimits.nodes) operators")
    }
    let outer = scope
    scope = Scope(body, path: outer.path + [subgraph])
    defer { scope = outer }
    for (tensor, operand) in zip(body.inputs, operands) { scope.values[tensor] = operand }
    // A result that is computed is the value outside; one that is handed through is copied.
    var copies: [(from: Int, to: ValueID)] = []
    for (tensor, output) in zip(body.outputs, outputs ?? []) {
      if scope.values[tensor] == nil, try model.data(of: scope.tensors[tensor]).isEmpty {
        scope.values[tensor] = output
      } else {
        copies.append((tensor, output))
      }
    }
    try TFLiteImporter.convert(body, of: model, into: &self)
    for (tensor, output) in copies {
      let shape = graph[output].type.shape
      graph.nodes.append(
        Node(
          name: graph[output].name, operation: Reshape(shape: shape), inputs: [try value(tensor)],
          outputs: [output]))
    }
    var results: [ValueID] = []
    for tensor in body.outputs { results.append(try value(tensor)) }
    return outputs ?? results
  }

  // MARK: Values

  /// Types tensor `index`, reads its parameters and, for a constant, its elements.
  mutating func value(_ index: Int) throws(GraphError) -> ValueID {
    let tensor = scope.tensors[index]
    guard !tensor.isVariable else {
      throw GraphError.unsupported(
        operation: "tensor", node: tensor.name,
        reason: "variable tensors are run as what one recurrent layer keeps only")
    }
    if let known = scope.values[index] { return known }
    let id =
      scope.path.count == 1
      ? ValueID(index)
      : graph.add(Value(name: unique(tensor.name), type: ValueType(.float32, [])))
    scope.values[index] = id
    guard let element = tensor.element else {
      throw GraphError.unsupported(
        operation: "tensor", node: tensor.name,
        reason: "TFLite type \(tensor.type) is not read; export with float32 or int8")
    }
    let raw = try model.data(of: tensor)
    if raw.isEmpty, tensor.isEmptyList {
      graph[id].type = ValueType(element, tensor.shape)
      graph[id].constant = .empty(graph[id].type)
      return id
    }
    if raw.isEmpty || ImportLimits.count(tensor.shape) == nil {
      try ImportLimits.check(tensor.shape, node: tensor.name, "the tensor")
    }
    graph[id].type = ValueType(element, tensor.shape)
    graph[id].quantization = try TFLiteQuantization.parameters(tensor, element)
    if !raw.isEmpty {
      try fill(id, tensor, element, raw)
    } else if tensor.sparsity != nil {
      throw GraphError.malformed("TFLite: the sparse tensor \(tensor.name) holds no elements")
    }
    if element == .uint8 { shift(id) }
    return id
  }

  /// Half precision is widened in constants; computing in it would need its roundings.
  private func checkActivation(_ index: Int) throws(GraphError) {
    guard scope.tensors[index].type != TFLiteTensor.halfPrecision else {
      throw GraphError.unsupported(
        operation: "tensor", node: scope.tensors[index].name,
        reason: "activations of float16 are not run; export with float32 ones")
    }
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

  /// Bytes that stand for nothing but themselves: what only moves them may not say what they mean.
  private mutating func makeRaw(_ id: ValueID) {
    guard graph[id].fileElement == .uint8 else { return }
    graph[id].type.element = .uint8
    graph[id].fileElement = nil
    graph[id].quantization = nil
  }

  /// Types the only result of a node by its second operand where the file says float32, as LiteRT's
  /// kernels of sums and products do.
  mutating func retype(_ node: TFLiteNode, as operand: ValueID) throws(GraphError) {
    guard node.outputs.count == 1, graph[operand].quantization != nil else { return }
    let id = try value(node.outputs[0])
    let tensor = scope.tensors[node.outputs[0]]
    guard graph[id].type.element == .float32, !tensor.scales.isEmpty else { return }
    let element = graph[operand].fileElement ?? graph[operand].type.element
    graph[id].type.element = element
    graph[id].quantization = try TFLiteQuantization.parameters(tensor, element)
    if element == .uint8 { shift(id) }
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
    guard tensor.sparsity == nil || count <= ImportLimits.foldedElements else {
      throw GraphError.unsupported(
        operation: "sparse tensor", node: tensor.name,
        reason: "its shape is \(tensor.shape), and the limit is \(ImportLimits.foldedElements) "
          + "elements; save it dense")
    }
    guard tensor.sparsity != nil ? raw.count % size == 0 : raw.count == count * size else {
      throw GraphError.malformed(
        "TFLite: constant \(tensor.name) of shape \(tensor.shape) holds \(raw.count) bytes")
    }
    let elements: TensorData.Elements =
      isHalf
      ? .float32(try LittleEndianArray.load(raw, UInt16.self).map(NarrowFloat.half.float(bits:)))
      : try LittleEndianArray.elements(raw, element)
    graph[id].constant =
      try tensor.sparsity?.dense(elements, shape: tensor.shape, name: tensor.name)
      ?? TensorData(shape: tensor.shape, elements: elements)
    if tensor.sparsity != nil, let dense = graph[id].constant { budget.keep(dense) }
  }

  /// Throws when importing up to `node` took too much.
  func checkBudget(_ node: TFLiteNode) throws(GraphError) {
    try budget.check(node.operation, node: node.name)
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

  /// An operand that is a variable tensor, typed; nil where it is something else.
  mutating func variableTensor(_ node: TFLiteNode, _ index: Int) throws(GraphError) -> ValueID? {
    guard index < node.inputs.count, node.inputs[index] >= 0,
      scope.tensors[node.inputs[index]].isVariable
    else { return nil }
    scope.tensors[node.inputs[index]].isVariable = false
    defer { scope.tensors[node.inputs[index]].isVariable = true }
    return try value(node.inputs[index])
  }

  /// Whether the caller wants an operand to be kept from run to run; it can be asked for once.
  mutating func isAskedToKeep(_ node: TFLiteNode, _ index: Int) -> Bool {
    guard index < node.inputs.count, node.inputs[index] >= 0 else { return false }
    return tensorsToKeep.remove(scope.tensors[node.inputs[index]].name) != nil
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

  /// Whether the file leaves a result's shape open.
  func isOpen(_ node: TFLiteNode, _ index: Int) throws(GraphError) -> Bool {
    guard node.outputs.indices.contains(index) else { throw node.invalid("it has no result") }
    return scope.tensors[node.outputs[index]].isOpen
  }

  /// A result with the type and parameters that the file states.
  mutating func statedValue(_ node: TFLiteNode, _ index: Int) throws(GraphError) -> Value {
    _ = try stated(node, index)
    return graph[try value(node.outputs[index])]
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

  // MARK: Values of its own

  /// Adds a value that no tensor of the file is.
  mutating func add(_ value: Value) -> ValueID { graph.add(value) }

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

  /// The elements of a value that nothing computes.
  mutating func define(_ id: ValueID, as data: TensorData) { graph[id].constant = data }

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
  /// first operand where none are given. Of constants only, it is computed at once.
  mutating func step(
    _ node: TFLiteNode, _ operation: any Operation, _ inputs: [ValueID?], suffix: String,
    quantization given: Quantization? = nil
  ) throws(GraphError) -> ValueID {
    let operands = inputs.map { $0.map { graph[$0] } }
    let name = unique(node.name + suffix)
    if let data = try operation.folded(operands, node: node.name)?.first {
      budget.compute(operation, operands, [data])
      budget.keep(data)
      return graph.add(
        Value(name: name, type: ValueType(data.type, data.shape), constant: data))
    }
    let type = try operation.singleResult(operands.map { $0?.type }, node: node.name)
    let quantization = given ?? operands.first??.quantization
    let result = graph.add(Value(name: name, type: type, quantization: quantization))
    budget.keep(operation)
    graph.nodes.append(Node(name: name, operation: operation, inputs: inputs, outputs: [result]))
    return result
  }

  /// Binds the only result of `node` to a constant.
  mutating func bind(_ node: TFLiteNode, constant data: TensorData) throws(GraphError) {
    let id = constant(node, "/constant", data)
    try emit(node, Reshape(shape: data.shape), [id])
  }

  /// Adds a constant of `node` that the file does not have.
  mutating func constant(
    _ node: TFLiteNode, _ suffix: String, _ data: TensorData, quantization: Quantization? = nil
  ) -> ValueID {
    budget.keep(data)
    return graph.add(
      Value(
        name: unique(node.name + suffix), type: ValueType(data.type, data.shape), constant: data,
        quantization: quantization))
  }

  mutating func unique(_ name: String) -> String {
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
      try checkActivation(tensor)
      outputs.append(try value(tensor))
    }
    let operands = inputs.map { $0.map { graph[$0] } }
    if outputs.allSatisfy({ graph[$0].quantization == nil && !graph.outputs.contains($0) }),
      let folded = try operation.folded(operands, node: node.name)
    {
      guard folded.map({ ValueType($0.type, $0.shape) }) == outputs.map({ graph[$0].type }) else {
        throw node.invalid("its result is not what the file states")
      }
      budget.compute(operation, operands, folded)
      for (output, data) in zip(outputs, folded) {
        budget.keep(data)
        graph[output].constant = data
      }
      return
    }
    let moves = operation.quantizationRule == .sameAsInput
    if moves, operands.first??.type.element == .uint8 { outputs.forEach { makeRaw($0) } }
    for operand in operands where !moves {
      guard let operand, operand.constant == nil, operand.type.element == .uint8 else { continue }
      throw node.unsupported(
        "operand \(operand.name) is uint8; float32, int8, uint8 and 16x8 models are run: convert with "
          + "full-integer quantisation")
    }
    let derived = try operation.checkedResults(operands.map { $0?.type }, node: node.name)
    guard derived.count == outputs.count else {
      throw node.invalid("it has \(outputs.count) results and should have \(derived.count)")
    }
    for (index, (type, output)) in zip(derived, outputs).enumerated() {
      // A shape that the file leaves open is what follows from the operands'.
      if scope.tensors[node.outputs[result ?? index]].isOpen {
        graph[output].type.shape = type.shape
      }
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
    budget.keep(operation)
    graph.nodes.append(
      Node(name: graph[first].name, operation: operation, inputs: inputs, outputs: outputs))
  }
}
