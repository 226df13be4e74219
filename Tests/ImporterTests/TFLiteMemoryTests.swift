import FloatReference
import Importers
import ModelGraph
import ModelSamples
import TestSupport
import Testing

/// TFLite layers that keep variable tensors from run to run, against LiteRT 2.3.0's BUILTIN_REF, whose
/// interpreter was invoked once per item and not reset.
@Suite struct TFLiteMemoryTests {
  /// An LSTM of three features and two units.
  struct Layer: Sendable {
    /// LSTM, or UNIDIRECTIONAL_SEQUENCE_LSTM of so many steps.
    var steps: Int?
    var hasPeepholes = false
    var isNormalized = false
    /// Length of the projected state.
    var projection: Int?

    func weights(_ model: inout TFLiteFile, _ shape: [Int], _ salt: Int) -> Int32 {
      model.constant("w\(salt)", shape, floats: RecurrentCase.tensor(shape, salt: salt))
    }

    var bytes: [UInt8] {
      let (features, units) = (3, 2)
      let outputs = projection ?? units
      var model = TFLiteFile()
      let shape = steps.map { [1, $0] } ?? [1]
      let input = model.tensor("x", shape + [features])
      var operands = [input]
      for gate in 1...4 { operands.append(weights(&model, [units, features], gate)) }
      for gate in 5...8 { operands.append(weights(&model, [units, outputs], gate)) }
      for gate in 9...11 { operands.append(hasPeepholes ? weights(&model, [units], gate) : -1) }
      for gate in 12...15 { operands.append(weights(&model, [units], gate)) }
      operands.append(projection == nil ? -1 : weights(&model, [outputs, units], 16))
      operands.append(projection == nil ? -1 : weights(&model, [outputs], 17))
      operands.append(model.tensor("state", [1, outputs], isVariable: true))
      operands.append(model.tensor("cell", [1, units], isVariable: true))
      for gate in 20...23 { operands.append(isNormalized ? weights(&model, [units], gate) : -1) }
      let result = model.tensor("y", shape + [outputs])
      model.node(
        steps == nil ? 16 : 44, operands, [result],
        options: (
          steps == nil ? 14 : 71,
          [0: .byte(4), 1: .float(0.6), 2: .float(projection == nil ? 0 : 0.3)]
        ))
      model.interface(inputs: [input], outputs: [result])
      return model.bytes
    }
  }

  /// Three items of three features.
  static let items = RecurrentCase.tensor([3, 3], salt: 30, scale: 2)

  static func run(
    _ bytes: [UInt8], _ items: [Float] = items, items count: Int, keeping variables: [String] = []
  ) throws -> [Float] {
    let graph = try ModelImporter.load(
      bytes: bytes, name: "memory", states: StateRequest(declared: [], variables: variables))
    let shape = graph[graph.inputs[0]].type.shape
    let size = items.count / count
    let inputs = (0..<count).map { item in
      [TensorData(shape: shape, floats: Array(items[item * size..<(item + 1) * size]))]
    }
    return try FloatExecutor(graph).run(items: inputs).flatMap { $0[0].floats ?? [] }
  }

  /// Results of LiteRT for the three items, or the three steps.
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var layer: Layer
    var expected: [Float]
    /// What the same three steps give once more.
    var again: [Float] = []
  }

  static let cases = [
    Case(
      testDescription: "plain", layer: Layer(),
      expected: [0.508955, -0.002142, -0.001874, 0.483923, -0.043503, 0.485506]),
    Case(
      testDescription: "peepholes", layer: Layer(hasPeepholes: true),
      expected: [0.506976, -0.002139, 0.000381, 0.500562, -0.041988, 0.501594]),
    Case(
      testDescription: "normalised", layer: Layer(isNormalized: true),
      expected: [0.311479, 0.428233, -0.013736, 0.341807, -0.071049, 0.336763]),
    Case(
      testDescription: "normalised, peepholes, a clipped projection",
      layer: Layer(hasPeepholes: true, isNormalized: true, projection: 3),
      expected: [
        0.048958, -0.3, -0.106858, 0.038273, -0.3, 0.046287, 0.026917, -0.3, 0.075925,
      ]),
    Case(
      testDescription: "sequence", layer: Layer(steps: 3),
      expected: [0.508955, -0.002142, -0.001874, 0.483923, -0.043503, 0.485506],
      again: [0.51447, 0.14597, 0.001498, 0.483932, -0.041832, 0.485385]),
    Case(
      testDescription: "sequence, normalised, a clipped projection",
      layer: Layer(steps: 3, isNormalized: true, projection: 3),
      expected: [
        0.048958, -0.3, -0.106858, 0.038273, -0.3, 0.046287, 0.026917, -0.3, 0.075925,
      ],
      again: [
        0.023743, -0.3, -0.05823, 0.033607, -0.3, 0.055287, 0.025373, -0.3, 0.078902,
      ]),
  ]

  private static func worst(_ got: [Float], _ expected: [Float]) -> Float {
    got.count == expected.count
      ? zip(got, expected).map { abs($0 - $1) }.max() ?? .infinity : .infinity
  }

  @Test(arguments: cases) func equalsLiteRT(_ recorded: Case) throws {
    let got = try Self.run(recorded.layer.bytes, items: recorded.layer.steps == nil ? 3 : 1)
    #expect(Self.worst(got, recorded.expected) < 2e-6, "\(got)")
  }

  /// A sequence begins at zeros, unless its variable tensors are to be kept.
  @Test(arguments: cases) func sequencesAreKeptOnRequest(_ recorded: Case) throws {
    guard recorded.layer.steps != nil else { return }
    let twice = Self.items + Self.items
    let anew = try Self.run(recorded.layer.bytes, twice, items: 2)
    #expect(Self.worst(anew, recorded.expected + recorded.expected) < 2e-6, "\(anew)")
    let kept = try Self.run(recorded.layer.bytes, twice, items: 2, keeping: ["state", "cell"])
    #expect(Self.worst(kept, recorded.expected + recorded.again) < 2e-6, "\(kept)")
  }

  @Test func onlyWhatALayerKeepsCanBeAskedFor() {
    for name in ["x", "y", "w1", "nothing"] {
      #expect(throws: GraphError.self) {
        try Self.run(Layer(steps: 3).bytes, items: 1, keeping: ["state", name])
      }
    }
  }

  /// Whatever a byte becomes, the model is read or refused.
  @Test(arguments: [cases[0], cases[cases.count - 1]])
  func damageIsReadOrRefused(_ recorded: Case) {
    for damaged in Damage.flips(recorded.layer.bytes) {
      _ = try? ModelImporter.load(
        bytes: damaged, name: "flip",
        states: StateRequest(declared: [], variables: recorded.layer.steps == nil ? [] : ["state"]))
    }
  }
}
