import DeviceRuntime
import PlanFormat
import Testing
import Wire

/// Integers of another type and scale: the kernel against LiteRT, and its rules broken one by one.
@Suite struct RescaleTests {
  private static let bytes = [-128, -127, -70, -6, -5, -4, 0, 1, 33, 64, 100, 126, 127]
  private static let words = [
    -32768, -32767, -20001, -513, -129, -3, -2, -1, 0, 1, 2, 3, 127, 128, 5555, 20000, 32766, 32767,
  ]
  private static let wideWords = [
    -2_147_483_648, -1_073_741_824, -123_456_789, -65537, -32769, -1000, -1, 0, 1, 999, 32768,
    65536, 7_654_321, 1_073_741_824, 2_147_483_647,
  ]

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var source: (element: PlanElement, scale: Float, zeroPoint: Int32)
    var target: (element: PlanElement, scale: Float, zeroPoint: Int32)
    /// Factors as reals; both the same in QUANTIZE.
    var factors: (above: Double, below: Double)
    var clamp: ClosedRange<Int32>
    var input: [Int]
    var expected: [Int]
    var testDescription: String { name }
  }

  /// Results of LiteRT 2.3.0's BUILTIN_REF.
  static let cases: [Case] = {
    let (byte, word): (PlanElement, PlanElement) = (.int8, .int16)
    let (coarse, fine, finer): (Float, Float, Float) = (0.05, 0.0007, 0.0005)
    func quantize(
      _ name: String, _ source: (PlanElement, Float, Int32),
      _ target: (PlanElement, Float, Int32), _ input: [Int], _ expected: [Int]
    ) -> Case {
      let factor = Double(source.1) / Double(target.1)
      return Case(
        name: "QUANTIZE " + name, source: source, target: target, factors: (factor, factor),
        clamp: target.0 == .int8 ? -128...127 : -32768...32767, input: input, expected: expected)
    }
    func function(
      _ name: String, slope: Float, clamp: ClosedRange<Int32>, _ expected: [Int]
    ) -> Case {
      Case(
        name: name, source: (word, fine, 0), target: (word, finer, 0),
        factors: (Double(fine / finer), Double(fine * slope / finer)), clamp: clamp,
        input: words, expected: expected)
    }
    return [
      quantize(
        "int8 to int16", (byte, coarse, -5), (word, fine, 0), bytes,
        [-8786, -8714, -4643, -71, 0, 71, 357, 429, 2714, 4929, 7500, 9357, 9429]),
      quantize(
        "int16 to int8", (word, fine, 0), (byte, coarse, -5), words,
        [-128, -128, -128, -12, -7, -5, -5, -5, -5, -5, -5, -5, -3, -3, 73, 127, 127, 127]),
      quantize(
        "int16 to int16", (word, fine, 0), (word, 0.0021, 0), words,
        [
          -10923, -10923, -6667, -171, -43, -1, -1, -1, 0, 1, 1, 1, 43, 43, 1852, 6667, 10922,
          10923,
        ]),
      quantize(
        "int32 to int16", (.int32, 1.49e-7, 0), (word, 0.00092197, 0), wideWords,
        [-32768, -32768, -19952, -11, -5, 0, 0, 0, 0, 0, 5, 11, 1237, 32767, 32767]),
      quantize(
        "int32 to int8", (.int32, 1.49e-7, 0), (byte, coarse, 7), wideWords,
        [-128, -128, -128, 7, 7, 7, 7, 7, 7, 7, 7, 7, 30, 127, 127]),
      function(
        "LEAKY_RELU 0.3", slope: 0.3, clamp: -32768...32767,
        [
          -13763, -13762, -8401, -216, -54, -2, -1, -1, 0, 1, 3, 4, 178, 179, 7777, 28000, 32767,
          32767,
        ]),
      function(
        "RELU", slope: 1, clamp: 0...32767,
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 4, 178, 179, 7777, 28000, 32767, 32767]),
      function(
        "RELU6", slope: 1, clamp: 0...12000,
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 4, 178, 179, 7777, 12000, 12000, 12000]),
    ]
  }()

  private static func plan(_ sample: Case) -> (plan: Plan, weights: [UInt8]) {
    var sketch = PlanSketch()
    let (source, target) = (sample.source, sample.target)
    let x = sketch.tensor(
      "x", [1, sample.input.count], element: source.element, scale: source.scale,
      zeroPoint: source.zeroPoint)
    let parameters = RescaleParameters(
      inputZeroPoint: source.zeroPoint, above: FixedPointScale(nearestTo: sample.factors.above),
      below: FixedPointScale(nearestTo: sample.factors.below), outputZeroPoint: target.zeroPoint,
      minimum: sample.clamp.lowerBound, maximum: sample.clamp.upperBound)
    let y = sketch.emit(
      "rescale", .rescale(parameters), [x], [sample.input.count, 1], element: target.element,
      scale: target.scale, zeroPoint: target.zeroPoint)
    return (sketch.plan(inputs: [x], outputs: [y]), sketch.weights)
  }

  @Test(arguments: cases) func equalsLiteRT(_ sample: Case) throws {
    let (plan, weights) = Self.plan(sample)
    #expect(try Plan(decoding: plan.encoded()) == plan)
    #expect(plan.requiredVersion == 3)
    let session = try Session(plan: plan.encoded(), weights: weights)
    func bytes(_ values: [Int], _ element: PlanElement) -> [UInt8] {
      values.flatMap { value in
        (0..<element.byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      }
    }
    session.input(0).copyBytes(from: bytes(sample.input, sample.source.element))
    session.run()
    #expect(Array(session.output(0)) == bytes(sample.expected, sample.target.element))
  }

  // MARK: Rules

  private func expectRefusal(
    _ rule: String, of sample: Case, sourceLocation: SourceLocation = #_sourceLocation,
    _ edit: (inout RescaleParameters) -> Void
  ) {
    HostileSample(Self.plan(sample)).expectRefusal(
      "rescale", rule, sourceLocation: sourceLocation
    ) { plan in
      plan.edit("rescale") { operation in
        guard case .rescale(var parameters) = operation else { return }
        edit(&parameters)
        operation = .rescale(parameters)
      }
    }
  }

  @Test func parametersOutOfRange() {
    let (narrow, wide, widest) = (Self.cases[0], Self.cases[5], Self.cases[4])
    expectRefusal("another zero point", of: narrow) { $0.inputZeroPoint = -4 }
    expectRefusal("another zero point", of: narrow) { $0.outputZeroPoint = 1 }
    expectRefusal("clamp", of: narrow) { $0.maximum = 32768 }
    expectRefusal("clamp", of: widest) { $0.minimum = -129 }
    expectRefusal("clamp", of: wide) { $0.minimum = $0.maximum + 1 }
    expectRefusal("scale out of range", of: narrow) { $0.above.multiplier = -1 }
    expectRefusal("scale out of range", of: narrow) { $0.below.shift = -32 }
    expectRefusal("could overflow", of: narrow) { $0.above.shift = 23 }
    expectRefusal("could overflow", of: wide) { $0.below.shift = 16 }
    expectRefusal("could overflow", of: widest) { $0.above.shift = 1 }
  }

  @Test func tensorsOfOtherTypesAndSizes() {
    let sample = HostileSample(Self.plan(Self.cases[0]))
    sample.expectRefusal("rescale", "element count") { $0.tensors[1].shape = [12] }
    sample.expectRefusal("rescale", "element type") { $0.tensors[1].element = .int32 }
    sample.expectRefusal("rescale", "number of operands") {
      $0.instructions[0].inputs.append($0.instructions[0].inputs[0])
    }
  }
}
