import PlanFormat

/// A recurrent layer as Numerics defines it, number by number, in integers without bounds where it
/// names none.
extension RecurrentSketch {
  /// value · 2^-bits, nearest, halves up.
  private static func rounded(_ value: Int, _ bits: Int) -> Int {
    // Floor division: the remainder of Swift's has the sign of the value.
    let (unit, half) = (1 << bits, bits == 0 ? 0 : 1 << (bits - 1))
    let sum = value + half
    let (quotient, remainder) = sum.quotientAndRemainder(dividingBy: unit)
    return remainder < 0 ? quotient - 1 : quotient
  }

  private static func scaled(_ value: Int, _ scale: FixedPointScale) -> Int {
    rounded(value * Int(scale.multiplier), 31 - Int(scale.shift))
  }

  private func value(_ function: Int, _ x: Int) -> Int {
    let (samples, exponent) = functions[min(function, functions.count - 1)]
    let bound = 1 << (exponent + 16)
    let width = 2 * bound / 512
    let inside = max(-bound, min(x, bound - 1)) + bound
    let (index, part) = inside.quotientAndRemainder(dividingBy: width)
    let rise = Int(samples[index + 1]) - Int(samples[index])
    return Int(samples[index]) + Self.rounded(rise * part, exponent + 8)
  }

  /// The result's elements.
  func expected(_ input: [Int16]) -> [Int] {
    var output = [Int](repeating: 0, count: resultShape.reduce(1, *))
    for pass in 0..<directions {
      let start = pass * units
      var (hidden, cells) = initialStates(start)
      let order = Array(0..<steps)
      let isReversed = direction == .reverse || pass == 1
      for step in isReversed ? order.reversed() : order {
        let x = input[step * features..<(step + 1) * features].map { Int($0) - Int(zeroPoint) }
        advance(pass, x, &hidden, &cells)
        guard result == .sequence else { continue }
        for unit in 0..<units {
          output[(step * directions + pass) * units + unit] = level(hidden[unit])
        }
      }
      guard result != .sequence else { continue }
      for unit in 0..<units {
        output[start + unit] = level(result == .finalCell ? cells[unit] : hidden[unit])
      }
    }
    return output
  }

  private func level(_ state: Int) -> Int {
    let level = Self.scaled(state, outputScale) + Int(outputZeroPoint)
    return isWide ? max(-32768, min(level, 32767)) : max(-128, min(level, 127))
  }

  private func initialStates(_ start: Int) -> (hidden: [Int], cells: [Int]) {
    func state(_ operand: Int, _ constants: [Int], _ bits: Int) -> [Int] {
      (start..<start + units).map { index in
        var value = constants.isEmpty ? 0 : constants[index]
        if operand < states.count {
          let state = states[operand]
          value = Self.scaled(Int(state.values[index]) - Int(state.zeroPoint), state.scale)
        }
        return max(-(1 << (bits - 1)), min(value, 1 << (bits - 1) - 1))
      }
    }
    return (state(0, initialHidden.map(Int.init), 16), state(1, initialCell.map(Int.init), 32))
  }

  private func advance(_ pass: Int, _ x: [Int], _ hidden: inout [Int], _ cells: inout [Int]) {
    func addend(_ row: Int) -> Int { Int(bias[pass * cell.biases * units + row]) }
    func fromInput(_ row: Int) -> Int {
      let position = pass * cell.gates * units + row
      let sum = (0..<features).reduce(0) { $0 + Int(weights[position * features + $1]) * x[$1] }
      return Self.scaled(sum, inputScales[position])
    }
    func fromHidden(_ row: Int, _ state: [Int]) -> Int {
      let position = pass * cell.gates * units + row
      let sum = (0..<units).reduce(0) {
        $0 + Int(recurrentWeights[position * units + $1]) * state[$1]
      }
      return Self.scaled(sum, recurrentScales[position])
    }
    func clipped(_ sum: Int) -> Int { max(-Int(clip), min(sum, Int(clip))) }
    func gate(_ block: Int, _ unit: Int, _ function: Int, _ state: [Int]) -> Int {
      let row = block * units + unit
      return value(function, clipped(addend(row) + fromInput(row) + fromHidden(row, state)))
    }
    func product(_ a: Int, _ b: Int) -> Int { Self.rounded(a * b, 15) }
    func word(_ value: Int) -> Int { max(-32768, min(value, 32767)) }
    func long(_ value: Int) -> Int { max(Int(Int32.min), min(value, Int(Int32.max))) }
    let before = hidden
    switch cell {
    case .simple: hidden = (0..<units).map { gate(0, $0, 0, before) }
    case .lstm:
      for unit in 0..<units {
        let (i, o, f) = (
          gate(0, unit, 0, before), gate(1, unit, 0, before), gate(2, unit, 0, before)
        )
        let c = gate(3, unit, 1, before)
        let sum = product(f, cells[unit]) + Self.rounded(i * c, 14)
        cells[unit] = max(-Int(cellClip), min(sum, Int(cellClip)))
        hidden[unit] = word(product(o, value(2, cells[unit])))
      }
    case .gru, .gruResetAfter:
      let resets = (0..<units).map { gate(1, $0, 0, before) }
      let kept = (0..<units).map { word(product(resets[$0], before[$0])) }
      for unit in 0..<units {
        let row = 2 * units + unit
        let z = gate(0, unit, 0, before)
        let recurrent =
          cell == .gru
          ? fromHidden(row, kept)
          : product(resets[unit], long(addend(row + units) + fromHidden(row, before)))
        let fresh = value(1, clipped(addend(row) + fromInput(row) + recurrent))
        hidden[unit] = word(fresh + product(z, before[unit] - fresh))
      }
    }
  }
}
