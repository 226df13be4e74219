import PlanFormat

/// One step of one direction of a recurrent layer in float32: every sum in the order of its elements,
/// biases first, then the input's products, then the hidden state's.
struct RecurrentStep {
  var cell: RecurrentParameters.Cell
  var functions: [RecurrentFunction]
  var clip: Float?
  var cellClip: Float?
  var features: Int
  var units: Int
  /// [G·H, I]
  var weights: ArraySlice<Float>
  /// [G·H, H]
  var recurrentWeights: ArraySlice<Float>
  /// [2, G·H]
  var biases: ArraySlice<Float>?
  /// [3, H]: i, o, f
  var peepholes: ArraySlice<Float>?

  /// Computes the next state from an input [I].
  func advance(_ memory: inout (hidden: [Float], cell: [Float]), _ input: ArraySlice<Float>) {
    let hidden = memory.hidden
    switch cell {
    case .simple:
      for unit in 0..<units {
        memory.hidden[unit] = function(0, fromInput(unit, input) + fromHidden(unit, hidden))
      }
    case .lstm:
      for unit in 0..<units {
        func product(_ gate: Int) -> Float {
          let row = gate * units + unit
          return fromInput(row, input) + fromHidden(row, hidden)
        }
        let previous = memory.cell[unit]
        let inputGate = function(0, product(0) + peephole(0, unit) * previous)
        let forgetGate = function(0, product(2) + peephole(2, unit) * previous)
        let fresh = function(1, product(3))
        let sum = forgetGate * previous + inputGate * fresh
        let value = cellClip.map { min(max(sum, -$0), $0) } ?? sum
        let outputGate = function(0, product(1) + peephole(1, unit) * value)
        memory.cell[unit] = value
        memory.hidden[unit] = outputGate * Float(functions[2].apply(Double(value)))
      }
    case .gru, .gruResetAfter:
      let gates = (0..<2 * units).map { row in
        function(0, fromInput(row, input) + fromHidden(row, hidden))
      }
      let resetHidden = (0..<units).map { gates[units + $0] * hidden[$0] }
      for unit in 0..<units {
        let row = 2 * units + unit
        let recurrent =
          cell == .gru
          ? fromHidden(row, resetHidden) : gates[units + unit] * fromHidden(row, hidden)
        let fresh = function(1, fromInput(row, input) + recurrent)
        memory.hidden[unit] = (1 - gates[unit]) * fresh + gates[unit] * hidden[unit]
      }
    }
  }

  private func function(_ position: Int, _ sum: Float) -> Float {
    let inside = clip.map { min(max(sum, -$0), $0) } ?? sum
    return Float(functions[position].apply(Double(inside)))
  }

  private func fromInput(_ row: Int, _ input: ArraySlice<Float>) -> Float {
    var sum = biases.map { $0[$0.startIndex + row] } ?? 0
    let start = weights.startIndex + row * features
    for index in 0..<features { sum += weights[start + index] * input[input.startIndex + index] }
    return sum
  }

  private func fromHidden(_ row: Int, _ hidden: [Float]) -> Float {
    var sum = biases.map { $0[$0.startIndex + cell.gates * units + row] } ?? 0
    let start = recurrentWeights.startIndex + row * units
    for index in 0..<units { sum += recurrentWeights[start + index] * hidden[index] }
    return sum
  }

  private func peephole(_ gate: Int, _ unit: Int) -> Float {
    peepholes.map { $0[$0.startIndex + gate * units + unit] } ?? 0
  }
}
