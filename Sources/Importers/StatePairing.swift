import ModelGraph

/// An input or output as the model file has it.
struct ModelPort {
  var name: String
  var element: ElementType?
  /// Nil for a dimension the file leaves open, or for all of them.
  var dimensions: [Int?]?

  /// Whether one could be the other of the next run.
  func agrees(with other: ModelPort) -> Bool {
    guard element == other.element else { return false }
    guard let dimensions, let others = other.dimensions else { return true }
    return dimensions.count == others.count
      && zip(dimensions, others).allSatisfy { $0 == nil || $1 == nil || $0 == $1 }
  }
}

/// Finds the inputs that are states, and makes them such.
enum StatePairing {
  /// The pairs a request asks for.
  ///
  /// Detected are inputs that no data is given for, if each has exactly one output of its type and a
  /// name that pairs with its own, and other inputs remain.
  ///
  /// - Parameter fed: how many inputs data is given for; 0 where none is known.
  /// - Throws: `GraphError.invalid` for a stated name that the model does not have, or has twice.
  static func pairs(
    _ request: StateRequest, inputs: [ModelPort], outputs: [ModelPort], fed: Int
  ) throws(GraphError) -> [StateRequest.Pair] {
    guard request.declared.isEmpty else {
      try check(request.declared, inputs: inputs, outputs: outputs)
      return request.declared
    }
    guard request.detects else { return [] }
    let matches = inputs.map { input in
      outputs.filter { input.agrees(with: $0) && StateNames.pair(input.name, $0.name) }
    }
    var pairs: [StateRequest.Pair] = []
    for (input, found) in zip(inputs, matches) {
      guard let output = found.first, found.count == 1,
        matches.count(where: { $0.contains { $0.name == output.name } }) == 1
      else { continue }
      pairs.append(StateRequest.Pair(input: input.name, output: output.name))
    }
    let left = inputs.count - pairs.count
    return left > 0 && (fed == 0 || fed == left) ? pairs : []
  }

  private static func check(
    _ pairs: [StateRequest.Pair], inputs: [ModelPort], outputs: [ModelPort]
  ) throws(GraphError) {
    var taken: Set<String> = []
    for pair in pairs {
      for (name, ports, kind) in [
        (pair.input, inputs, "input"), (pair.output, outputs, "output"),
      ] {
        guard ports.contains(where: { $0.name == name }) else {
          throw GraphError.invalid(
            node: name,
            reason: "the model has no such \(kind) for a state; it has "
              + ports.map(\.name).joined(separator: ", "))
        }
        guard taken.insert("\(kind) \(name)").inserted else {
          throw GraphError.invalid(node: name, reason: "the \(kind) belongs to two states")
        }
      }
    }
    guard pairs.count < inputs.count else {
      throw GraphError.invalid(
        node: pairs[0].input, reason: "a model of states only has no input; leave one for data")
    }
  }

  /// Takes the pairs out of a graph's interface. An output stays where no other is left.
  static func apply(_ pairs: [StateRequest.Pair], to graph: inout Graph) throws(GraphError) {
    for pair in pairs {
      guard let read = graph.inputs.first(where: { graph[$0].name == pair.input }),
        let written = graph.outputs.first(where: { graph[$0].name == pair.output })
      else { throw GraphError.invalid(node: pair.input, reason: "the state has lost its values") }
      let (type, next) = (graph[read].type, graph[written].type)
      guard type == next else {
        throw GraphError.invalid(
          node: pair.input,
          reason: "it is \(type.element.rawValue) \(type.shape), and \(pair.output) "
            + "\(next.element.rawValue) \(next.shape): no state of one another; pair others, or none"
        )
      }
      let zeros = TensorData.zero(type.element).broadcast(to: type.shape)
      guard let initial = pair.initial ?? zeros, ValueType(initial.type, initial.shape) == type
      else {
        throw GraphError.invalid(
          node: pair.input,
          reason: "its first value is not \(type.element.rawValue) \(type.shape)")
      }
      graph.inputs.removeAll { $0 == read }
      graph.states.append(
        GraphState(name: pair.input, read: read, written: written, initial: initial))
    }
    let written = Set(graph.states.map(\.written))
    let left = graph.outputs.filter { !written.contains($0) }
    if !left.isEmpty { graph.outputs = left }
  }
}

/// How exporters name the two ends of a state.
enum StateNames {
  private static let inputPrefixes = [
    "past_key_values.", "past_", "past.", "prev_", "previous_", "old_", "in_", "input_", "initial_",
    "init_",
  ]
  private static let inputSuffixes = [
    "_in", ".in", "_input", "_prev", "_previous", "_old", "_past", "_0", "0", "_t", "_initial",
    "_init",
  ]
  private static let outputPrefixes = [
    "present_", "present.", "next_", "new_", "out_", "output_", "final_", "updated_",
  ]
  private static let outputSuffixes = [
    "_out", ".out", "_output", "_next", "_new", "_final", "_present", "_updated", "_n", "n", "_1",
    "1", "_t1",
  ]

  /// Whether an input's name and an output's are those of one state: `h` and `hn`, `state_in` and
  /// `state_out`, `past_x` and `present_x`. One of them has to say which end it is.
  static func pair(_ input: String, _ output: String) -> Bool {
    let (input, output) = (input.lowercased(), output.lowercased())
    let inputStems = stems(of: input, inputPrefixes, inputSuffixes)
    let outputStems = stems(of: output, outputPrefixes, outputSuffixes)
    return outputStems.contains(input) || !inputStems.isDisjoint(with: outputStems)
      || inputStems.contains(output)
  }

  private static func stems(
    of name: String, _ prefixes: [String], _ suffixes: [String]
  ) -> Set<String> {
    var stems: Set<String> = []
    for prefix in prefixes where name.hasPrefix(prefix) {
      stems.insert(String(name.dropFirst(prefix.count)))
    }
    for suffix in suffixes where name.hasSuffix(suffix) {
      stems.insert(String(name.dropLast(suffix.count)))
    }
    return stems.filter { !$0.isEmpty }
  }
}
