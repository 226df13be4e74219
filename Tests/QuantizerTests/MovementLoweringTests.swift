import DeviceRuntime
import Lowering
import ModelGraph
import Operators
import PlanFormat
import Testing

/// Choices, joins and resamplings as integers, against the float operators.
@Suite struct MovementLoweringTests {
  private static func run(
    _ graph: Graph, _ inputs: [[Int8]]
  ) throws -> (output: [Int8], instructions: [Instruction]) {
    let lowered = try Lowering.lower(graph)
    let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    for (position, values) in inputs.enumerated() {
      values.withUnsafeBytes { session.input(position).copyMemory(from: $0) }
    }
    session.run()
    return (Array(session.output(0).bindMemory(to: Int8.self)), lowered.plan.instructions)
  }

  /// Positions as slices, tiles, enlargements, pads and gathers have them.
  private static func positions(_ random: inout SeededValues, size: Int) -> [Int]? {
    let count = random.int(1...7)
    switch random.int(0...6) {
    case 0: return nil
    case 1: return (0..<count).map { $0 % size }
    case 2: return (0..<2 * size).map { $0 / 2 }
    case 3: return Array((0..<size).reversed())
    case 4: return [-1] + Array(0..<size) + [-1, -1]
    case 5: return (0..<count).map { _ in random.int(0...size - 1) }
    default: return (0..<count).map { _ in random.int(-1...size - 1) }
    }
  }

  @Test(arguments: 0..<200) func choices(seed: Int) throws {
    var random = SeededValues(seed: UInt64(seed) + 0x91c)
    let shape = (0..<random.int(1...4)).map { _ in random.int(1...5) }
    let positions = shape.map { Self.positions(&random, size: $0) }
    let operation = Pick(positions: positions, hasFill: seed % 3 == 0)
    let x = random.int8s(shape)
    var small = IntegerGraph(seed: 1)
    let input = small.activation("x", shape, scale: 0.5, zeroPoint: -3)
    let fill = small.graph.add(
      Value(
        name: "fill", type: ValueType(.float32, []), constant: TensorData(shape: [], floats: [21])))
    let types = try operation.resultTypes([
      ValueType(.int8, shape), operation.hasFill ? ValueType(.int8, []) : nil,
    ])
    let output = small.activation("y", types[0].shape, scale: 0.5, zeroPoint: -3)
    small.node("pick", operation, operation.hasFill ? [input, fill] : [input], output)
    small.graph.inputs = [input]
    small.graph.outputs = [output]
    guard case .int8(let values) = x.elements else { return }
    // Without a fill the zero point stands for 0: with one, 21 / 0.5 − 3.
    let outside = TensorData(shape: [], elements: .int8([operation.hasFill ? 39 : -3]))
    let expected = try Pick(positions: positions, hasFill: true).evaluate([x, outside])[0]
    let got = try Self.run(small.graph, [values])
    #expect(expected.elements == .int8(got.output), "\(shape) \(positions)")
    #expect(got.instructions.count == 1)
  }

  @Test func fewBlocksForRegularPositions() throws {
    var small = IntegerGraph(seed: 1)
    let x = small.activation("x", [1, 8, 8, 3], scale: 0.5, zeroPoint: 0)
    let y = small.activation("y", [1, 16, 16, 3], scale: 0.5, zeroPoint: 0)
    let twice = (0..<16).map { $0 / 2 }
    small.node("twice", Pick(positions: [nil, twice, twice, nil]), [x], y)
    small.graph.inputs = [x]
    small.graph.outputs = [y]
    guard case .move(let move)? = try Lowering.lower(small.graph).plan.instructions.first?.operation
    else {
      Issue.record("no move")
      return
    }
    #expect(move.blocks.count == 1 && move.blocks[0].axes.count == 5)
  }

  @Test(arguments: 0..<60) func joins(seed: Int) throws {
    var random = SeededValues(seed: UInt64(seed) + 0xca7)
    let rank = random.int(1...4)
    let axis = random.int(0...rank - 1)
    let base = (0..<rank).map { _ in random.int(1...4) }
    var small = IntegerGraph(seed: 1)
    var (ids, parts, levels): ([ValueID], [TensorData], [[Int8]]) = ([], [], [])
    for index in 0..<random.int(1...4) {
      var shape = base
      shape[axis] = random.int(1...5)
      let scale: Float = [0.5, 0.5, 0.125][random.int(0...2)]
      let zeroPoint = Int32([4, 4, -9][random.int(0...2)])
      ids.append(small.activation("x\(index)", shape, scale: scale, zeroPoint: zeroPoint))
      guard case .int8(let values) = random.int8s(shape).elements else { return }
      levels.append(values)
      let table = Quantization.rescaling(
        from: Quantization(scale: scale, zeroPoint: zeroPoint),
        to: Quantization(scale: 0.5, zeroPoint: 4))
      parts.append(
        TensorData(shape: shape, elements: .int8(values.map { table[Int($0) + 128] })))
    }
    let expected = try Concat(axis: axis).evaluate(parts)[0]
    let y = small.activation("y", expected.shape, scale: 0.5, zeroPoint: 4)
    small.node("join", Concat(axis: axis), ids, y)
    small.graph.inputs = ids
    small.graph.outputs = [y]
    #expect(expected.elements == .int8(try Self.run(small.graph, levels).output))
  }

  @Test func wordsAreMovedToo() throws {
    var small = IntegerGraph(seed: 1)
    let shape = [1, 3]
    let parameters = Quantization(scale: 0.25, zeroPoint: 0)
    let ids = ["x", "y", "z"].map { name in
      small.graph.add(
        Value(
          name: name, type: ValueType(.int16, name == "z" ? [1, 6] : shape),
          quantization: parameters))
    }
    small.node("join", Concat(axis: 1), [ids[0], ids[1]], ids[2])
    small.graph.inputs = [ids[0], ids[1]]
    small.graph.outputs = [ids[2]]
    let lowered = try Lowering.lower(small.graph)
    let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    for (position, values) in [[300, -301, 302], [7, 8, -32768] as [Int16]].enumerated() {
      values.withUnsafeBytes { session.input(position).copyMemory(from: $0) }
    }
    session.run()
    let joined = Array(session.output(0).bindMemory(to: Int16.self))
    #expect(joined == [300, -301, 302, 7, 8, -32768])
    small.graph[ids[0]].quantization = Quantization(scale: 0.5, zeroPoint: 0)
    #expect(throws: GraphError.self) { try Lowering.lower(small.graph) }
  }

  /// Fixed-point weights are within 2^-11 of the real ones, four of them, and the result is rounded.
  @Test(arguments: 0..<40) func resamplings(seed: Int) throws {
    var random = SeededValues(seed: UInt64(seed) + 0x4e5)
    let shape = [1, random.int(1...6), random.int(1...6), random.int(1...4)]
    func axis(_ size: Int) -> [[Resize.Tap]] {
      (0..<random.int(1...9)).map { _ in
        let weight = Float.random(in: 0...1, using: &random)
        return [
          Resize.Tap(position: random.int(0...size - 1), weight: weight),
          Resize.Tap(position: random.int(0...size - 1), weight: 1 - weight),
        ]
      }
    }
    let axes: [[[Resize.Tap]]?] =
      seed % 3 == 0
      ? [nil, nil, axis(shape[2]), nil]
      : seed % 3 == 1
        ? [nil, axis(shape[1]), nil, nil] : [nil, axis(shape[1]), axis(shape[2]), nil]
    let operation = Resize(axes: axes)
    var small = IntegerGraph(seed: 1)
    let x = small.activation("x", shape, scale: 1, zeroPoint: 0)
    guard case .int8(let values) = random.int8s(shape).elements else { return }
    let expected = try operation.evaluate([
      TensorData(shape: shape, floats: values.map { Float($0) })
    ])[0]
    let y = small.activation("y", expected.shape, scale: 1, zeroPoint: 0)
    small.node("resize", operation, [x], y)
    small.graph.inputs = [x]
    small.graph.outputs = [y]
    let got = try Self.run(small.graph, [values]).output
    for (level, real) in zip(got, expected.floats ?? []) {
      #expect(abs(Float(level) - real) <= 0.5 + 127 * 4 * 0x1p-11)
    }
  }
}
