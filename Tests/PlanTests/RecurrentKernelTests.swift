import DeviceRuntime
import PlanFormat
import TestSupport
import Testing
import Wire

/// Recurrent layers against their definition.
@Suite("recurrent kernels") struct RecurrentKernelTests {
  @Test(arguments: RecurrentParameters.Cell.allCases, [false, true])
  func layers(cell: RecurrentParameters.Cell, isWide: Bool) throws {
    for seed in 0..<150 as Range<UInt64> {
      var random = SplitMix64(seed: 0x12c_0000 + seed)
      let layer = RecurrentSketch(cell: cell, isWide: isWide, &random)
      let levels = isWide ? -32768...32767 : -128...127
      let x = (0..<layer.steps * layer.features).map { _ in Int16(random.int(levels)) }
      let inputs = [x] + layer.states.map(\.values)
      let got: [Int] =
        isWide
        ? try layer.sketch().run(inputs, as: Int16.self).map { Int($0) }
        : try layer.sketch().run(inputs.map { $0.map { Int8($0) } }).map { Int($0) }
      #expect(got == layer.expected(x), "seed \(0x12c_0000 + seed)")
    }
  }

  /// Nothing of one run is left for the next.
  @Test func runsBeginAnew() throws {
    var random = SplitMix64(seed: 0x12c)
    for cell in RecurrentParameters.Cell.allCases {
      let layer = RecurrentSketch(cell: cell, isWide: false, &random)
      let sketch = layer.sketch()
      let inputs = sketch.instructions[0].inputs
      let plan = sketch.plan(inputs: inputs, outputs: [sketch.instructions[0].output])
      let session = try Session(plan: plan.encoded(), weights: sketch.weights)
      var results: [[UInt8]] = []
      for _ in 0..<2 {
        for position in inputs.indices {
          session.input(position).copyBytes(
            from: (0..<session.input(position).count).map { UInt8(truncatingIfNeeded: $0 * 37) })
        }
        session.run()
        results.append(Array(session.output(0)))
      }
      #expect(results[0] == results[1])
    }
  }

  @Test(arguments: RecurrentParameters.Cell.allCases)
  func roundTrip(_ cell: RecurrentParameters.Cell) throws {
    var random = SplitMix64(seed: 0x12d)
    for _ in 0..<20 {
      let sketch = RecurrentSketch(cell: cell, isWide: false, &random).sketch()
      let plan = sketch.plan(
        inputs: sketch.instructions[0].inputs, outputs: [sketch.instructions[0].output])
      #expect(try Plan(decoding: plan.encoded()) == plan)
      #expect(plan.requiredVersion == 3)
      // Each constant is packed, in the order of declaration.
      #expect(
        plan.instructions[0].operation.constants.map(\.byteCount).reduce(0, +)
          <= sketch.weights.count)
    }
  }

  /// The message of the refusal of a changed LSTM; empty when it is accepted.
  private func refusal(
    cell: RecurrentParameters.Cell = .lstm,
    _ edit: (inout RecurrentParameters, inout Plan, inout [UInt8]) -> Void
  ) -> String {
    var random = SplitMix64(seed: 0x12e)
    var layer = RecurrentSketch(cell: cell, isWide: false, &random)
    (layer.result, layer.direction, layer.states) = (.finalHidden, .forward, [])
    (layer.units, layer.features) = (2, 3)
    layer.weights = random.spreadWeights(cell.gates * 2 * 3)
    layer.recurrentWeights = random.spreadWeights(cell.gates * 2 * 2)
    layer.bias = [Int32](repeating: 5, count: cell.biases * 2)
    layer.inputScales = [FixedPointScale](
      repeating: FixedPointScale(nearestTo: 9), count: cell.gates * 2)
    layer.recurrentScales = layer.inputScales
    layer.initialHidden = [1, -1]
    layer.initialCell = cell == .lstm ? [7, -7] : []
    let sketch = layer.sketch()
    var weights = sketch.weights
    var plan = sketch.plan(inputs: [TensorIndex(0)], outputs: [TensorIndex(1)])
    if case .recurrent(var parameters) = plan.instructions[0].operation {
      edit(&parameters, &plan, &weights)
      plan.instructions[0].operation = .recurrent(parameters)
    }
    do throws(RuntimeError) {
      _ = try Session(plan: plan.encoded(), weights: weights)
      return ""
    } catch {
      return error.message
    }
  }

  @Test func theSampleIsAccepted() {
    for cell in RecurrentParameters.Cell.allCases {
      #expect(refusal(cell: cell) { _, _, _ in } == "")
    }
  }

  @Test func constantsOfOtherSizes() {
    let edits: [(inout RecurrentParameters) -> Void] = [
      { $0.weights.byteCount -= 1 }, { $0.recurrentWeights.byteCount += 1 },
      { $0.bias.byteCount -= 4 }, { $0.inputScales.multipliers.byteCount -= 4 },
      { $0.inputScales.shifts.byteCount -= 1 }, { $0.recurrentScales.multipliers.byteCount += 4 },
      { $0.recurrentScales.shifts.byteCount = 1 }, { $0.functions[2].samples.byteCount = 1024 },
      { $0.initialHidden.byteCount = 2 }, { $0.initialCell.byteCount = 4 },
      {
        $0.cell = .gruResetAfter; $0.functions.removeLast(); $0.initialCell.byteCount = 0
      },
    ]
    for (index, edit) in edits.enumerated() {
      let message = refusal { parameters, _, _ in edit(&parameters) }
      #expect(message.contains("wrong size"), "\(index): \(message)")
    }
    for (index, edit)
      in ([
        { $0.weights.offset += 1 }, { $0.functions[0].samples.offset = 1 << 28 },
        { $0.initialHidden.offset = 1 << 28 },
      ] as [(inout RecurrentParameters) -> Void]).enumerated()
    {
      let message = refusal { parameters, _, _ in edit(&parameters) }
      #expect(message.contains("outside"), "\(index): \(message)")
    }
  }

  @Test func parametersOutOfRange() {
    let edits: [(String, (inout RecurrentParameters) -> Void)] = [
      ("functions", { $0.functions.removeLast() }),
      ("domain", { $0.functions[1].exponent = 7 }),
      ("clip", { $0.clip = -1 }), ("clip", { $0.cellClip = -1 }),

      ("clip", { $0.clip = 1 << 30 + 1 }),
      ("another size", { $0.direction = .both }),
      ("scale out of range", { $0.outputScale.shift = 31 }),
      ("scale out of range", { $0.hiddenOperand.scale.multiplier = -1 }),
      ("zero point", { $0.inputZeroPoint += 1 }), ("zero point", { $0.outputZeroPoint += 1 }),
    ]
    for (rule, edit) in edits {
      let message = refusal { parameters, _, _ in edit(&parameters) }
      #expect(message.contains(rule), "\(rule): \(message)")
    }
    #expect(refusal(cell: .gru) { p, _, _ in p.result = .finalCell }.contains("does not have"))
    #expect(
      refusal(cell: .gru) { p, _, _ in p.initialCell = p.bias }.contains("does not have"))
  }

  @Test func operands() {
    #expect(
      refusal { p, plan, _ in
        plan.tensors.append(plan.tensors[0])
        plan.instructions[0].inputs.append(TensorIndex(0))
      }.contains("another size"))
    #expect(
      refusal(cell: .gru) { _, plan, _ in
        plan.instructions[0].inputs += [TensorIndex(0), TensorIndex(0)]
      }.contains("number of operands"))
    #expect(
      refusal { _, plan, _ in
        plan.instructions[0].inputs += [TensorIndex(0), TensorIndex(0), TensorIndex(0)]
      }.contains("number of operands"))
    #expect(
      refusal { p, plan, _ in
        (plan.tensors[1].element, plan.tensors[1].zeroPoint) = (.int32, 0)
        p.outputZeroPoint = 0
      }.contains("element type"))
  }

  @Test func scalesAndSums() {
    #expect(
      refusal { p, _, weights in weights[p.inputScales.shifts.offset] = 31 }.contains("overflow"))
    #expect(
      refusal { p, _, weights in
        weights[p.recurrentScales.multipliers.offset + 3] = 0x80
      }.contains("overflow"))
    // 127 · 2^15 · 516 is the most that fits 31 bits.
    for (units, fits) in [(516, true), (517, false)] {
      var random = SplitMix64(seed: 1)
      var layer = RecurrentSketch(cell: .simple, isWide: false, &random)
      (layer.units, layer.direction, layer.states) = (units, .forward, [])
      (layer.initialHidden, layer.initialCell) = ([], [])
      layer.weights = [Int8](repeating: 0, count: units * layer.features)
      layer.recurrentWeights = [Int8](repeating: -127, count: units * units)
      layer.bias = [Int32](repeating: 0, count: units)
      layer.inputScales = [FixedPointScale](
        repeating: FixedPointScale(nearestTo: 1), count: units)
      layer.recurrentScales = layer.inputScales
      let sketch = layer.sketch()
      let plan = sketch.plan(inputs: [TensorIndex(0)], outputs: [TensorIndex(1)])
      let bytes = plan.encoded()
      if fits {
        #expect(throws: Never.self) { try Session(plan: bytes, weights: sketch.weights) }
      } else {
        #expect(throws: RuntimeError.self) { try Session(plan: bytes, weights: sketch.weights) }
      }
    }
  }
}
