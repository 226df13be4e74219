import DeviceRuntime
import FloatReference
import Lowering
import ModelGraph
import Operators
import PlanFormat
import Quantizer
import Testing

/// Recurrent layers from float to integers.
@Suite struct RecurrentLoweringTests {
  private static let shape = (steps: 12, features: 5, units: 9)

  /// A layer of random weights behind its input, and the inputs of its states if they are inputs.
  private func graph(
    _ operation: Recurrent, items: Int = 1, hasStateInputs: Bool = false,
    peepholes: Bool = false, lengths: Bool = false, _ random: inout SeededValues
  ) throws -> Graph {
    let (steps, features, units) = Self.shape
    let directions = operation.direction.count
    let rows = directions * operation.cell.gates * units
    var graph = Graph(name: "recurrent")
    func constant(_ name: String, _ data: TensorData) -> ValueID {
      graph.add(Value(name: name, type: ValueType(data.type, data.shape), constant: data))
    }
    let x = graph.add(Value(name: "x", type: ValueType(.float32, [steps, items, features])))
    graph.inputs = [x]
    var operands: [ValueID?] = [
      x, constant("w", random.floats([rows, features], in: -0.6...0.6)),
      constant("r", random.floats([rows, units], in: -0.5...0.5)),
      constant("b", random.floats([directions, 2 * rows / directions], in: -0.5...0.5)),
    ]
    let state = [directions, items, units]
    for name in operation.cell == .lstm ? ["h", "c"] : ["h"] {
      if hasStateInputs {
        let id = graph.add(Value(name: name, type: ValueType(.float32, state)))
        graph.inputs.append(id)
        operands.append(id)
      } else {
        operands.append(constant(name, random.floats(state, in: -0.9...0.9)))
      }
    }
    while operands.count < 6 { operands.append(nil) }
    operands.append(peepholes ? constant("p", random.floats([directions, 3 * units])) : nil)
    if lengths {
      operands.append(
        constant("l", TensorData(shape: [items], elements: .int64([Int64(steps) - 1]))))
    }
    let type = try operation.resultTypes(operands.map { $0.map { graph[$0].type } })[0]
    let y = graph.add(Value(name: "y", type: type))
    graph.nodes = [Node(name: "layer", operation: operation, inputs: operands, outputs: [y])]
    graph.outputs = [y]
    return graph
  }

  private func items(_ graph: Graph, _ random: inout SeededValues) -> [[TensorData]] {
    (0..<24).map { _ in
      graph.inputs.map { id in
        random.floats(graph[id].type.shape, in: id == graph.inputs[0] ? -2...2 : -0.9...0.9)
      }
    }
  }

  /// Signal to noise of the integer layer in dB, of the float layer's results.
  private func decibels(_ operation: Recurrent, hasStateInputs: Bool, seed: UInt64) throws -> Float
  {
    var random = SeededValues(seed: seed)
    let graph = try graph(operation, hasStateInputs: hasStateInputs, &random)
    let items = items(graph, &random)
    let quantized = try Quantizer.quantize(
      try CalibratedModel(graph, items: items), method: .minMax,
      inputs: graph.inputs.map { _ in .calibrated })
    let lowered = try Lowering.lower(quantized)
    let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    let expected = try FloatExecutor(graph).run(items: items)
    var (signal, noise) = (Float(0), Float(0))
    for (item, expected) in zip(items, expected) {
      for (position, tensor) in item.enumerated() {
        let record = session.inputTensor(position)
        let levels = (tensor.floats ?? []).map { value in
          Int8(
            min(max((value / record.scale).rounded() + Float(record.zeroPoint), -128), 127))
        }
        levels.withUnsafeBytes { session.input(position).copyMemory(from: $0) }
      }
      session.run()
      let record = session.outputTensor(0)
      for (level, real) in zip(session.output(0), expected[0].floats ?? []) {
        let got = Float(Int32(Int8(bitPattern: level)) - record.zeroPoint) * record.scale
        signal += real * real
        noise += (got - real) * (got - real)
      }
    }
    var ratio = signal / noise
    var decibels: Float = 0
    // 10 · log10 in steps of 0.1 dB, rounded down.
    while ratio > 1.0233 {
      ratio /= 1.0233
      decibels += 0.1
    }
    return decibels
  }

  @Test(arguments: RecurrentParameters.Cell.allCases, RecurrentParameters.Direction.allCases)
  func integersFollowFloats(
    cell: RecurrentParameters.Cell, direction: RecurrentParameters.Direction
  ) throws {
    let results: [RecurrentParameters.Result] =
      cell == .lstm ? [.sequence, .finalHidden, .finalCell] : [.sequence, .finalHidden]
    for result in results {
      for hasStateInputs in [false, true] {
        let operation = Recurrent(
          cell: cell, direction: direction, result: result,
          functions: [[RecurrentFunction]](
            repeating: Recurrent.defaultFunctions(cell), count: direction.count))
        let decibels = try decibels(operation, hasStateInputs: hasStateInputs, seed: 11)
        #expect(decibels > 33, "\(result), states \(hasStateInputs): \(decibels) dB")
      }
    }
  }

  /// The bounds that the page on recurrent layers states, in steps of 2^-15.
  @Test(arguments: [
    (RecurrentFunction.sigmoid, 2.3), (.tanh, 3.9), (.hardSigmoid(alpha: 0.2, beta: 0.5), 1.5),
  ])
  func sampledFunctions(function: RecurrentFunction, bound: Double) throws {
    let exponent = try #require(function.domainExponent)
    let samples = function.samples(exponent: exponent)
    #expect(samples.count == RecurrentParameters.SampledFunction.count)
    let half = 1 << (exponent + 16)
    let width = 1 << (exponent + 8)
    var worst = 0.0
    for x in stride(from: -20 << 16, through: 20 << 16, by: 97) {
      let inside = max(-half, min(x, half - 1)) + half
      let (left, right) = (Int(samples[inside / width]), Int(samples[inside / width + 1]))
      let part = inside % width
      let got = left + ((right - left) * part + width / 2) >> (exponent + 8)
      worst = max(worst, abs(Double(got) - function.apply(Double(x) / 65536) * 32768))
    }
    #expect(worst <= bound, "\(worst)")
  }

  @Test func refusals() throws {
    func reason(
      _ functions: [RecurrentFunction] = Recurrent.defaultFunctions(.lstm), items: Int = 1,
      peepholes: Bool = false, lengths: Bool = false
    ) throws -> String {
      var random = SeededValues(seed: 5)
      let operation = Recurrent(
        cell: .lstm, direction: .forward, result: .sequence, functions: [functions])
      let graph = try graph(
        operation, items: items, peepholes: peepholes, lengths: lengths, &random)
      let quantized = try Quantizer.quantize(
        try CalibratedModel(graph, items: self.items(graph, &random)), method: .minMax,
        inputs: [.calibrated])
      do throws(GraphError) {
        _ = try Lowering.lower(quantized)
        return ""
      } catch {
        guard case .unsupported("Recurrent", "layer", let reason) = error else { return "\(error)" }
        return reason
      }
    }
    #expect(try reason() == "")
    #expect(try reason(items: 2).contains("2 sequences"))
    #expect(try reason(peepholes: true).contains("peepholes"))
    #expect(try reason(lengths: true).contains("lengths"))
    #expect(try reason([.sigmoid, .tanh, .softsign]).contains("softsign has no integer form"))
  }
}
