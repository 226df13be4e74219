import DeviceRuntime
import Kernels
import PlanFormat
import Testing
import Wire

/// The Winograd kernels equal the scalar one wherever they are chosen, and are not where their sums
/// could leave 32 bits.
@Suite("Winograd kernels") struct WinogradTests {
  /// A 3 × 3 convolution of stride 1.
  private struct Draft {
    var sketch = PlanSketch()
    let inputCount: Int

    init(
      input: [Int], output: [Int], padding: (top: Int, left: Int) = (0, 0), zeroPoint: Int32,
      weights: [Int8], bias: [Int32], scaling: Scaling
    ) {
      inputCount = input.reduce(1, *)
      let source = sketch.tensor("x", [1] + input, zeroPoint: zeroPoint)
      let parameters = ConvolutionParameters(
        window: Window(
          height: 3, width: 3, paddingTop: padding.top, paddingLeft: padding.left),
        inputZeroPoint: zeroPoint, weights: sketch.constant(weights), bias: sketch.constant(bias),
        requantization: scaling.store(in: &sketch))
      sketch.emit(
        "conv", .convolution2D(parameters), [source], [1] + output, zeroPoint: scaling.zeroPoint)
    }

    /// Whether a tier would run it by Winograd.
    func isWinograd(on tier: KernelTier) throws -> Bool {
      let instruction = sketch.instructions[0]
      let plan = sketch.plan(inputs: instruction.inputs, outputs: [instruction.output])
      let session = try Session(plan: plan.encoded(), weights: sketch.weights, tier: tier)
      return session.kernels[0].contains("winograd")
    }
  }

  private var tiers: [KernelTier] {
    KernelTier.available.filter { [.sse41, .avx2, .avxvnni, .neon].contains($0) }
  }

  @Test func randomShapes() throws {
    var chosen = 0
    for seed in 0..<120 as Range<UInt64> {
      var random = SplitMix64(seed: 0x3136_0000 + seed)
      let depth = random.one(of: [16, 18, 20, 24, 34, 44, 64, 70, 96])
      let filters = random.one(of: [8, 12, 16, 17, 31, 32, 40, 64])
      let padding = (top: random.int(0...2), left: random.int(0...2))
      let input = [random.int(1...15), random.int(1...15)]
      // As many as the format allows: windows may lie in the padding but for one tap.
      let limits = [input[0] + padding.top, input[1] + padding.left]
      let output = limits.map { random.one(of: [$0, $0, random.int(1...$0)]) }
      let scaling = Scaling(
        entries: random.one(of: [1, filters]), rounding: random.one(of: [.twice, .once]), &random)
      let draft = Draft(
        input: input + [depth], output: output + [filters], padding: padding,
        zeroPoint: random.zeroPoint(), weights: random.weights(filters * 9 * depth),
        bias: random.biases(filters), scaling: scaling)
      let values = random.activations(draft.inputCount)
      let expected = try draft.sketch.run([values])
      for tier in tiers where try draft.isWinograd(on: tier) {
        chosen += 1
        // The sketch cuts no layer between threads on these tiers.
        #expect(
          try draft.sketch.run([values], on: tier, threads: 3) == expected,
          "seed \(0x3136_0000 + seed), \(tier.name): \(input) × \(depth) → \(output) × \(filters)")
      }
    }
    if !tiers.isEmpty { #expect(chosen > 40) }
  }

  /// Where devices prefer small images, others serve, with the same bytes.
  @Test func preferringSize() throws {
    var random = SplitMix64(seed: 0x3137)
    let draft = Draft(
      input: [12, 12, 64], output: [12, 12, 32], padding: (1, 1), zeroPoint: -128,
      weights: random.weights(32 * 9 * 64), bias: random.biases(32),
      scaling: Scaling(entries: 1, spreading: 64 * 1000, rounding: .twice))
    let instruction = draft.sketch.instructions[0]
    let plan = draft.sketch.plan(inputs: instruction.inputs, outputs: [instruction.output])
    let (bytes, weights) = (plan.encoded(), draft.sketch.weights)
    for tier in tiers {
      let fast = try Session(plan: bytes, weights: weights, tier: tier)
      let small = try Session(plan: bytes, weights: weights, tier: tier, preferring: .size)
      #expect(fast.kernels[0].contains("winograd") && !small.kernels[0].contains("winograd"))
      #expect(
        small.figures
          == PreparedImage.figures(plan: plan, weights: weights, tier: tier, preferring: .size))
      #expect(fast.figures.residentBytes > small.figures.residentBytes + 32 * 9 * 64)
      let values = random.activations(draft.inputCount)
      for session in [fast, small] {
        session.input(0).copyBytes(from: values.map { UInt8(bitPattern: $0) })
        session.run()
      }
      #expect(fast.output(0).elementsEqual(small.output(0)))
    }
  }

  /// Rows of the transforms, by whose signs inputs or weights add up to the largest factors.
  private static let inputRows = [
    [1, 0, -1, 0, 1, 0], [0, -1, -1, 1, 1, 0], [0, 1, -1, -1, 1, 0], [0, -1, -1, 1, 1, 0],
    [0, 1, -1, -1, 1, 0], [0, 1, 0, -1, 0, 1],
  ]
  private static let weightRows = [
    [1, 0, 0], [-1, -1, -1], [-1, 1, -1], [1, 1, 1], [1, -1, 1], [0, 0, 1],
  ]

  /// One tile, whose inputs and weights make each of the 36 factors as large as it can be.
  @Test func extremeFactors() throws {
    let (depth, filters) = (64, 16)
    for position in 0..<36 {
      func extremes(_ rows: [[Int]]) -> [Int8] {
        let (down, across) = (rows[position / 6], rows[position % 6])
        return down.flatMap { y in
          across.flatMap { x in [Int8](repeating: y * x < 0 ? -128 : 127, count: depth) }
        }
      }
      let window = extremes(Self.weightRows).map { Swift.max($0, -127) }
      let draft = Draft(
        input: [6, 6, depth], output: [4, 4, filters], zeroPoint: position % 2 == 0 ? -128 : 127,
        weights: (0..<filters).flatMap { $0 % 2 == 0 ? window : window.map { -$0 } },
        bias: (0..<filters).map { Int32($0 * 1000) },
        scaling: Scaling(entries: 1, spreading: depth * 1000, rounding: .twice))
      _ = try draft.sketch.run([extremes(Self.inputRows)])
      for tier in tiers { #expect(try draft.isWinograd(on: tier)) }
    }
  }

  /// 64 times the largest sum fits with 224 channels of the largest weights; with 256 another kernel
  /// takes the layer, as it does everything else that is out of reach.
  @Test(arguments: [
    (224, 4, true), (256, 4, false), (224, 2, false), (223, 4, false), (14, 4, false),
  ])
  func limits(depth: Int, side: Int, expected: Bool) throws {
    for value in [-128, 127] as [Int8] {
      let filters = 16
      let draft = Draft(
        input: [side + 2, side + 2, depth], output: [side, side, filters], zeroPoint: 3,
        weights: (0..<filters * 9 * depth).map { $0 / (9 * depth) % 2 == 0 ? 127 : -127 },
        bias: (0..<filters).map { Int32($0 * 1000) },
        scaling: Scaling(entries: 1, spreading: depth * 100_000, rounding: .once))
      _ = try draft.sketch.run([[Int8](repeating: value, count: draft.inputCount)])
      for tier in tiers { #expect(try draft.isWinograd(on: tier) == expected) }
    }
  }
}
