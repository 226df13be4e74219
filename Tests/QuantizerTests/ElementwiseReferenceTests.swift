import DeviceRuntime
import Lowering
import ModelGraph
import Operators
import PlanFormat
import Testing

/// Element-wise operators of int8 and int16 equal LiteRT's BUILTIN_REF. Its outputs for 24 scales per
/// function were recorded as one FNV-1a checksum: a model of one operator each, run by LiteRT 2.3.
/// Scales, zero points and inputs follow from formulas. ELU, which BUILTIN_REF lacks, is recorded from
/// LiteRT without delegates.
@Suite struct ElementwiseReferenceTests {
  struct Case {
    let input: Quantization
    let result: Quantization

    /// All scales are exact in float32.
    init(_ n: Int) {
      input = Quantization(
        scale: Float(7 + (n * n * 37 + n * 11) % 499) / 4096,
        zeroPoint: Int32((n * 83) % 256 - 128))
      result = Quantization(
        scale: Float(5 + (n * n * 53 + n * 29) % 307) / 4096,
        zeroPoint: Int32((n * 151 + 60) % 256 - 128))
    }
  }

  struct Checksum {
    var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
  }

  static let tables: [(ReferenceTable, UInt64)] = [
    (.clamped(minimum: 0, maximum: .infinity), 0x5314_d64b_c291_0e7b),
    (.clamped(minimum: 0, maximum: 6), 0xed52_a585_b171_d4e6),
    (.clamped(minimum: -1, maximum: 1), 0xb91b_781a_1696_d6eb),
    (.clamped(minimum: 0, maximum: 1), 0x6225_7cfe_6433_36be),
    (.leakyRelu(alpha: 0.1), 0x0e1a_dd18_d443_3632),
    (.hardSwish, 0x894f_a8b0_311c_c106),
    (.abs, 0x54f9_db0c_6f1f_a8b3),
    (.squareRoot, 0x7cfb_9cf2_3aad_012d),
    (.float(.logistic), 0xce8f_ab5a_2282_949d),
    (.float(.tanh), 0x81ee_1b39_c35e_4a72),
    (.float(.elu), 0x361e_2183_13d5_3aa7),
    (.float(.exp), 0x1c63_dda7_66a0_506c),
    (.float(.log), 0x3827_98f6_6587_6c6b),
    (.float(.gelu), 0xcab7_b6f2_1d7f_a500),
    (.float(.geluByTanh), 0x5045_cfc6_bd15_570c),
  ]

  @Test(arguments: tables) func tablesEqual(_ table: ReferenceTable, _ recorded: UInt64) throws {
    var checksum = Checksum()
    for number in 0..<24 {
      let sample = Case(number)
      var result = sample.result
      if table == .float(.logistic) { result = Quantization(scale: 1 / 256, zeroPoint: -128) }
      if table == .float(.tanh) { result = Quantization(scale: 1 / 128, zeroPoint: 0) }
      // LiteRT refuses roots of less than 0.
      let least = table == .squareRoot ? sample.input.zeroPoint : -128
      let operation = Pointwise(.relu, table: .reference(table))
      checksum.add(try run(operation, sample.input, result, least: least))
    }
    #expect(checksum.value == recorded, "\(table)")
  }

  /// RSQRT is the nearest integer; so is no table of its own.
  @Test func reciprocalRootsAreNearest() throws {
    var checksum = Checksum()
    for number in 0..<24 {
      let sample = Case(number)
      let operation = Pointwise(.reciprocalRoot)
      checksum.add(
        try run(operation, sample.input, sample.result, least: sample.input.zeroPoint))
    }
    #expect(checksum.value == 0xd740_8fd7_59ab_88db)
  }

  @Test func rescalingEqualsQuantize() {
    var checksum = Checksum()
    for number in 0..<24 {
      let sample = Case(number)
      let levels = Quantization.rescaling(from: sample.input, to: sample.result)
      checksum.add(levels.map { UInt8(bitPattern: $0) })
      let same = Quantization.rescaling(from: sample.input, to: sample.input)
      #expect(same == Array(-128...127))
    }
    #expect(checksum.value == 0xc101_0f5f_3139_8966)
  }

  private func run(
    _ operation: Pointwise, _ input: Quantization, _ result: Quantization, least: Int32
  ) throws -> [UInt8] {
    var small = IntegerGraph(seed: 1)
    let x = small.activation("x", [256], scale: input.scale, zeroPoint: input.zeroPoint)
    let y = small.activation("y", [256], scale: result.scale, zeroPoint: result.zeroPoint)
    small.node("f", operation, [x], y)
    (small.graph.inputs, small.graph.outputs) = ([x], [y])
    let lowered = try Lowering.lower(small.graph)
    let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    let input = session.input(0)
    for k in 0..<256 { input[k] = UInt8(bitPattern: Int8(max(Int32(k - 128), least))) }
    session.run()
    return Array(session.output(0))
  }

  static let binaries: [(BinaryFunction, Bool, UInt64)] = [
    (.add, false, 0x36fe_5e4e_9377_a3f0),
    (.add, true, 0xf1cb_91ff_413e_14f3),
    (.subtract, false, 0x55e1_3eb2_6377_d32f),
    (.subtract, true, 0xc3b1_6d7d_d2bd_7368),
    (.multiply, false, 0x7efa_bc76_d90f_1bb6),
    (.multiply, true, 0xd07c_b59f_99bd_1734),
    (.maximum, false, 0x56b5_8676_4264_a04a),
    (.maximum, true, 0x5e39_bc6a_8ca4_97c5),
    (.minimum, false, 0x4e5a_3b54_a44c_12d2),
    (.minimum, true, 0xf589_79e6_0afd_57fc),
    (.squaredDifference, false, 0x88cd_2b1e_3406_bada),
    (.slope, false, 0x802c_3beb_3217_35e1),
  ]

  static let shapes: [([Int], [Int], [Int])] = [
    ([1, 4, 5, 6], [1, 4, 5, 6], [1, 4, 5, 6]), ([1, 4, 5, 6], [6], [1, 4, 5, 6]),
    ([1, 1, 5, 1], [1, 4, 5, 6], [1, 4, 5, 6]), ([2, 1, 3, 1], [1, 5, 1, 7], [2, 5, 3, 7]),
    ([3], [1], [3]),
  ]

  /// Both operands computed, or either constant: the same bytes.
  @Test(arguments: binaries, [nil, 0, 1])
  func binariesEqual(
    _ recorded: (function: BinaryFunction, isWide: Bool, checksum: UInt64), constant: Int?
  ) throws {
    var checksum = Checksum()
    for number in 0..<24 {
      checksum.add(try run(recorded.function, isWide: recorded.isWide, number, constant: constant))
    }
    #expect(checksum.value == recorded.checksum, "\(recorded), constant \(constant ?? -1)")
  }

  /// Inputs as the recording had them.
  static func levels(_ count: Int, _ number: Int, isWide: Bool) -> [Int] {
    (0..<count).map { k in
      let mixed = (k * k * 7919 + k * 104_729 + number * 15_485_863) / 3
      return isWide ? mixed % 65536 - 32768 : mixed % 256 - 128
    }
  }

  private func parameters(
    _ function: BinaryFunction, isWide: Bool, _ number: Int
  ) -> [Quantization] {
    var (left, right) = (Case(number).input, Case(number + 7).input)
    var result = Case(number).result
    if isWide {
      left = Quantization(scale: left.scale / 256, zeroPoint: 0)
      right = Quantization(scale: right.scale / 256, zeroPoint: 0)
      result = Quantization(scale: result.scale / 256, zeroPoint: 0)
    }
    if function == .maximum || function == .minimum { (right, result) = (left, left) }
    if function == .multiply || function == .squaredDifference { result.scales[0] /= 4 }
    return [left, right, result]
  }

  private func run(
    _ function: BinaryFunction, isWide: Bool, _ number: Int, constant: Int?
  ) throws -> [UInt8] {
    var (left, right, result) = Self.shapes[number % Self.shapes.count]
    if function == .slope { (left, right, result) = ([1, 4, 5, 6], [1, 1, 6], [1, 4, 5, 6]) }
    let quantizations = parameters(function, isWide: isWide, number)
    var values: [Value] = []
    var operands: [[Int]] = []
    for (place, shape) in [left, right, result].enumerated() {
      let element = isWide ? ElementType.int16 : .int8
      var value = Value(
        name: "v\(place)", type: ValueType(element, shape), quantization: quantizations[place])
      let levels = Self.levels(
        shape.reduce(1, *), place == 0 ? number : number + 100, isWide: isWide)
      if constant == place {
        value.constant = TensorData(
          shape: shape,
          elements: isWide ? .int16(levels.map { Int16($0) }) : .int8(levels.map { Int8($0) }))
      } else if place < 2 {
        operands.append(levels)
      }
      values.append(value)
    }
    let (plan, weights) = try lowered(Binary(function), values)
    let session = try Session(plan: plan.encoded(), weights: weights)
    for (position, levels) in operands.enumerated() {
      let input = session.input(position)
      let bytes = levels.flatMap { level -> [UInt8] in
        let low = UInt8(truncatingIfNeeded: level)
        return isWide ? [low, UInt8(truncatingIfNeeded: level >> 8)] : [low]
      }
      for (index, byte) in bytes.enumerated() { input[index] = byte }
    }
    session.run()
    return Array(session.output(0))
  }

  /// The plan of one node over two operands and a result, whatever their element type.
  private func lowered(_ operation: Binary, _ values: [Value]) throws -> (Plan, [UInt8]) {
    var tensors: [PlanTensor] = []
    var arena = 0
    let operands = values.map { value -> LoweringValue in
      guard value.constant == nil else { return LoweringValue(value: value, tensor: nil) }
      let tensor = PlanTensor(
        name: value.name, element: value.type.element == .int16 ? .int16 : .int8,
        shape: value.type.shape, arenaOffset: arena, scale: value.quantization?.scale ?? 1,
        zeroPoint: value.quantization?.zeroPoint ?? 0)
      arena += (tensor.byteCount + 63) / 64 * 64
      tensors.append(tensor)
      return LoweringValue(value: value, tensor: TensorIndex(tensors.count - 1))
    }
    var builder = PlanBuilder()
    let node = LoweringNode(
      name: "f", operands: Array(operands.prefix(2)), results: [operands[2]])
    try operation.lower(node, into: &builder)
    let indices = operands.compactMap(\.tensor)
    let plan = Plan(
      arenaBytes: arena, weightsBytes: builder.weights.count, multiplyAccumulates: 0,
      tensors: tensors, inputs: Array(indices.dropLast()), outputs: Array(indices.suffix(1)),
      taps: [], instructions: builder.instructions)
    return (plan, builder.weights)
  }
}
