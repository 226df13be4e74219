import DeviceRuntime
import Lowering
import ModelGraph
import Operators
import PlanFormat
import Testing

/// Products, folds and convolutions equal LiteRT's BUILTIN_REF: the outputs of one-operator models were
/// recorded with LiteRT 2.3 (BATCH_MATMUL, MEAN, REDUCE_MAX, REDUCE_MIN, TRANSPOSE_CONV, grouped
/// CONV_2D). Its int8 SUM is not among them: it leaves most of its output unwritten.
@Suite struct LinearReferenceTests {
  /// An operator without weights.
  struct Case: Sendable, CustomTestStringConvertible {
    let operation: any Operation
    let inputs: [[Int]]
    let output: [Int]
    /// Over 4096, of the inputs and the output.
    let scales: [Float]
    let zeroPoints: [Int32]
    let number: Int
    let recorded: [Int8]
    var testDescription: String { "\(operation.name) \(operation.summary)" }
  }

  /// A layer with weights: input in steps of 70/4096 from -5, output in 250/4096 from 9.
  struct Layer: Sendable, CustomTestStringConvertible {
    let operation: any Operation
    let input: [Int]
    let weights: [Int]
    let output: [Int]
    let number: Int
    let recorded: [Int8]
    var testDescription: String { "\(operation.name) \(operation.summary)" }
  }

  static let cases = [
    Case(
      operation: MatrixProduct(transposesLeft: false, transposesRight: false),
      inputs: [[2, 3, 5], [2, 5, 4]], output: [2, 3, 4], scales: [70, 90, 900],
      zeroPoints: [3, -9, 11],
      number: 0,
      recorded: [
        19, 25, -15, -27, 0, -4, 15, -7, 48, 6, -10, 26, -2, -3, -8, 32, 12, 16, -13, 43, 14, -3,
        46, -27,
      ]),
    Case(
      operation: MatrixProduct(transposesLeft: true, transposesRight: true),
      inputs: [[1, 7, 3], [2, 4, 7]], output: [2, 3, 4], scales: [50, 33, 400],
      zeroPoints: [-128, 127, 0],
      number: 1,
      recorded: [
        -69, -88, -116, -121, -68, -98, -128, -118, -67, -75, -128, -119, -85, -82, -85, -49, -105,
        -67, -113, -66, -72, -67, -86, -82,
      ]),
    Case(
      operation: MatrixProduct(transposesLeft: false, transposesRight: true),
      inputs: [[2, 1, 2, 6], [3, 5, 6]], output: [2, 3, 2, 5], scales: [101, 57, 1300],
      zeroPoints: [0, 17, -60],
      number: 2,
      recorded: [
        -60, -44, -29, -52, -30, -64, -81, -44, -51, -59, -55, -54, -46, -15, -51, -47, -88, -52,
        -81, -70, -53, -43, -55, -41, -55, -60, -68, -78, -55, -46, -69, -66, -72, -78, -57, -60,
        -62, -67, -76, -53, -43, -40, -79, -76, -21, -42, -48, -72, -67, -46, -45, -70, -73, -58,
        -41, -44, -69, -77, -55, -42,
      ]),
    Case(
      operation: Reduce(kind: .mean, axes: [3], keepsDimensions: true),
      inputs: [[1, 4, 5, 3]], output: [1, 4, 5, 1], scales: [107, 97], zeroPoints: [119, 45],
      number: 20,
      recorded: [
        9, -126, -121, -70, -66, -110, -108, -128, -59, -12, -106, -61, -63, -113, -117, -74, -79,
        -128, -128, -99,
      ]),
    Case(
      operation: Reduce(kind: .mean, axes: [0, 2], keepsDimensions: true),
      inputs: [[2, 3, 7]], output: [1, 3, 1], scales: [65, 90], zeroPoints: [-76, -7], number: 21,
      recorded: [60, 47, 54]),
    Case(
      operation: Reduce(kind: .mean, axes: [1], keepsDimensions: true),
      inputs: [[1, 6, 5]], output: [1, 1, 5], scales: [180, 126], zeroPoints: [0, -45], number: 22,
      recorded: [-37, -67, 33, -105, -53]),
    Case(
      operation: Reduce(kind: .maximum, axes: [1, 3], keepsDimensions: true),
      inputs: [[1, 4, 3, 2]], output: [1, 1, 3, 1], scales: [50, 50], zeroPoints: [4, 4],
      number: 23,
      recorded: [116, 127, 89]),
    Case(
      operation: Reduce(kind: .minimum, axes: [2], keepsDimensions: true),
      inputs: [[2, 3, 4]], output: [2, 3, 1], scales: [50, 50], zeroPoints: [4, 4], number: 24,
      recorded: [-118, -82, -116, -58, -70, -82]),
  ]

  static let layers = [
    Layer(
      operation: TransposedConv2D(
        window: Window(
          height: 3, width: 2, strideHeight: 2, strideWidth: 2, paddingTop: 0, paddingLeft: 0),
        height: 6, width: 4, activation: .none),
      input: [1, 3, 2, 4], weights: [3, 3, 2, 4], output: [1, 6, 4, 3], number: 30,
      recorded: [
        -4, 13, 31, 3, 7, 53, 17, 14, -8, -7, 22, -13, 4, 17, 43, 12, 24, -2, 23, 7, 0, 23, 0, 29,
        8, -14, 45, -1, -10, 9, 13, 11, 10, 52, 32, -12, -1, 20, 10, -4, -23, -1, 2, -20, -15, -7,
        9, 7, -5, 15, -11, -15, -39, 38, 0, 20, -35, 11, 8, -11, 15, 19, 2, 14, -31, 20, 19, 18, 4,
        21, 24, 24,
      ]),
    Layer(
      operation: TransposedConv2D(
        window: Window(
          height: 2, width: 3, strideHeight: 3, strideWidth: 2, paddingTop: 0, paddingLeft: 0),
        height: 5, width: 7, activation: .none),
      input: [1, 2, 3, 2], weights: [2, 2, 3, 2], output: [1, 5, 7, 2], number: 31,
      recorded: [
        2, 20, -1, -6, -11, 20, 3, 1, 0, 12, 10, 13, 11, 10, 22, 4, 10, 16, 4, -2, 10, 12, 0, 3, 9,
        4, 11, 12, 8, 9, 8, 9, 8, 9, 8, 9, 8, 9, 8, 9, 8, 9, 16, -2, 21, 30, 30, -8, 9, 1, 9, -2, 7,
        9, 6, 14, -8, 9, 7, -6, 16, 53, 1, 34, 9, -17, 10, 4, 8, 12,
      ]),
    Layer(
      operation: Conv2D(
        window: Window(height: 3, width: 2), paddingBottom: 0, paddingRight: 0, activation: .none,
        groups: 2), input: [1, 4, 3, 6], weights: [4, 3, 2, 3], output: [1, 2, 2, 4], number: 50,
      recorded: [45, 85, 9, -32, -4, -17, 24, -16, -34, 28, -58, -27, 61, 54, 65, 9]),
  ]

  private static func pattern(_ count: Int, _ number: Int) -> [Int8] {
    (0..<count).map { k in
      Int8(bitPattern: UInt8((k * k * 7 + k * 13 + number * 31) / 3 % 256) ^ 0x80)
    }
  }

  private func run(_ graph: Graph, _ inputs: [[Int8]]) throws -> [Int8] {
    let lowered = try Lowering.lower(graph)
    let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    for (position, values) in inputs.enumerated() {
      values.withUnsafeBytes { session.input(position).copyMemory(from: $0) }
    }
    session.run()
    return session.output(0).map { Int8(bitPattern: $0) }
  }

  @Test(arguments: cases) func equalsRecorded(_ test: Case) throws {
    var small = IntegerGraph(seed: 1)
    let ids = (test.inputs + [test.output]).enumerated().map { index, shape in
      small.activation(
        "t\(index)", shape, scale: test.scales[index] / 4096, zeroPoint: test.zeroPoints[index])
    }
    let inputs = Array(ids.dropLast())
    small.node("node", test.operation, inputs, ids[inputs.count])
    (small.graph.inputs, small.graph.outputs) = (inputs, [ids[inputs.count]])
    let values = test.inputs.enumerated().map { index, shape in
      Self.pattern(shape.reduce(1, *), test.number + 10 * index)
    }
    #expect(try run(small.graph, values) == test.recorded)
  }

  @Test(arguments: layers) func layersEqualRecorded(_ layer: Layer) throws {
    var small = IntegerGraph(seed: 1)
    let x = small.activation("x", layer.input, scale: 70 / 4096, zeroPoint: -5)
    let y = small.activation("y", layer.output, scale: 250 / 4096, zeroPoint: 9)
    let outputs = layer.weights[0]
    let values = Self.pattern(layer.weights.reduce(1, *), layer.number + 10).map { max($0, -127) }
    let weights = small.graph.add(
      Value(
        name: "w", type: ValueType(.int8, layer.weights),
        constant: TensorData(shape: layer.weights, elements: .int8(values)),
        quantization: Quantization(
          scales: (0..<outputs).map { Float(20 + 5 * $0) / 4096 },
          zeroPoints: [Int32](repeating: 0, count: outputs), axis: 0)))
    let bias = small.bias((0..<outputs).map { Int32(500 * ($0 - 1)) })
    small.node("layer", layer.operation, [x, weights, bias], y)
    (small.graph.inputs, small.graph.outputs) = ([x], [y])
    let input = Self.pattern(layer.input.reduce(1, *), layer.number)
    #expect(try run(small.graph, [input]) == layer.recorded)
  }
}
