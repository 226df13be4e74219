import Bundling
import Foundation
import Lowering
import ModelGraph
import Operators
import PlanFormat
import Testing

/// Hand-made integer graphs to plans: what is emitted, with which integers, and where it lives.
@Suite struct LoweringTests {
  /// TFLite's QuantizeMultiplier, from its description, on the library's frexp.
  private static func quantized(_ real: Double) -> FixedPointScale {
    let (fraction, exponent) = Foundation.frexp(real)
    let multiplier = Int64((fraction * Double(Int64(1) << 31)).rounded(.toNearestOrAwayFromZero))
    return multiplier == 1 << 31
      ? FixedPointScale(multiplier: 1 << 30, shift: Int32(exponent) + 1)
      : FixedPointScale(multiplier: Int32(multiplier), shift: Int32(exponent))
  }

  private static func integers(_ reference: ConstantReference, in weights: [UInt8]) -> [Int32] {
    stride(from: reference.offset, to: reference.offset + reference.byteCount, by: 4).map { at in
      (0..<4).reduce(0) { $0 | Int32(bitPattern: UInt32(weights[at + $1]) << UInt32(8 * $1)) }
    }
  }

  private static func scales(
    _ requantization: Requantization, in weights: [UInt8]
  ) -> [FixedPointScale] {
    let shifts = requantization.shifts
    let bytes = weights[shifts.offset..<shifts.offset + shifts.byteCount]
    return zip(integers(requantization.multipliers, in: weights), bytes).map {
      FixedPointScale(multiplier: $0, shift: Int32(Int8(bitPattern: $1)))
    }
  }

  @Test(arguments: 0..<8) func multipliersAreTFLites(seed: Int) {
    var random = SeededValues(seed: UInt64(seed))
    for _ in 0..<2000 {
      let real = Double.random(in: 1..<2, using: &random) * pow(2, Double(random.int(-30...28)))
      #expect(FixedPointScale(nearestTo: real) == Self.quantized(real), "\(real)")
    }
    #expect(FixedPointScale(nearestTo: 1 - 0x1p-40) == Self.quantized(1))
    for nothing in [0, -1, .nan, .infinity, 1e-30] {
      #expect(FixedPointScale(nearestTo: nothing) == FixedPointScale(multiplier: 0, shift: 0))
    }
    #expect(FixedPointScale(nearestTo: 1e30).multiplier == Int32.max)
  }

  @Test func instructionsCarryTheirIntegers() throws {
    let (graph, _) = IntegerGraph.residual()
    let (plan, weights) = try { ($0.plan, $0.weights) }(Lowering.lower(graph))
    #expect(
      plan.instructions.map(\.name) == ["conv", "depthwise", "add", "pool", "dense", "soft"])
    #expect(plan.weightsBytes == weights.count)
    #expect(
      plan.multiplyAccumulates == 8 * 8 * 4 * 9 * 2 + 8 * 8 * 4 * 9 + 16 * 3)

    guard case .convolution2D(let conv) = plan.instructions[0].operation,
      case .depthwiseConvolution2D(let depthwise) = plan.instructions[1].operation,
      case .addition(let add) = plan.instructions[2].operation,
      case .averagePool2D(let pool) = plan.instructions[3].operation,
      case .fullyConnected(let dense) = plan.instructions[4].operation,
      case .softmax(let soft) = plan.instructions[5].operation
    else {
      Issue.record("another program: \(plan.instructions)")
      return
    }
    #expect(conv.inputZeroPoint == -3 && conv.requantization.rounding == .twice)
    #expect(Self.integers(conv.bias, in: weights) == [1, -2, 300, 4])
    #expect(
      Self.scales(conv.requantization, in: weights)
        == [Float(0.01), 0.02, 0.03, 0.007].map {
          Self.quantized(Double(Float(0.5)) * Double($0) / Double(Float(0.047)))
        })
    // relu6 at scale 0.047: 6 / 0.047 = 127.66, 128 steps above −128.
    #expect(conv.requantization.minimum == -128 && conv.requantization.maximum == 0)
    #expect(Self.integers(depthwise.bias, in: weights) == [0, 0, 0, 0])
    #expect(depthwise.requantization.minimum == -128 && depthwise.requantization.maximum == 127)
    #expect(add.leftShift == 20 && add.minimum == 7 && add.maximum == 127)
    let twice = 2 * Double(Float(0.047))
    #expect(add.left == Self.quantized(0.5))
    #expect(add.right == Self.quantized(Double(Float(0.031)) / twice))
    #expect(add.output == Self.quantized(twice / (1_048_576 * Double(Float(0.1)))))
    #expect(add.leftZeroPoint == -128 && add.rightZeroPoint == 5 && add.outputZeroPoint == 7)
    #expect(pool.minimum == -128 && pool.maximum == 127)
    #expect(dense.requantization.rounding == .once)
    #expect(
      Self.scales(dense.requantization, in: weights)
        == [Self.quantized(Double(Float(0.1) * Float(0.0123)) / Double(Float(0.3)))])
    #expect(soft.table.byteCount == 256 * 8)
    #expect(soft.table.offset % 16 == 0)
  }

  @Test func softmaxTableIsTheExponential() throws {
    let table = ExponentialTable.make(scale: 0.3)
    #expect(table.count == 256 && table[0] == 1 << 40)
    for (k, entry) in table.enumerated() {
      let real = Foundation.exp(-0.3 * Double(k)) * 0x1p40
      #expect(abs(Double(entry) - real) <= 0.5 + real * 0x1p-50)
    }
  }

  @Test func reshapeSharesBytesAndNothingLiveOverlaps() throws {
    let (graph, ids) = IntegerGraph.residual()
    let names = ["x", "a", "b", "c", "d", "e", "f", "g"]
    for tapNames in [[], ["x"], ["a", "f"], names] {
      let taps = tapNames.compactMap { ids[$0] }
      let plan = try Lowering.lower(graph, taps: taps).plan
      let byName = Dictionary(uniqueKeysWithValues: plan.tensors.map { ($0.name, $0) })
      #expect(plan.taps.map { plan.tensors[$0.position].name } == tapNames)
      #expect(byName["d"]?.arenaOffset == byName["e"]?.arenaOffset)
      Self.expectApart(plan)
    }
    let quiet = try Lowering.lower(graph).plan
    // a and b stay for the sum c: three tensors of 256 bytes at once.
    #expect(quiet.arenaBytes == 3 * 256)
    #expect(try Lowering.lower(graph) == Lowering.lower(graph))
  }

  /// Liveness computed anew from the instructions: bytes, not tensors, must not be overwritten.
  private static func expectApart(_ plan: Plan) {
    let end = plan.instructions.count
    var written: [Int: Int] = [:]
    var read: [Int: Int] = [:]
    for index in plan.inputs { written[index.position] = -1 }
    for (step, instruction) in plan.instructions.enumerated() {
      written[instruction.output.position] = step
      for input in instruction.inputs { read[input.position] = step }
    }
    for index in plan.outputs + plan.taps { read[index.position] = end }
    func bytes(_ tensor: Int) -> Range<Int> {
      let record = plan.tensors[tensor]
      return record.arenaOffset..<record.arenaOffset + record.byteCount
    }
    for (tensor, step) in written {
      #expect(bytes(tensor).lowerBound % 64 == 0 && bytes(tensor).upperBound <= plan.arenaBytes)
      for (reader, last) in read where bytes(reader).overlaps(bytes(tensor)) && reader != tensor {
        // A reader that is never written is another shape of what was written to its bytes.
        let first =
          written[reader]
          ?? written.filter { bytes($0.key) == bytes(reader) && $0.value < last }.values.max() ?? -1
        #expect(
          step <= first || step > last,
          "\(plan.tensors[tensor].name) overwrites \(plan.tensors[reader].name)")
      }
    }
  }

  @Test func transposesThatMoveNothingAreFree() throws {
    for (shape, permutation, instructions) in [
      ([1, 4, 1, 3], [0, 2, 1, 3], 0), ([1, 4, 2, 3], [0, 3, 1, 2], 1),
      ([1, 1, 1, 5], [0, 3, 1, 2], 0),
    ] {
      var small = IntegerGraph(seed: 1)
      let x = small.activation("x", shape, scale: 1, zeroPoint: 0)
      let y = small.activation("y", permutation.map { shape[$0] }, scale: 1, zeroPoint: 0)
      small.node("turn", Transpose(permutation: permutation), [x], y)
      (small.graph.inputs, small.graph.outputs) = ([x], [y])
      let plan = try Lowering.lower(small.graph).plan
      #expect(plan.instructions.count == instructions)
      #expect((plan.tensors[0].arenaOffset == plan.tensors[1].arenaOffset) == (instructions == 0))
    }
  }

  @Test func lookupTablesHoldTheNearestInteger() throws {
    var small = IntegerGraph(seed: 1)
    let x = small.activation("x", [1, 4], scale: 0.1, zeroPoint: 10)
    let y = small.activation("y", [1, 4], scale: 0.05, zeroPoint: -128)
    small.node("clip", Pointwise(.relu6), [x], y)
    (small.graph.inputs, small.graph.outputs) = ([x], [y])
    let model = try Lowering.lower(small.graph)
    guard case .lookup(let lookup) = model.plan.instructions[0].operation else {
      Issue.record("not a lookup")
      return
    }
    let start = lookup.table.offset
    let table = model.weights[start..<start + 256].map { Int8(bitPattern: $0) }
    // (q − 10) · 0.1, clamped to 0…6, in steps of 0.05 from −128.
    for (index, entry) in table.enumerated() {
      let steps = min(120, max(0, (index - 128 - 10) * 2))
      #expect(Int(entry) == steps - 128)
    }
  }

  @Test func whatHasNoIntegerFormIsRefused() throws {
    func refusal(
      _ operation: any ModelGraph.Operation, input: [Int] = [1, 4, 4, 2],
      output: [Int] = [1, 4, 4, 2],
      scale: Float = 0.1, resultScale: Float = 0.2, zeroPoint: Int32 = 0
    ) -> GraphError? {
      var small = IntegerGraph(seed: 1)
      let x = small.activation("x", input, scale: scale, zeroPoint: zeroPoint)
      let y = small.activation("y", output, scale: resultScale, zeroPoint: 0)
      small.node("node", operation, [x], y)
      (small.graph.inputs, small.graph.outputs) = ([x], [y])
      do throws(GraphError) {
        _ = try Lowering.lower(small.graph)
        return nil
      } catch {
        return error
      }
    }
    func isUnsupported(_ error: GraphError?, _ name: String) -> Bool {
      guard case .unsupported(name, "node", let reason)? = error else { return false }
      return !reason.isEmpty
    }
    let window = Window(height: 1, width: 1)
    let pool = AveragePool2D(
      window: window, paddingBottom: 0, paddingRight: 0, activation: .none)
    #expect(isUnsupported(refusal(pool), "AveragePool2D"))
    #expect(refusal(pool, resultScale: 0.1) == nil)
    #expect(isUnsupported(refusal(BatchNormalization(epsilon: 0, axis: 3)), "BatchNormalization"))
    #expect(
      isUnsupported(refusal(Reduce(kind: .product, axes: [3], keepsDimensions: true)), "Reduce"))
    #expect(
      refusal(Reduce(kind: .mean, axes: [1, 2], keepsDimensions: true), output: [1, 1, 1, 2]) == nil
    )
    #expect(isUnsupported(refusal(Reshape(shape: [1, 32]), output: [1, 32]), "Reshape"))
    #expect(isUnsupported(refusal(Softmax(beta: 1)), "Softmax"))
    #expect(
      isUnsupported(refusal(Transpose(permutation: [0, 2, 1, 3])), "Transpose"))
    #expect(refusal(Softmax(beta: -1), resultScale: 1 / 256) != nil)
    for scale in [0, -1, Float.nan, .infinity] {
      #expect(refusal(Pointwise(.relu6), resultScale: scale) != nil)
      #expect(refusal(Pointwise(.relu6), scale: scale) != nil)
    }
    #expect(refusal(Pointwise(.relu), zeroPoint: 128) != nil)
  }

  /// Where the condition is 1 the first branch, else the second, each rounded as products are: at most a
  /// step from the nearest level.
  @Test(arguments: [false, true]) func choicesTakeABranch(elseIsZero: Bool) throws {
    var small = IntegerGraph(seed: 3)
    let c = small.activation("c", [1, 1, 4], scale: 1, zeroPoint: 0)
    let a = small.activation("a", [1, 3, 4], scale: 0.1, zeroPoint: 3)
    let b = small.activation("b", [1, 3, 1], scale: 0.2, zeroPoint: -5)
    let y = small.activation("y", [1, 3, 4], scale: 0.25, zeroPoint: 7)
    if elseIsZero {
      small.graph[b].constant = TensorData(shape: [1, 3, 1], elements: .int8([-5, -5, -5]))
    }
    small.node("choice", Where(), [c, a, b], y)
    small.graph.inputs = elseIsZero ? [c, a] : [c, a, b]
    small.graph.outputs = [y]
    let lowered = try Lowering.lower(small.graph)
    #expect(lowered.plan.instructions.count == (elseIsZero ? 1 : 4))
    var item = [
      TensorData(shape: [1, 1, 4], floats: [1, 0, 0, 1]),
      TensorData(shape: [1, 3, 4], floats: (0..<12).map { Float($0 - 6) * 0.7 }),
    ]
    var others: [Float] = [0, 0, 0]
    if !elseIsZero {
      others = [-3.2, 0.4, 5]
      item.append(TensorData(shape: [1, 3, 1], floats: others))
    }
    let got = try IntegerModel(lowered).run(item)[0]
    for index in 0..<12 {
      let chosen = [0, 3].contains(index % 4) ? Float(index - 6) * 0.7 : others[index / 4]
      let nearest: Float = (chosen / 0.25).rounded(.toNearestOrAwayFromZero) * 0.25
      #expect(abs(got[index] - nearest) <= 0.25, "\(index)")
    }
  }

  /// A number without axes is one of one axis in a plan.
  @Test func scalarsHaveAnAxis() throws {
    var small = IntegerGraph(seed: 4)
    let x = small.activation("x", [2, 3], scale: 0.5, zeroPoint: 1)
    let y = small.activation("y", [], scale: 0.5, zeroPoint: 1)
    small.node("fold", Reduce(kind: .maximum, axes: [0, 1], keepsDimensions: false), [x], y)
    small.graph.inputs = [x]
    small.graph.outputs = [y]
    let lowered = try Lowering.lower(small.graph)
    #expect(lowered.plan.tensors.last?.shape == [1])
    let item = TensorData(shape: [2, 3], floats: [1, -2, 7.5, 3, 0, 4])
    #expect(try IntegerModel(lowered).run([item]) == [[7.5]])
  }

  @Test func floatAndDisorderedGraphsAreRefused() {
    var (graph, ids) = IntegerGraph.residual()
    graph.nodes.swapAt(0, 2)
    #expect(throws: GraphError.self) { try Lowering.lower(graph) }
    (graph, ids) = IntegerGraph.residual()
    if let c = ids["c"] { graph[c].type.element = .float32 }
    #expect(throws: GraphError.self) { try Lowering.lower(graph) }
    (graph, ids) = IntegerGraph.residual()
    for position in graph.values.indices { graph.values[position].quantization = nil }
    #expect(
      throws: GraphError.invalid(
        node: "small", reason: "its activations are float; quantise it with calibration data")
    ) { try Lowering.lower(graph) }
  }
}
