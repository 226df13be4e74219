import FloatReference
import Importers
import ModelGraph
import ModelSamples
import TestSupport
import Testing

/// SVDF against LiteRT 2.3.0's BUILTIN_REF, whose interpreter was invoked once per item.
@Suite struct TFLiteFilterBankTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var rank: Int
    var steps: Int
    var isActivated = false
    var expected: [Float]
    var testDescription: String { "rank \(rank), \(steps) steps" }

    /// Three features, two units, and a window of `state` elements or of as many as there should be.
    func bytes(state: Int? = nil) -> [UInt8] {
      let filters = 2 * rank
      func weights(_ shape: [Int], _ salt: Int) -> Int32 {
        model.constant("w\(salt)", shape, floats: RecurrentCase.tensor(shape, salt: salt))
      }
      var model = TFLiteFile()
      let input = model.tensor("x", [1, 3])
      let operands = [
        input, weights([filters, 3], 1), weights([filters, steps], 2), weights([2], 3),
        model.tensor("window", [1, state ?? filters * steps], isVariable: true),
      ]
      let result = model.tensor("y", [1, 2])
      model.node(
        27, operands, [result],
        options: (6, [0: .integer(Int32(rank)), 1: .byte(isActivated ? 1 : 0)]))
      model.interface(inputs: [input], outputs: [result])
      return model.bytes
    }
  }

  static let cases = [
    Case(
      rank: 1, steps: 1,
      expected: [-2.795488, 0.08448, -0.263392, -0.029232, -0.02752, 0.008208, -0.196864, 0.089064]),
    Case(
      rank: 1, steps: 3,
      expected: [1.081632, 0.99632, -1.30624, -1.837688, -3.43456, 0.462652, -0.738016, 0.594196]),
    Case(
      rank: 2, steps: 2, isActivated: true,
      expected: [0, 0, 0, 0, 0.729236, 0, 1.155314, 2.775744]),
  ]

  @Test(arguments: cases) func equalsLiteRT(_ recorded: Case) throws {
    let graph = try ModelImporter.load(bytes: recorded.bytes(), name: "svdf")
    #expect(graph.states.map(\.name) == ["window"])
    let items = RecurrentCase.tensor([4, 3], salt: 30, scale: 2)
    let inputs = (0..<4).map { item in
      [TensorData(shape: [1, 3], floats: Array(items[3 * item..<3 * item + 3]))]
    }
    let got = try FloatExecutor(graph).run(items: inputs).flatMap { $0[0].floats ?? [] }
    let worst = zip(got, recorded.expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(got.count == recorded.expected.count && worst < 2e-6, "\(got)")
  }

  @Test func windowMustFit() {
    #expect(throws: GraphError.self) {
      try ModelImporter.load(bytes: Self.cases[1].bytes(state: 7), name: "svdf")
    }
  }

  /// Whatever a byte becomes, the model is read or refused.
  @Test(arguments: [cases[0], cases[cases.count - 1]])
  func damageIsReadOrRefused(_ recorded: Case) {
    for damaged in Damage.flips(recorded.bytes()) {
      _ = try? ModelImporter.load(bytes: damaged, name: "flip")
    }
  }
}
