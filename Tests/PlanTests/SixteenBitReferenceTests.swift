import DeviceRuntime
import PlanFormat
import Testing

/// The 16x8 layers equal LiteRT's BUILTIN_REF. Its outputs were recorded: a model of one operator per
/// case, int16 activations, int8 weights, int64 bias, run by LiteRT 2.3. Inputs and constants follow
/// from formulas; scales are exact in float32. Most cases hold outputs that the other rounding, with
/// or without all bits of the multiplier, gets wrong.
@Suite("16x8 reference") struct SixteenBitReferenceTests {
  static func inputs(_ count: Int, _ number: Int) -> [Int16] {
    (0..<count).map { k in
      Int16((k * k * 7919 + k * 104_729 + number * 15_485_863) / 3 % 65536 - 32768)
    }
  }

  static func weights(_ count: Int, _ number: Int) -> [Int8] {
    (0..<count).map { k in Int8((k * k * 31 + k * 17 + number * 7) / 2 % 255 - 127) }
  }

  static func biases(_ count: Int, _ number: Int) -> [Int64] {
    (0..<count).map { k in Int64(((k * 1_000_003 + number * 77_777) % 200_001 - 100_000) * 30) }
  }

  /// Input scale 1/1024, weight scales 20, 23, 26 … over 4096, output scale `output` over 4096.
  static func scales(_ entries: Int, output: Int) -> [FixedPointScale] {
    (0..<entries).map { k in
      FixedPointScale(nearestTo: Double(20 + 3 * k) / 1024 / Double(output))
    }
  }

  struct Convolution: CustomTestStringConvertible, Sendable {
    let number: Int
    let input: [Int]
    let output: [Int]
    let window: Window
    var isDepthwise = false
    let scale: Int
    var minimum: Int32 = -32768
    let recorded: [Int16]
    var testDescription: String { "\(number)" }
  }

  static let convolutions = [
    Convolution(
      number: 1, input: [1, 4, 5, 3], output: [1, 4, 5, 4],
      window: Window(height: 3, width: 3, paddingTop: 1, paddingLeft: 1), scale: 13,
      recorded: [
        -9158, 4725, 3762, 9458, 1872, -8045, 2523, -4970, -2535, 7327, 5275, 844, -7727,
        1890, 14427, 12811, -5242, 11029, 3181, -6161, -5669, -2157, 2891, 3731, -21619,
        -8488, -14492, -20853, -1844, -5672, 3532, -7887, -8299, 1075, -2041, 32767,
        -5119, -6755, -2786, -8028, -4186, -2190, 3889, -8040, -12936, 8450, -32768,
        -1673, 7822, -12442, -4557, -3609, 5107, 10455, 10767, 26452, 1159, -3, -18322,
        -7368, -141, 8688, -17526, -4213, 4033, -7785, -11096, -9727, -14236, -2761, 8025,
        -12007, 4034, 22747, 1725, 1754, -10768, 2408, 7832, 8684,
      ]),
    Convolution(
      number: 2, input: [1, 6, 5, 5], output: [1, 3, 5, 3],
      window: Window(
        height: 2, width: 3, strideHeight: 2, dilationWidth: 2, paddingLeft: 2), scale: 11,
      minimum: 0,
      recorded: [
        10518, 0, 354, 0, 10487, 19967, 15107, 4681, 20747, 15475, 0, 16904, 0, 5546,
        5442, 9230, 4635, 0, 4726, 13911, 0, 6657, 0, 0, 0, 0, 16067, 0, 30972, 0, 0, 0,
        2772, 1458, 0, 0, 22440, 5024, 17465, 6892, 11221, 25533, 0, 15353, 2638,
      ]),
    Convolution(
      number: 3, input: [1, 3, 3, 16], output: [1, 2, 2, 5],
      window: Window(height: 1, width: 1, strideHeight: 2, strideWidth: 2), scale: 11,
      recorded: [
        -5155, 11821, -15312, 1781, -5672, -8040, -25495, -12729, -17786, -19331, 235,
        -21183, -3855, -4098, -7091, 5691, -433, -8154, -21630, 3169,
      ]),
    Convolution(
      number: 4, input: [1, 4, 4, 3], output: [1, 4, 4, 3],
      window: Window(height: 3, width: 3, paddingTop: 1, paddingLeft: 1), isDepthwise: true,
      scale: 7,
      recorded: [
        5460, 166, -12416, 13343, 1129, -10477, 2632, 559, -3209, 1173, 4533, 1173, 10054,
        -8486, -17443, 10681, -14790, 1947, 18430, 6317, 13381, -928, -11073, -1672,
        -5167, -9407, -5171, 3945, -12684, 2003, 16100, -5941, 17929, -5347, -326, -12241,
        1663, -599, -3972, 20047, 6688, 4393, -4218, -5713, 17828, 4147, 5170, -3049,
      ]),
    Convolution(
      number: 5, input: [1, 5, 4, 2], output: [1, 2, 2, 4],
      window: Window(height: 3, width: 2, strideHeight: 2, strideWidth: 2), isDepthwise: true,
      scale: 6,
      recorded: [
        9279, -14815, 10578, 13225, 28519, 4300, 9390, 4422, 1891, 16077, 7284, 16889,
        32767, -257, 2538, 32767,
      ]),
  ]

  @Test(arguments: convolutions) func convolution(_ item: Convolution) throws {
    let filters = item.output[3]
    let taps = item.window.height * item.window.width * (item.isDepthwise ? 1 : item.input[3])
    var sketch = PlanSketch()
    let x = sketch.tensor("x", item.input, element: .int16, zeroPoint: 0)
    let parameters = Convolution16x8Parameters(
      window: item.window, weights: sketch.constant(Self.weights(filters * taps, item.number)),
      bias: sketch.constant(words: Self.biases(filters, item.number)),
      requantization: sketch.requantization16x8(
        Self.scales(filters, output: item.scale), .reduced, clamp: item.minimum...32767))
    sketch.emit(
      "conv",
      item.isDepthwise ? .depthwiseConvolution16x8(parameters) : .convolution16x8(parameters),
      [x], item.output, element: .int16, zeroPoint: 0)
    let values = Self.inputs(item.input.reduce(1, *), item.number)
    #expect(try sketch.run([values], as: Int16.self) == item.recorded)
  }

  struct Dense: CustomTestStringConvertible, Sendable {
    let number: Int
    let size: (items: Int, features: Int, outputs: Int)
    var isPerChannel = true
    let scale: Int
    var minimum: Int32 = -32768
    let recorded: [Int16]
    var testDescription: String { "\(number)" }
  }

  static let dense = [
    Dense(
      number: 6, size: (2, 40, 6), isPerChannel: false, scale: 13,
      recorded: [
        -14897, 6831, 18219, 17721, -2534, -23584, 9832, 21568, -3603, 4564, -27772,
        20293,
      ]),
    Dense(
      number: 7, size: (3, 100, 5), scale: 25,
      recorded: [
        -8659, 15835, -1502, -16758, 10487, -8212, 9398, 1412, -11977, -3438, -2957,
        31480, 14577, 30252, -22063,
      ]),
    Dense(
      number: 8, size: (1, 9, 8), scale: 7, minimum: 0,
      recorded: [
        0, 0, 0, 0, 10837, 0, 27258, 10923,
      ]),
  ]

  @Test(arguments: dense) func fullyConnected(_ item: Dense) throws {
    let (items, features, outputs) = item.size
    var sketch = PlanSketch()
    let x = sketch.tensor("x", [items, features], element: .int16, zeroPoint: 0)
    let parameters = FullyConnected16x8Parameters(
      weights: sketch.constant(Self.weights(outputs * features, item.number)),
      bias: sketch.constant(words: Self.biases(outputs, item.number)),
      requantization: sketch.requantization16x8(
        Self.scales(item.isPerChannel ? outputs : 1, output: item.scale), .whole,
        clamp: item.minimum...32767))
    sketch.emit(
      "dense", .fullyConnected16x8(parameters), [x], [items, outputs], element: .int16,
      zeroPoint: 0)
    let values = Self.inputs(items * features, item.number)
    #expect(try sketch.run([values], as: Int16.self) == item.recorded)
  }

  /// Accumulators −9…9 over 4, whose halves show the direction of both roundings.
  @Test func halves() throws {
    for rounding in [.reduced, .whole] as [Requantization16x8.Rounding] {
      var sketch = PlanSketch()
      let x = sketch.tensor("x", [1, 1, 1, 1], element: .int16, zeroPoint: 0)
      let parameters = Convolution16x8Parameters(
        window: Window(height: 1, width: 1),
        weights: sketch.constant([Int8](repeating: 1, count: 19)),
        bias: sketch.constant(words: (-10...8).map { Int64($0) }),
        requantization: sketch.requantization16x8([FixedPointScale(nearestTo: 0.25)], rounding))
      sketch.emit(
        "conv", .convolution16x8(parameters), [x], [1, 1, 1, 19], element: .int16, zeroPoint: 0)
      let recorded: [Int16] =
        rounding == .reduced
        ? [-2, -2, -2, -1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
        : [-2, -2, -2, -2, -1, -1, -1, -1, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
      #expect(try sketch.run([[1 as Int16]], as: Int16.self) == recorded, "\(rounding)")
    }
  }

  struct Sum: CustomTestStringConvertible, Sendable {
    let number: Int
    /// Over 256.
    let scales: (left: Double, right: Double, output: Double)
    var minimum: Int32 = -32768
    let recorded: [Int16]
    var testDescription: String { "\(number)" }
  }

  static let sums = [
    Sum(
      number: 9, scales: (3, 7, 9),
      recorded: [
        -9643, 10234, -14997, -12516, 24958, 17325, 15558, 19658, 29623, -5518, -5666,
        21896, -17493, 21803, -5855, -5801, 29247, 19187, 14994, 16667, 24205, -13363,
        -15937, 9198,
      ]),
    Sum(
      number: 10, scales: (5, 5, 5), minimum: 0,
      recorded: [
        32767, 0, 983, 31663, 7365, 0, 0, 0, 15763, 32767, 0, 1855, 0, 1685, 0, 32767,
        15085, 0, 0, 0, 6011, 30139, 0, 0,
      ]),
    Sum(
      number: 11, scales: (1, 200, 150),
      recorded: [
        15300, -21766, 32767, 11834, -4445, -13650, -15780, -10837, 1181, 20274, -32768,
        -8137, 32178, -8251, -32768, 19933, 727, -11404, -16461, -14444, -5352, 10813,
        32767, -23014,
      ]),
  ]

  @Test(arguments: sums) func addition(_ item: Sum) throws {
    let (left, right, output) = item.scales
    let twice = 2 * max(left, right)
    let parameters = AdditionParameters(
      leftShift: 15, leftZeroPoint: 0, rightZeroPoint: 0,
      left: FixedPointScale(nearestTo: left / twice),
      right: FixedPointScale(nearestTo: right / twice),
      output: FixedPointScale(nearestTo: twice / (0x1p15 * output)), outputZeroPoint: 0,
      minimum: item.minimum, maximum: 32767)
    var sketch = PlanSketch()
    let count = item.recorded.count
    let a = sketch.tensor("a", [count], element: .int16, zeroPoint: 0)
    let b = sketch.tensor("b", [count], element: .int16, zeroPoint: 0)
    sketch.emit("add", .addition16(parameters), [a, b], [count], element: .int16, zeroPoint: 0)
    let values = [Self.inputs(count, item.number), Self.inputs(count, item.number + 50)]
    #expect(try sketch.run(values, as: Int16.self) == item.recorded)
  }
}
