import ModelGraph
import Operators

/// LSTM layers that ``Recurrent`` does not have, with normalised gates or a projection, written out
/// step by step: dense layers, normalisations, functions and products, each of which has an integer form
/// of its own.
///
/// A step of TFLite's layer (`lstm_eval.cc` of its kernels), g one of i, f, c, o, state s and cell c:
///
///     aᵍ = Wᵍ · x + Rᵍ · s (+ pᵍ ⊙ c; of o the new cell)
///     normalised: aᵍ ← nᵍ ⊙ (aᵍ − mean) / √(variance + 10⁻⁸)
///     aᵍ ← aᵍ + bᵍ
///     c ← σ(aᶠ) ⊙ c + σ(aⁱ) ⊙ tanh(aᶜ), within ± the cell clip
///     s ← P · (σ(aᵒ) ⊙ tanh(c)) + q, within ± the projection's clip, or without P what stands in brackets
struct TFLiteGatedSteps {
  /// Operands of one gate.
  private struct Gate {
    var weights: ValueID
    var recurrent: ValueID
    var peephole: ValueID?
    var bias: ValueID
    var norm: ValueID?
  }

  /// What a step reads and leaves: [1, outputs] and [1, units].
  struct Memory {
    var state: ValueID
    var cell: ValueID
  }

  /// i, f, c, o.
  private var gates: [Gate] = []
  private let projection: (weights: ValueID, bias: ValueID?)?
  private let clips: (cell: Float, projection: Float)

  /// Length of the cell.
  let units: Int
  /// Length of the state and of the result.
  let outputs: Int

  /// Reads the operands of a layer of floats.
  init(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder, features: Int,
    clips: (cell: Float, projection: Float)
  ) throws(GraphError) {
    self.clips = clips
    for gate in 0..<4 {
      gates.append(
        Gate(
          weights: try builder.operand(node, 1 + gate),
          recurrent: try builder.operand(node, 5 + gate),
          // Candidates have no peephole.
          peephole: gate == 2 ? nil : try builder.optional(node, gate == 3 ? 11 : 9 + gate),
          bias: try builder.operand(node, 12 + gate), norm: try builder.optional(node, 20 + gate)))
    }
    projection = try builder.optional(node, 16).map { (weights) throws(GraphError) in
      (weights, try builder.optional(node, 17))
    }
    let graph = builder.graph
    units = graph[gates[0].weights].type.shape.first ?? 0
    outputs = projection.map { graph[$0.weights].type.shape.first ?? 0 } ?? units
    let vectors = [[units]]
    for gate in gates {
      let shapes = [
        (gate.weights, [[units, features]]), (gate.recurrent, [[units, outputs]]),
        (gate.bias, vectors),
      ]
      let optional = [gate.peephole, gate.norm].compactMap { $0.map { ($0, vectors) } }
      for (id, expected) in shapes + optional {
        try Self.check(node, graph[id], expected)
      }
    }
    if let projection {
      try Self.check(node, graph[projection.weights], [[outputs, units]])
      try projection.bias.map { (bias) throws(GraphError) in
        try Self.check(node, graph[bias], [[outputs]])
      }
    }
  }

  private static func check(
    _ node: TFLiteNode, _ value: Value, _ shapes: [[Int]]
  ) throws(GraphError) {
    guard shapes.contains(value.type.shape), value.type.shape.allSatisfy({ $0 > 0 }) else {
      throw node.invalid("\(value.name) has shape \(value.type.shape), not \(shapes[0])")
    }
    guard value.constant?.floats != nil else {
      throw node.unsupported(
        "\(value.name) is not constant float32; layers with normalised gates or a projection are run "
          + "in floats")
    }
  }

  /// One step: `input` [1, features] and what the step before left.
  func advance(
    _ memory: Memory, _ input: ValueID, _ node: TFLiteNode, _ builder: inout TFLiteBuilder,
    suffix: String
  ) throws(GraphError) -> Memory {
    func step(
      _ operation: any Operation, _ inputs: [ValueID?], _ part: String
    ) throws(GraphError) -> ValueID {
      try builder.step(node, operation, inputs, suffix: suffix + part)
    }
    func apply(_ function: UnaryFunction, _ id: ValueID, _ part: String) throws(GraphError)
      -> ValueID
    {
      try step(Pointwise(.of(function)), [id], part)
    }
    func clipped(_ id: ValueID, _ clip: Float, _ part: String) throws(GraphError) -> ValueID {
      clip > 0 ? try step(Pointwise(.clip(-Double(clip), Double(clip))), [id], part) : id
    }
    func sum(_ index: Int, cell: ValueID, _ part: String) throws(GraphError) -> ValueID {
      let gate = gates[index]
      let dense = FullyConnected(activation: .none)
      let isNormalized = gate.norm != nil
      let fed = try step(
        dense, [input, gate.weights, isNormalized ? nil : gate.bias], part + "/input")
      let kept = try step(dense, [memory.state, gate.recurrent, nil], part + "/state")
      var sum = try step(Binary(.add), [fed, kept], part + "/sum")
      if let peephole = gate.peephole {
        let seen = try step(Binary(.multiply), [cell, peephole], part + "/peephole")
        sum = try step(Binary(.add), [sum, seen], part + "/seen")
      }
      guard let norm = gate.norm else { return sum }
      return try step(
        Normalize(kind: .variance(epsilon: 1e-8), axes: [1]), [sum, norm, gate.bias],
        part + "/normalized")
    }
    let enters = try apply(.sigmoid, sum(0, cell: memory.cell, "/enter"), "/enter")
    let stays = try apply(.sigmoid, sum(1, cell: memory.cell, "/stay"), "/stay")
    let candidate = try apply(.tanh, sum(2, cell: memory.cell, "/candidate"), "/candidate")
    let old = try step(Binary(.multiply), [stays, memory.cell], "/old")
    let new = try step(Binary(.multiply), [enters, candidate], "/new")
    let cell = try clipped(try step(Binary(.add), [old, new], "/cell"), clips.cell, "/cell-clip")
    let leaves = try apply(.sigmoid, sum(3, cell: cell, "/leave"), "/leave")
    var state = try step(Binary(.multiply), [leaves, apply(.tanh, cell, "/seen")], "/hidden")
    if let projection {
      state = try step(
        FullyConnected(activation: .none), [state, projection.weights, projection.bias],
        "/projected")
      state = try clipped(state, clips.projection, "/projection-clip")
    }
    return Memory(state: state, cell: cell)
  }
}
