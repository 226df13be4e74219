import ModelGraph
import Operators

/// What a streaming model keeps from one run to the next: resource variables, and the variable tensors of
/// recurrent layers.
///
/// A variable that is read before it is assigned, and assigned, is a state of the graph. One that is
/// only read is a constant, one that is read after it was assigned is what it was assigned.
struct TFLiteVariables {
  /// `BuiltinOptions` of CALL_ONCE and VAR_HANDLE.
  static let callOnceOptions = 103
  private static let handleOptions = 111

  private struct Variable {
    /// The result of the first reading that no assignment precedes.
    var read: ValueID?
    /// The last value assigned.
    var assigned: ValueID?
    /// What the initialising subgraph assigned.
    var initial: TensorData?
  }

  private var variables: [String: Variable] = [:]
  private var order: [String] = []
  private var isInitializer = false

  /// `VAR_HANDLE` names a variable.
  @Sendable static func handle(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let options = try node.options(handleOptions)
    let name = try options?.string(1) ?? ""
    let container = try options?.string(0) ?? ""
    guard node.outputs.count == 1, !name.isEmpty else { throw node.invalid("it names no variable") }
    let key = container.isEmpty ? name : "\(container)/\(name)"
    builder.handles[node.outputs[0]] = key
    if builder.variables.variables.updateValue(
      builder.variables.variables[key] ?? Variable(), forKey: key) == nil
    {
      builder.variables.order.append(key)
    }
  }

  /// `CALL_ONCE`: its subgraph is computed at import, and has to assign constants.
  @Sendable static func callOnce(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let outer = builder.variables
    guard !outer.isInitializer else {
      throw node.unsupported("it stands in a graph that is itself called once")
    }
    builder.variables = TFLiteVariables()
    builder.variables.isInitializer = true
    _ = try builder.inline(
      try node.options(callOnceOptions)?.int32(0) ?? 0, node, operands: [])
    let initializer = builder.variables
    builder.variables = outer
    for name in initializer.order {
      guard let id = initializer.variables[name]?.assigned else { continue }
      guard let data = builder.graph[id].constant else {
        throw node.unsupported("the first value of \(name) is not constant")
      }
      builder.variables.variables[name, default: Variable()].initial = data
      if !builder.variables.order.contains(name) { builder.variables.order.append(name) }
    }
  }

  /// `READ_VARIABLE`.
  @Sendable static func read(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let name = try variable(of: node, builder)
    guard node.outputs.count == 1, var variable = builder.variables.variables[name] else {
      throw node.invalid("it has \(node.outputs.count) results")
    }
    if variable.assigned == nil, variable.read == nil {
      variable.read = try builder.value(node.outputs[0])
      builder.variables.variables[name] = variable
      return
    }
    guard let source = variable.assigned ?? variable.read else { return }
    let shape = try builder.stated(node, 0).shape
    try builder.emit(node, Reshape(shape: shape), [source], sameParameters: true)
  }

  /// `ASSIGN_VARIABLE`.
  @Sendable static func assign(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let name = try variable(of: node, builder)
    let value = try builder.operand(node, 1)
    builder.variables.variables[name]?.assigned = value
  }

  /// Begins a variable that no VAR_HANDLE names; false where there is one of that name.
  fileprivate mutating func begin(_ name: String, at read: ValueID, initial: TensorData) -> Bool {
    guard variables[name] == nil else { return false }
    variables[name] = Variable(read: read, assigned: nil, initial: initial)
    order.append(name)
    return true
  }

  fileprivate mutating func assign(_ name: String, _ value: ValueID) {
    variables[name]?.assigned = value
  }

  private static func variable(
    of node: TFLiteNode, _ builder: TFLiteBuilder
  ) throws(GraphError) -> String {
    guard let handle = node.inputs.first, let name = builder.handles[handle] else {
      throw node.unsupported("its variable is not named by a VAR_HANDLE of the same graph")
    }
    return name
  }

  /// Variables that are read before they are assigned, with what they start from.
  fileprivate var kept: [(name: String, read: ValueID, assigned: ValueID?, initial: TensorData?)] {
    order.compactMap { name in
      guard let variable = variables[name], let read = variable.read else { return nil }
      return (name, read, variable.assigned, variable.initial)
    }
  }
}

extension TFLiteBuilder {
  /// What a layer's variable tensor holds before a run: what the run before left there, or at first
  /// zeros.
  mutating func memory(_ node: TFLiteNode, _ index: Int) throws(GraphError) -> ValueID {
    guard isMain, let id = try variableTensor(node, index) else {
      throw node.unsupported(
        "what it keeps from run to run is no variable tensor of the main graph; convert the model anew"
      )
    }
    let value = graph[id]
    guard let zeros = TensorData.zero(value.type.element).broadcast(to: value.type.shape),
      value.quantization == nil, variables.begin(value.name, at: id, initial: zeros)
    else { throw node.invalid("\(value.name) belongs to two layers, or is quantised") }
    return id
  }

  /// States what the variable tensor that `read` is holds after a run.
  mutating func keep(_ value: ValueID, in read: ValueID) {
    variables.assign(graph[read].name, value)
  }

  /// Makes variables states, or constants where nothing assigns them.
  mutating func finishVariables() throws(GraphError) {
    var written: Set<ValueID> = []
    for variable in variables.kept {
      var read = variable.read
      let type = graph[read].type
      guard let initial = variable.initial, initial.shape == type.shape,
        initial.type == type.element
      else {
        throw GraphError.unsupported(
          operation: "VAR_HANDLE", node: variable.name,
          reason: "nothing gives the variable a first value of its type; export the model with the "
            + "initialiser of its variables")
      }
      guard var next = variable.assigned else {
        define(read, as: initial)
        continue
      }
      if graph.outputs.contains(read) {
        // An output is computed: what is kept is read before it.
        read = try source(of: read, named: variable.name)
      }
      let isComputed = graph.nodes.contains { $0.outputs.contains(next) }
      if !isComputed || !written.insert(next).inserted || graph.outputs.contains(next) {
        next = try copy(of: next, named: variable.name + "/next")
        written.insert(next)
      }
      keep(GraphState(name: variable.name, read: read, written: next, initial: initial))
    }
  }
}
