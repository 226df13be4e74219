import ModelGraph
import Operators

/// The graph under construction, with ONNX's value names.
struct ONNXBuilder {
  /// The graph so far; every value is typed.
  private(set) var graph: Graph
  /// Version of the default operator set.
  let opset: Int
  private var budget: ImportBudget
  private var values: [String: ValueID] = [:]
  /// Constants of strings, by name: no tensors, for nothing is computed of them.
  private var stringTables: [String: [String]] = [:]
  /// Graphs within graphs that are open.
  private(set) var scopeDepth = 0
  private var taken: Set<String> = []

  /// Data types of values that stand in wider ones.
  var narrowTypes = ONNXNarrowTypes()

  /// Starts an empty graph.
  init(name: String, opset: Int, fileBytes: Int) {
    graph = Graph(name: name)
    self.opset = opset
    budget = ImportBudget(fileBytes: fileBytes)
  }

  /// Throws when importing up to `node` took too much.
  func checkBudget(_ node: ONNXNode) throws(GraphError) {
    try budget.check(node.operation, node: node.name)
  }

  // MARK: Values

  /// Adds an interface input; nodes read one without elements as the constant it is, and one of 8-bit
  /// floats rounded to them.
  mutating func addInput(
    _ name: String, _ type: ValueType, dataType: Int
  ) throws(GraphError) {
    narrowTypes.declare(name, dataType)
    let id = graph.add(Value(name: unique(name), type: type))
    graph.inputs.append(id)
    if type.isEmpty { return try bind(name, constant(name, .empty(type))) }
    guard let format = ONNXTensor.narrowFloat(dataType), format.bitWidth == 8 else {
      return try bind(name, id)
    }
    let rounded = graph.add(Value(name: unique(name + "/rounded"), type: type))
    graph.nodes.append(
      Node(
        name: name, operation: RoundToFormat(format: format, saturates: false), inputs: [id],
        outputs: [rounded]))
    try bind(name, rounded)
  }

  /// Binds an ONNX name; a name has one definition.
  mutating func bind(_ name: String, _ id: ValueID) throws(GraphError) {
    guard values.updateValue(id, forKey: name) == nil else {
      throw GraphError.malformed("ONNX: the value \(name) is defined twice")
    }
  }

  /// The names bound so far, for ``closeScope(_:)``.
  struct Scope {
    fileprivate let values: [String: ValueID]
  }

  /// Begins a graph within the graph: it sees every name.
  mutating func openScope() -> Scope {
    scopeDepth += 1
    return Scope(values: values)
  }

  /// Ends it: its names are forgotten.
  mutating func closeScope(_ scope: Scope) {
    scopeDepth -= 1
    values = scope.values
  }

  /// The labels of a value, or of what it is under another shape.
  private func labels(of id: ValueID) -> [String] {
    var id = id
    while graph[id].labels.isEmpty,
      let node = graph.nodes.last(where: { $0.outputs == [id] }), node.operation is Reshape,
      let source = node.inputs[0]
    {
      id = source
    }
    return graph[id].labels
  }

  /// Names the classes that a value's integers count.
  mutating func label(_ id: ValueID, _ labels: [String]) { graph[id].labels = labels }

  /// Keeps a constant of strings.
  mutating func bind(_ name: String, strings: [String]) { stringTables[name] = strings }

  /// The strings of a constant; nil for others.
  func strings(named name: String) -> [String]? { stringTables[name] }

  /// The value an ONNX name is bound to.
  func value(named name: String) -> ValueID? { values[name] }

  /// Binds result `index` of `node`.
  mutating func bind(_ node: ONNXNode, _ id: ValueID, result index: Int = 0) throws(GraphError) {
    guard index < node.outputs.count else { throw node.invalid("it names no result") }
    try bind(node.outputs[index], id)
  }

  /// Adds a constant.
  mutating func constant(_ name: String, _ data: TensorData) -> ValueID {
    budget.keep(data)
    return graph.add(
      Value(name: unique(name), type: ValueType(data.type, data.shape), constant: data))
  }

  private mutating func unique(_ name: String) -> String {
    var candidate = name
    var suffix = 1
    while !taken.insert(candidate).inserted {
      candidate = "\(name)~\(suffix)"
      suffix += 1
    }
    return candidate
  }

  // MARK: Operands

  /// The value of a required operand.
  func operand(_ node: ONNXNode, _ index: Int) throws(GraphError) -> ValueID {
    guard let id = try optional(node, index) else {
      throw node.invalid("operand \(index) is missing")
    }
    return id
  }

  /// The value of an optional operand; an empty name means absent.
  func optional(_ node: ONNXNode, _ index: Int) throws(GraphError) -> ValueID? {
    guard index < node.inputs.count, !node.inputs[index].isEmpty else { return nil }
    guard let id = values[node.inputs[index]] else {
      guard stringTables[node.inputs[index]] == nil else {
        throw node.unsupported(
          "it reads the strings \(node.inputs[index]); strings are run as labels of a class only")
      }
      throw node.invalid("operand \(node.inputs[index]) is not defined before the node")
    }
    return id
  }

  /// The shape of a value.
  func shape(_ id: ValueID) -> [Int] { graph[id].type.shape }

  /// A value's constant data.
  func data(_ id: ValueID) -> TensorData? { graph[id].constant }

  /// An operand that must be constant, as floats.
  func floats(_ node: ONNXNode, _ index: Int) throws(GraphError) -> TensorData {
    let id = try operand(node, index)
    guard let data = graph[id].constant, data.floats != nil else {
      throw node.unsupported(
        "operand \(graph[id].name) must be a float constant; fold it when exporting")
    }
    return data
  }

  /// An optional operand that must be a constant list of integers.
  func integers(_ node: ONNXNode, _ index: Int) throws(GraphError) -> [Int]? {
    guard let id = try optional(node, index) else { return nil }
    guard let data = graph[id].constant, let list = data.integers, list.count <= 1 << 16 else {
      throw node.unsupported(
        "operand \(graph[id].name) depends on the input's values; it must be constant integers: "
          + "export the model with fixed shapes")
    }
    return list
  }

  /// A list that newer operator sets have as an operand and older ones as an attribute.
  func integers(
    _ node: ONNXNode, _ index: Int, orAttribute key: String
  ) throws(GraphError) -> [Int]? {
    if let list = try integers(node, index) { return list }
    return try node.ints(key)
  }

  // MARK: Nodes

  /// Adds a node with one result and returns it, named after result `result` of the file's node; a
  /// constant one if all operands are.
  mutating func emit(
    _ operation: any Operation, _ inputs: [ValueID?], node: ONNXNode, suffix: String = "",
    result: Int = 0
  ) throws(GraphError) -> ValueID {
    let results = try emitAll(
      operation, inputs, node: node, suffix: suffix, firstResult: result)
    guard results.count == 1 else {
      throw node.invalid("\(operation.name) has \(results.count) results")
    }
    return results[0]
  }

  /// Adds a node and returns its results. Of constants only, it is computed at once: that is how
  /// shape computations disappear, since every shape is known here.
  mutating func emitAll(
    _ operation: any Operation, _ inputs: [ValueID?], node: ONNXNode, suffix: String = "",
    firstResult: Int = 0
  ) throws(GraphError) -> [ValueID] {
    let operands = inputs.map { $0.map { graph[$0] } }
    if let folded = try operation.folded(operands, node: node.name) {
      budget.compute(operation, operands, folded)
      return folded.enumerated().map { index, data in
        constant(resultName(node, firstResult + index) + suffix, data)
      }
    }
    let types = try operation.checkedResults(
      operands.map { $0?.type }, node: node.name, allowsEmpty: true)
    // What has no elements is known, whatever it is computed from.
    if types.allSatisfy(\.isEmpty) {
      return types.enumerated().map { index, type in
        constant(resultName(node, firstResult + index) + suffix, .empty(type))
      }
    }
    for type in types {
      try ImportLimits.check(type.shape, node: node.name, "the result of \(operation.name)")
    }
    guard graph.nodes.count < 4 * ImportLimits.nodes else {
      throw GraphError.malformed("ONNX: too many nodes")
    }
    budget.keep(operation)
    let ids = types.enumerated().map { index, type in
      graph.add(
        Value(name: unique(resultName(node, firstResult + index) + suffix), type: type))
    }
    graph.nodes.append(
      Node(name: node.name + suffix, operation: operation, inputs: inputs, outputs: ids))
    return ids
  }

  private func resultName(_ node: ONNXNode, _ index: Int) -> String {
    let names = node.outputs
    return index < names.count && !names[index].isEmpty ? names[index] : "\(node.name)#\(index)"
  }

  /// A reshape, or the value itself when it has that shape already.
  mutating func reshape(
    _ id: ValueID, _ shape: [Int], node: ONNXNode, suffix: String = ""
  ) throws(GraphError) -> ValueID {
    if self.shape(id) == shape { return id }
    if let data = graph[id].constant, ImportLimits.isBounded(shape),
      shape.reduce(1, *) == data.count
    {
      return constant(node.outputs.first ?? node.name, data.reshaped(shape))
    }
    return try emit(Reshape(shape: shape), [id], node: node, suffix: suffix)
  }

  /// The axes in another order; of a constant at once.
  mutating func permuted(
    _ id: ValueID, _ permutation: [Int], node: ONNXNode, suffix: String
  ) throws(GraphError) -> ValueID {
    if let data = graph[id].constant {
      return constant(graph[id].name + suffix, data.permuted(permutation))
    }
    return try emit(Transpose(permutation: permutation), [id], node: node, suffix: suffix)
  }

  /// Moves the channels of [N,C,…] last: [N,C,L] becomes [N,1,L,C].
  mutating func channelsLast(_ id: ValueID, node: ONNXNode) throws(GraphError) -> ValueID {
    let shape = self.shape(id)
    switch shape.count {
    case 4:
      return try emit(
        Transpose(permutation: [0, 2, 3, 1]), [id], node: node, suffix: "/channels-last")
    case 3:
      let turned = try emit(
        Transpose(permutation: [0, 2, 1]), [id], node: node, suffix: "/channels-last")
      return try reshape(
        turned, [shape[0], 1, shape[2], shape[1]], node: node, suffix: "/one-row")
    default:
      throw node.unsupported("its input has shape \(shape); 1-D and 2-D signals are run")
    }
  }

  /// The inverse of ``channelsLast(_:node:)`` for a result that has `rank` dimensions in the file.
  mutating func channelsFirst(
    _ id: ValueID, rank: Int, node: ONNXNode
  ) throws(GraphError) -> ValueID {
    let shape = self.shape(id)
    if rank == 4 {
      return try emit(
        Transpose(permutation: [0, 3, 1, 2]), [id], node: node, suffix: "/channels-first")
    }
    let flat = try reshape(
      id, [shape[0], shape[2], shape[3]], node: node, suffix: "/no-rows")
    return try emit(
      Transpose(permutation: [0, 2, 1]), [flat], node: node, suffix: "/channels-first")
  }

  /// Names the interface outputs; each gets a value of its own.
  mutating func finish(outputs: [ONNXValueInfo]) throws(GraphError) {
    guard !outputs.isEmpty, outputs.count <= ImportLimits.operands else {
      throw GraphError.malformed("ONNX: the graph names \(outputs.count) outputs")
    }
    for output in outputs {
      guard var id = values[output.name] else {
        throw GraphError.malformed("ONNX: nothing computes the output \(output.name)")
      }
      let value = graph[id]
      if value.constant != nil || graph.inputs.contains(id) || graph.outputs.contains(id) {
        // An output that is an input, a constant or another output again: a copy of its own.
        let copy = Reshape(shape: value.type.shape)
        let result = graph.add(Value(name: unique(output.name), type: value.type))
        graph[result].labels = value.labels
        graph.nodes.append(
          Node(name: output.name, operation: copy, inputs: [id], outputs: [result]))
        id = result
      } else if value.name != output.name, !taken.contains(output.name) {
        taken.insert(output.name)
        graph[id].name = output.name
      } else if value.name != output.name {
        // The name was derived for an inner value before: the output has the better claim.
        for position in graph.values.indices where graph.values[position].name == output.name {
          graph.values[position].name = unique(output.name + "~inner")
        }
        graph[id].name = output.name
      }
      graph[id].labels = labels(of: id)
      graph.outputs.append(id)
    }
  }
}
