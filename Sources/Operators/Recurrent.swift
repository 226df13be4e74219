public import ModelGraph
public import PlanFormat

/// A recurrent layer over a sequence, with ONNX's formulas and order of gates (LSTM i, o, f, c; GRU
/// z, r, h).
///
/// Operands: input [T, B, I]; weights [D·G·H, I]; recurrent weights [D·G·H, H]; biases [D, 2·G·H], of
/// the input's part first, or none; initial hidden state [D, B, H] or none; of an LSTM initial cell
/// [D, B, H] or none and peepholes [D, 3·H] in the order i, o, f, or none; steps of each item [B],
/// integers, or none where all have T. One result, by `result`: the sequence [T, D, B, H], zeros behind
/// an item's end, or the last hidden state or cell [D, B, H].
public struct Recurrent: Operation, Equatable {
  /// Name in tables.
  public static let name = "Recurrent"
  /// What happens at a step.
  public var cell: RecurrentParameters.Cell
  /// The order of steps.
  public var direction: RecurrentParameters.Direction
  /// What is computed.
  public var result: RecurrentParameters.Result
  /// For each direction as many as the cell has: of the gates, of the candidate, of the cell.
  public var functions: [[RecurrentFunction]]
  /// Pre-activations stay within ± this.
  public var clip: Float?
  /// Cells stay within ± this.
  public var cellClip: Float?

  /// Creates a recurrent layer.
  public init(
    cell: RecurrentParameters.Cell, direction: RecurrentParameters.Direction,
    result: RecurrentParameters.Result, functions: [[RecurrentFunction]], clip: Float? = nil,
    cellClip: Float? = nil
  ) {
    self.cell = cell
    self.direction = direction
    self.result = result
    self.functions = functions
    self.clip = clip
    self.cellClip = cellClip
  }

  /// The functions of one direction where a model names none.
  public static func defaultFunctions(
    _ cell: RecurrentParameters.Cell
  ) -> [RecurrentFunction] {
    switch cell {
    case .simple: [.tanh]
    case .lstm: [.sigmoid, .tanh, .tanh]
    case .gru, .gruResetAfter: [.sigmoid, .tanh]
    }
  }

  /// Extents of a layer.
  struct Extents {
    var steps: Int
    var items: Int
    var features: Int
    var units: Int
    var directions: Int
    var gates: Int
    /// Rows of weights of one direction.
    var rows: Int { gates * units }
  }

  func extents(_ shapes: [[Int]?]) throws(GraphError) -> Extents {
    let input = try operand(0, of: shapes)
    let weights = try operand(1, of: shapes)
    let recurrent = try operand(2, of: shapes)
    guard input.count == 3, weights.count == 2, recurrent.count == 2, weights[1] == input[2],
      recurrent[0] == weights[0], recurrent[1] > 0, input[2] > 0, input[0] > 0,
      weights[0] == direction.count * cell.gates * recurrent[1]
    else {
      throw .invalid(
        node: "", reason: "weights \(weights) and \(recurrent) do not fit input \(input)")
    }
    guard functions.count == direction.count,
      functions.allSatisfy({ $0.count == cell.functions }),
      result != .finalCell || cell == .lstm
    else { throw .invalid(node: "", reason: "its functions or result do not fit its cell") }
    let extents = Extents(
      steps: input[0], items: input[1], features: input[2], units: recurrent[1],
      directions: direction.count, gates: cell.gates)
    let state = [extents.directions, extents.items, extents.units]
    let expected = [
      [extents.directions, 2 * extents.rows], state, state,
      [extents.directions, 3 * extents.units], [extents.items],
    ]
    for (shape, expected) in zip(shapes.dropFirst(3), expected) where shape ?? expected != expected
    {
      throw .invalid(node: "", reason: "an operand has shape \(shape ?? []), not \(expected)")
    }
    return extents
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let extents = try extents(operands.map { $0?.shape })
    let state = [extents.directions, extents.items, extents.units]
    return [
      ValueType(
        try operand(0, of: operands).element,
        result == .sequence ? [extents.steps] + state : state)
    ]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let extents = try extents(operands.map { $0?.shape })
    let input = try floats(0, of: operands)
    let weights = try floats(1, of: operands)
    let recurrentWeights = try floats(2, of: operands)
    func optional(_ position: Int) throws(GraphError) -> [Float]? {
      guard position < operands.count, operands[position] != nil else { return nil }
      return try floats(position, of: operands)
    }
    let (biases, hidden) = (try optional(3), try optional(4))
    let (cells, peepholes) = (try optional(5), try optional(6))
    let lengths = try lengths(operands, extents)
    let (units, rows) = (extents.units, extents.rows)
    let state = [extents.directions, extents.items, units]
    let shape = result == .sequence ? [extents.steps] + state : state
    var results = [Float](repeating: 0, count: shape.reduce(1, *))
    for pass in 0..<extents.directions {
      let isReversed = direction == .reverse || pass == 1
      let layer = RecurrentStep(
        cell: cell, functions: functions[pass], clip: clip, cellClip: cellClip,
        features: extents.features,
        units: units,
        weights: weights[(pass * rows * extents.features)..<((pass + 1) * rows * extents.features)],
        recurrentWeights: recurrentWeights[(pass * rows * units)..<((pass + 1) * rows * units)],
        biases: biases.map { $0[(2 * pass * rows)..<(2 * (pass + 1) * rows)] },
        peepholes: peepholes.map { $0[(3 * pass * units)..<(3 * (pass + 1) * units)] })
      for item in 0..<extents.items {
        let position = (pass * extents.items + item) * units
        func initial(_ values: [Float]?) -> [Float] {
          values.map { Array($0[position..<position + units]) }
            ?? [Float](repeating: 0, count: units)
        }
        var memory = (hidden: initial(hidden), cell: initial(cells))
        for index in 0..<lengths[item] {
          let step = isReversed ? lengths[item] - 1 - index : index
          let start = (step * extents.items + item) * extents.features
          layer.advance(&memory, input[start..<start + extents.features])
          guard result == .sequence else { continue }
          let target = step * extents.directions * extents.items * units + position
          results.replaceSubrange(target..<target + units, with: memory.hidden)
        }
        if result != .sequence {
          results.replaceSubrange(
            position..<position + units, with: result == .finalCell ? memory.cell : memory.hidden)
        }
      }
    }
    return [TensorData(shape: shape, floats: results)]
  }

  private func lengths(
    _ operands: [TensorData?], _ extents: Extents
  ) throws(GraphError) -> [Int] {
    guard operands.count > 7, let lengths = operands[7] else {
      return [Int](repeating: extents.steps, count: extents.items)
    }
    guard let list = lengths.integers, list.allSatisfy({ (0...extents.steps).contains($0) }) else {
      throw .invalid(
        node: "", reason: "its sequences are longer than its input of \(extents.steps) steps")
    }
    return list
  }

  public var quantizationRule: QuantizationRule { .rows([1, 2]) }

  public func multiplyAccumulates(_ operands: [ValueType?]) -> Int {
    guard let extents = try? extents(operands.map { $0?.shape }) else { return 0 }
    return extents.steps * extents.items * extents.directions * extents.rows
      * (extents.features + extents.units)
  }

  public var summary: String {
    let kind =
      switch cell {
      case .simple: "simple"
      case .lstm: "LSTM"
      case .gru: "GRU"
      case .gruResetAfter: "GRU, reset after"
      }
    let order =
      switch direction {
      case .forward: ""
      case .reverse: " reverse"
      case .both: " both ways"
      }
    let part =
      switch result {
      case .sequence: ""
      case .finalHidden: ", last state"
      case .finalCell: ", last cell"
      }
    return kind + order + part
  }
}
