import ModelGraph
import Operators
import PlanFormat

/// Recurrent layers. Their results are emitted one by one; what nobody reads is dropped later.
enum ONNXRecurrent {
  /// `RNN`.
  @Sendable static func simple(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    try convert(node, .simple, &builder)
  }

  /// `LSTM`.
  @Sendable static func lstm(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    guard try node.int("input_forget", default: 0) == 0 else {
      throw node.unsupported("input_forget = 1 couples two gates; train the layer without it")
    }
    try convert(node, .lstm, &builder)
  }

  /// `GRU`.
  @Sendable static func gru(_ node: ONNXNode, _ builder: inout ONNXBuilder) throws(GraphError) {
    let resetsAfter = try node.int("linear_before_reset", default: 0) != 0
    try convert(node, resetsAfter ? .gruResetAfter : .gru, &builder)
  }

  private static func convert(
    _ node: ONNXNode, _ cell: RecurrentParameters.Cell, _ builder: inout ONNXBuilder
  ) throws(GraphError) {
    let direction = try direction(node)
    // Layout 1 has the batch first, in the input, the states and the results.
    let layout = try node.int("layout", default: 0)
    guard layout == 0 || layout == 1 else { throw node.invalid("its layout is \(layout)") }
    let input = try arranged(node, 0, layout == 1 ? [1, 0, 2] : nil, &builder)
    guard let input, builder.shape(input).count == 3 else {
      throw node.invalid("its input is not [steps, items, features]")
    }
    var operands: [ValueID?] = [input]
    for position in 1...2 {
      let id = try builder.operand(node, position)
      let shape = builder.shape(id)
      guard shape.count == 3 else {
        throw node.invalid("its weights have shape \(shape), not [directions, rows, columns]")
      }
      operands.append(
        try builder.reshape(
          id, [shape[0] * shape[1], shape[2]], node: node, suffix: "/weights-\(position)"))
    }
    operands.append(try builder.optional(node, 3))
    let turn = layout == 1 ? [1, 0, 2] : nil
    operands.append(try arranged(node, 5, turn, &builder))
    operands.append(cell == .lstm ? try arranged(node, 6, turn, &builder) : nil)
    operands.append(cell == .lstm ? try builder.optional(node, 7) : nil)
    operands.append(try lengths(node, steps: builder.shape(input)[0], builder))
    let clip = try node.float("clip", default: 0)
    guard clip >= 0, clip.isFinite else { throw node.invalid("its clip is \(clip)") }
    let functions = try functions(node, cell, directions: direction.count)
    let results: [RecurrentParameters.Result] = [.sequence, .finalHidden, .finalCell]
    for (index, result) in results.enumerated()
    where index < node.outputs.count && !node.outputs[index].isEmpty {
      let operation = Recurrent(
        cell: cell, direction: direction, result: result, functions: functions,
        clip: clip > 0 ? clip : nil)
      let suffix = ["", "/last-state", "/last-cell"][index]
      var id = try builder.emit(operation, operands, node: node, suffix: suffix)
      if layout == 1 {
        id = try builder.emit(
          Transpose(permutation: result == .sequence ? [2, 0, 1, 3] : [1, 0, 2]), [id],
          node: node, suffix: suffix + "/batch-first")
      }
      try builder.bind(node, id, result: index)
    }
  }

  /// An optional operand with its axes in another order.
  private static func arranged(
    _ node: ONNXNode, _ position: Int, _ permutation: [Int]?, _ builder: inout ONNXBuilder
  ) throws(GraphError) -> ValueID? {
    guard let id = try builder.optional(node, position), let permutation else {
      return try builder.optional(node, position)
    }
    guard builder.shape(id).count == permutation.count else {
      throw node.invalid("operand \(position) has shape \(builder.shape(id))")
    }
    return try builder.emit(
      Transpose(permutation: permutation), [id], node: node, suffix: "/steps-first-\(position)")
  }

  private static func direction(
    _ node: ONNXNode
  ) throws(GraphError) -> RecurrentParameters.Direction {
    switch try node.string("direction", default: "forward") {
    case "forward": return .forward
    case "reverse": return .reverse
    case "bidirectional": return .both
    case let other: throw node.invalid("its direction is \(other)")
    }
  }

  /// `sequence_lens`, unless it says what the shape says.
  private static func lengths(
    _ node: ONNXNode, steps: Int, _ builder: ONNXBuilder
  ) throws(GraphError) -> ValueID? {
    guard let id = try builder.optional(node, 4) else { return nil }
    let isWhole = builder.data(id)?.integers?.allSatisfy { $0 == steps } ?? false
    return isWhole ? nil : id
  }

  // MARK: Functions

  private static func functions(
    _ node: ONNXNode, _ cell: RecurrentParameters.Cell, directions: Int
  ) throws(GraphError) -> [[RecurrentFunction]] {
    let names = try node.stringList("activations")
    guard !names.isEmpty else {
      let functions = Recurrent.defaultFunctions(cell)
      return [[RecurrentFunction]](repeating: functions, count: directions)
    }
    guard names.count == directions * cell.functions else {
      throw node.invalid("it names \(names.count) activations")
    }
    // Parameters are listed for the functions that take one, in order.
    var alphas = try node.floatList("activation_alpha")[...]
    var betas = try node.floatList("activation_beta")[...]
    var functions: [RecurrentFunction] = []
    for name in names {
      switch name.lowercased() {
      case "sigmoid": functions.append(.sigmoid)
      case "tanh": functions.append(.tanh)
      case "relu": functions.append(.relu)
      case "softsign": functions.append(.softsign)
      case "hardsigmoid":
        functions.append(
          .hardSigmoid(alpha: alphas.popFirst() ?? 0.2, beta: betas.popFirst() ?? 0.5))
      case "leakyrelu": functions.append(.leakyRelu(alpha: alphas.popFirst() ?? 0.01))
      case "affine":
        functions.append(.affine(alpha: alphas.popFirst() ?? 1, beta: betas.popFirst() ?? 0))
      default:
        throw node.unsupported("its activation \(name) is not run; train it with sigmoid and tanh")
      }
    }
    return (0..<directions).map { pass in
      Array(functions[pass * cell.functions..<(pass + 1) * cell.functions])
    }
  }
}
