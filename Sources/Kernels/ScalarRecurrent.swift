import PlanFormat

/// A recurrent layer: see `RecurrentParameters`. States and pre-activations live in scratch and begin
/// anew with every run.
public struct RecurrentCall {
  let cell: RecurrentParameters.Cell
  let direction: RecurrentParameters.Direction
  let result: RecurrentParameters.Result
  let input: UnsafeRawPointer
  let inputIsWide: Bool
  let inputZeroPoint: Int32
  let steps: Int
  let features: Int
  let hiddenSize: Int
  let weights: UnsafePointer<Int8>
  let recurrentWeights: UnsafePointer<Int8>
  let bias: UnsafePointer<Int32>
  let inputScales: RowFactors
  let recurrentScales: RowFactors
  let gate: SampledCurve
  let candidate: SampledCurve
  let cellCurve: SampledCurve
  let clip: Int64
  let cellClip: Int64
  let initialHidden: InitialState
  let initialCell: InitialState
  let output: UnsafeMutableRawPointer
  let outputIsWide: Bool
  let outputScale: FixedPointScale
  let outputZeroPoint: Int64
  let hidden: UnsafeMutablePointer<Int16>
  let resetHidden: UnsafeMutablePointer<Int16>
  let cells: UnsafeMutablePointer<Int32>
  let sums: UnsafeMutablePointer<Int32>
}

/// Factors per row of weights with their addresses.
struct RowFactors {
  let multipliers: UnsafePointer<Int32>
  let shifts: UnsafePointer<Int8>

  @inline(__always)
  func apply(_ sum: Int32, _ row: Int) -> Int64 {
    FixedPoint.scaleWide(sum, multipliers[row], Int32(shifts[row]))
  }
}

/// A sampled function with its address.
struct SampledCurve {
  let samples: UnsafePointer<Int16>
  let exponent: Int32

  /// The value in steps of 2^-15 for x in steps of 2^-16: straight between two samples.
  @inline(__always)
  func callAsFunction(_ x: Int32) -> Int32 {
    let bound: Int32 = 1 &<< (exponent &+ 16)
    let inside = min(max(x, 0 &- bound), bound &- 1) &+ bound
    let width = exponent &+ 8
    let index = Int(inside &>> width)
    let part = inside & ((1 &<< width) &- 1)
    let left = Int32(samples[index])
    let rise = Int32(samples[index &+ 1]) &- left
    // |rise| < 2^16, part < 2^14.
    return left &+ ((rise &* part &+ (1 &<< (width &- 1))) &>> width)
  }
}

/// Where a state starts: an operand, a constant, or zeros.
enum InitialState {
  case zero
  case hidden(UnsafePointer<Int16>)
  case cell(UnsafePointer<Int32>)
  case operand(UnsafeRawPointer, isWide: Bool, RecurrentParameters.StateScale)

  /// The state of a unit, clamped to 32 bits.
  @inline(__always)
  func value(_ unit: Int) -> Int64 {
    switch self {
    case .zero: return 0
    case .hidden(let values): return Int64(values[unit])
    case .cell(let values): return Int64(values[unit])
    case .operand(let bytes, let isWide, let state):
      let q =
        isWide
        ? Int32(bytes.assumingMemoryBound(to: Int16.self)[unit])
        : Int32(bytes.assumingMemoryBound(to: Int8.self)[unit])
      return FixedPoint.scaleWide(
        q &- state.zeroPoint, state.scale.multiplier, state.scale.shift)
    }
  }
}

extension FixedPoint {
  /// round(value · multiplier · 2^(shift − 31)), rounded once, halves upwards, in 64 bits: below 2^62
  /// for any valid multiplier and shift.
  @inline(__always)
  package static func scaleWide(_ value: Int32, _ multiplier: Int32, _ shift: Int32) -> Int64 {
    let total = Int64(31 &- shift)
    return (Int64(value) &* Int64(multiplier) &+ (1 &<< (total &- 1))) &>> total
  }

  /// round(value / 2^15), halves upwards.
  @inline(__always)
  static func fifteenth(_ value: Int64) -> Int64 { (value &+ (1 &<< 14)) &>> 15 }

  @inline(__always)
  static func saturated16(_ value: Int64) -> Int16 {
    Int16(truncatingIfNeeded: min(max(value, -32768), 32767))
  }

  @inline(__always)
  static func saturated32(_ value: Int64) -> Int32 {
    Int32(truncatingIfNeeded: min(max(value, Int64(Int32.min)), Int64(Int32.max)))
  }
}

/// The scratch of a recurrent layer.
enum ScalarRecurrent {
  /// Hidden state, hidden state times reset gate, cells, pre-activations.
  static func scratchBytes(_ layer: Layer) -> Int {
    guard case .recurrent(let parameters) = layer.operation else { return 0 }
    let units = layer.output.shape[layer.output.shape.count - 1]
    return 2 * (2 * units).aligned + (4 * units).aligned
      + (4 * units * parameters.cell.gates).aligned
  }
}

extension RecurrentCall {
  /// Every direction over all steps.
  func run() {
    switch direction {
    case .forward: pass(0, isReversed: false)
    case .reverse: pass(0, isReversed: true)
    case .both:
      pass(0, isReversed: false)
      pass(1, isReversed: true)
    }
  }

  private func pass(_ pass: Int, isReversed: Bool) {
    for unit in 0..<hiddenSize {
      hidden[unit] = FixedPoint.saturated16(initialHidden.value(pass &* hiddenSize &+ unit))
      cells[unit] = FixedPoint.saturated32(initialCell.value(pass &* hiddenSize &+ unit))
    }
    for index in 0..<steps {
      let step = isReversed ? steps &- 1 &- index : index
      switch cell {
      case .simple: simple(pass, step)
      case .lstm: lstm(pass, step)
      case .gru: gru(pass, step, resetsAfter: false)
      case .gruResetAfter: gru(pass, step, resetsAfter: true)
      }
      if result == .sequence {
        store((step &* direction.count &+ pass) &* hiddenSize)
      }
    }
    if result != .sequence { store(pass &* hiddenSize) }
  }

  // MARK: Cells

  private func simple(_ pass: Int, _ step: Int) {
    for row in 0..<hiddenSize {
      sums[row] = clipped(
        bias(pass, row) &+ fromInput(pass, step, row) &+ fromHidden(pass, hidden, row))
    }
    for unit in 0..<hiddenSize { hidden[unit] = Int16(truncatingIfNeeded: gate(sums[unit])) }
  }

  private func lstm(_ pass: Int, _ step: Int) {
    let units = hiddenSize
    for row in 0..<4 &* units {
      sums[row] = clipped(
        bias(pass, row) &+ fromInput(pass, step, row) &+ fromHidden(pass, hidden, row))
    }
    for unit in 0..<units {
      let inputGate = Int64(gate(sums[unit]))
      let outputGate = Int64(gate(sums[units &+ unit]))
      let forgetGate = Int64(gate(sums[2 &* units &+ unit]))
      let fresh = Int64(candidate(sums[3 &* units &+ unit]))
      let kept = FixedPoint.fifteenth(forgetGate &* Int64(cells[unit]))
      let added = (inputGate &* fresh &+ (1 &<< 13)) &>> 14
      let value = Int32(
        truncatingIfNeeded: min(max(kept &+ added, 0 &- cellClip), cellClip))
      cells[unit] = value
      hidden[unit] = FixedPoint.saturated16(
        FixedPoint.fifteenth(outputGate &* Int64(cellCurve(value))))
    }
  }

  private func gru(_ pass: Int, _ step: Int, resetsAfter: Bool) {
    let units = hiddenSize
    for row in 0..<2 &* units {
      sums[row] = gate(
        clipped(bias(pass, row) &+ fromInput(pass, step, row) &+ fromHidden(pass, hidden, row)))
    }
    let resets = sums + units
    if !resetsAfter {
      for unit in 0..<units {
        resetHidden[unit] = FixedPoint.saturated16(
          FixedPoint.fifteenth(Int64(resets[unit]) &* Int64(hidden[unit])))
      }
    }
    for unit in 0..<units {
      let row = 2 &* units &+ unit
      var sum = bias(pass, row) &+ fromInput(pass, step, row)
      if resetsAfter {
        let product = FixedPoint.saturated32(
          bias(pass, row &+ units) &+ fromHidden(pass, hidden, row))
        sum &+= FixedPoint.fifteenth(Int64(resets[unit]) &* Int64(product))
      } else {
        sum &+= fromHidden(pass, resetHidden, row)
      }
      sums[row] = candidate(clipped(sum))
    }
    for unit in 0..<units {
      let fresh = Int64(sums[2 &* units &+ unit])
      let difference = Int64(hidden[unit]) &- fresh
      hidden[unit] = FixedPoint.saturated16(
        fresh &+ FixedPoint.fifteenth(Int64(sums[unit]) &* difference))
    }
  }

  // MARK: Rows

  @inline(__always)
  private func clipped(_ value: Int64) -> Int32 {
    Int32(truncatingIfNeeded: min(max(value, 0 &- clip), clip))
  }

  @inline(__always)
  private func bias(_ pass: Int, _ row: Int) -> Int64 {
    Int64(bias[pass &* cell.biases &* hiddenSize &+ row])
  }

  /// Σ w · (x − zero point) of a row, in steps of 2^-16.
  @inline(__always)
  private func fromInput(_ pass: Int, _ step: Int, _ row: Int) -> Int64 {
    let position = pass &* cell.gates &* hiddenSize &+ row
    let w = weights + position &* features
    var sum: Int32 = 0
    if inputIsWide {
      let x = input.assumingMemoryBound(to: Int16.self) + step &* features
      for index in 0..<features { sum &+= Int32(w[index]) &* Int32(x[index]) }
    } else {
      let x = input.assumingMemoryBound(to: Int8.self) + step &* features
      for index in 0..<features {
        sum &+= Int32(w[index]) &* (Int32(x[index]) &- inputZeroPoint)
      }
    }
    return inputScales.apply(sum, position)
  }

  /// Σ r · h of a row, in steps of 2^-16.
  @inline(__always)
  private func fromHidden(_ pass: Int, _ state: UnsafeMutablePointer<Int16>, _ row: Int) -> Int64 {
    let position = pass &* cell.gates &* hiddenSize &+ row
    let r = recurrentWeights + position &* hiddenSize
    var sum: Int32 = 0
    for index in 0..<hiddenSize { sum &+= Int32(r[index]) &* Int32(state[index]) }
    return recurrentScales.apply(sum, position)
  }

  /// Writes the states from an element of the result on.
  private func store(_ start: Int) {
    for unit in 0..<hiddenSize {
      let value = result == .finalCell ? cells[unit] : Int32(hidden[unit])
      let level =
        FixedPoint.scaleWide(value, outputScale.multiplier, outputScale.shift) &+ outputZeroPoint
      if outputIsWide {
        output.assumingMemoryBound(to: Int16.self)[start &+ unit] = FixedPoint.saturated16(level)
      } else {
        output.assumingMemoryBound(to: Int8.self)[start &+ unit] = Int8(
          truncatingIfNeeded: min(max(level, -128), 127))
      }
    }
  }
}

extension ScalarBinder {
  func recurrent(
    _ parameters: RecurrentParameters, _ source: PlanTensor, _ result: PlanTensor
  ) -> RecurrentCall {
    let features = source.shape[source.shape.count - 1]
    let units = result.shape[result.shape.count - 1]
    let (narrow, wide) = ((2 * units).aligned, (4 * units).aligned)
    func factors(_ scales: RecurrentParameters.RowScales) -> RowFactors {
      RowFactors(
        multipliers: constant(scales.multipliers, as: Int32.self),
        shifts: constant(scales.shifts, as: Int8.self))
    }
    let curves = parameters.functions.map { function in
      SampledCurve(
        samples: constant(function.samples, as: Int16.self), exponent: Int32(function.exponent))
    }
    return RecurrentCall(
      cell: parameters.cell, direction: parameters.direction, result: parameters.result,
      input: UnsafeRawPointer(memory.elements(source)), inputIsWide: source.element == .int16,
      inputZeroPoint: parameters.inputZeroPoint, steps: source.elementCount / features,
      features: features, hiddenSize: units, weights: constant(parameters.weights, as: Int8.self),
      recurrentWeights: constant(parameters.recurrentWeights, as: Int8.self),
      bias: constant(parameters.bias, as: Int32.self),
      inputScales: factors(parameters.inputScales),
      recurrentScales: factors(parameters.recurrentScales), gate: curves[0],
      candidate: curves[min(1, curves.count - 1)], cellCurve: curves[curves.count - 1],
      clip: Int64(parameters.clip), cellClip: Int64(parameters.cellClip),
      initialHidden: initialHidden(parameters),
      initialCell: initialCell(parameters),
      output: UnsafeMutableRawPointer(memory.elements(result)),
      outputIsWide: result.element == .int16, outputScale: parameters.outputScale,
      outputZeroPoint: Int64(parameters.outputZeroPoint),
      hidden: memory.scratch.assumingMemoryBound(to: Int16.self),
      resetHidden: (memory.scratch + narrow).assumingMemoryBound(to: Int16.self),
      cells: (memory.scratch + 2 * narrow).assumingMemoryBound(to: Int32.self),
      sums: (memory.scratch + 2 * narrow + wide).assumingMemoryBound(to: Int32.self))
  }

  private func initialHidden(_ parameters: RecurrentParameters) -> InitialState {
    if layer.inputs.count > 1 { return operand(1, parameters.hiddenOperand) }
    guard parameters.initialHidden.byteCount > 0 else { return .zero }
    return .hidden(constant(parameters.initialHidden, as: Int16.self))
  }

  private func initialCell(_ parameters: RecurrentParameters) -> InitialState {
    if layer.inputs.count > 2 { return operand(2, parameters.cellOperand) }
    guard parameters.initialCell.byteCount > 0 else { return .zero }
    return .cell(constant(parameters.initialCell, as: Int32.self))
  }

  private func operand(
    _ position: Int, _ state: RecurrentParameters.StateScale
  ) -> InitialState {
    let tensor = layer.inputs[position]
    return .operand(
      UnsafeRawPointer(memory.elements(tensor)), isWide: tensor.element == .int16, state)
  }
}
