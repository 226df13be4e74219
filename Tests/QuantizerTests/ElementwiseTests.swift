import Foundation
import ModelGraph
import Operators
import Quantizer
import Testing

/// Element-wise operators against libraries and plain definitions.
@Suite struct ElementwiseTests {
  private static func points(_ range: ClosedRange<Double>) -> [Float] {
    (0...2000).map {
      Float(range.lowerBound + (range.upperBound - range.lowerBound) * Double($0) / 2000)
    }
  }

  /// Within one unit in the last place of float32, or a hundredth of the least normal number.
  private func expectNear(
    _ function: PointwiseExpression, over range: ClosedRange<Double>,
    sourceLocation: SourceLocation = #_sourceLocation, _ library: (Double) -> Double
  ) throws {
    let points = Self.points(range)
    let x = TensorData(shape: [points.count], floats: points)
    let results = try Pointwise(function).evaluate([x])[0].floats ?? []
    for (point, result) in zip(points, results) {
      let want = library(Double(point))
      let bound = Double(Float(want).magnitude.ulp) + 1e-40
      #expect(
        abs(Double(result) - want) <= bound, "\(function) at \(point): \(result), not \(want)",
        sourceLocation: sourceLocation)
    }
  }

  @Test func elementaryFunctionsAgreeWithTheLibrary() throws {
    try expectNear(.of(.exp), over: -87...88) { exp($0) }
    try expectNear(.of(.expMinusOne), over: -3...3) { expm1($0) }
    try expectNear(.of(.log), over: 1e-6...4) { log($0) }
    try expectNear(.of(.log), over: 1...3e38) { log($0) }
    try expectNear(.of(.sqrt), over: 0...100) { $0.squareRoot() }
    try expectNear(.of(.erf), over: -7...7) { erf($0) }
    try expectNear(.of(.erf), over: -0.001...0.001) { erf($0) }
    try expectNear(.of(.tanh), over: -12...12) { tanh($0) }
    try expectNear(.of(.tanh), over: -1e-4...1e-4) { tanh($0) }
    try expectNear(.of(.sigmoid), over: -80...20) { 1 / (1 + exp(-$0)) }
    try expectNear(.of(.softplus), over: -80...30) { max($0, 0) + log1p(exp(-abs($0))) }
    try expectNear(.of(.sin), over: -3...3) { sin($0) }
    try expectNear(.of(.cos), over: -1.5...1.5) { cos($0) }
    for exponent in [-2.5, -1, 0.5, 0.75, 2, 3, 1.0 / 3] {
      try expectNear(.binary(.power, .variable, .constant(exponent)), over: 0.01...20) {
        pow($0, exponent)
      }
    }
  }

  /// Angles far from 0 keep their absolute error.
  @Test func largeAnglesAreReduced() throws {
    let points = Self.points(-1e6...1e6)
    let x = TensorData(shape: [points.count], floats: points)
    let sines = try Pointwise(.of(.sin)).evaluate([x])[0].floats ?? []
    let cosines = try Pointwise(.of(.cos)).evaluate([x])[0].floats ?? []
    for (index, point) in points.enumerated() {
      #expect(abs(Double(sines[index]) - sin(Double(point))) < 1e-7)
      #expect(abs(Double(cosines[index]) - cos(Double(point))) < 1e-7)
    }
  }

  @Test func namedFunctionsAreWhatTheirFormulasSay() throws {
    try expectNear(.leakyRelu(0.1), over: -5...5) { $0 < 0 ? 0.1 * $0 : $0 }
    try expectNear(.exponentialUnit(alpha: 2), over: -9...9) { $0 > 0 ? $0 : 2 * expm1($0) }
    try expectNear(.exponentialUnit(alpha: 2, beta: 2), over: -9...9) {
      max($0, 0) + min(0, 2 * expm1($0 / 2))
    }
    try expectNear(.thresholdedRelu(1.5), over: -5...5) { $0 > 1.5 ? $0 : 0 }
    try expectNear(.hardSigmoid(alpha: 0.25, beta: 0.5), over: -5...5) {
      max(0, min(1, 0.25 * $0 + 0.5))
    }
    try expectNear(.softsign, over: -5...5) { $0 / (1 + abs($0)) }
    try expectNear(.mish, over: -5...5) { $0 * tanh(log1p(exp($0))) }
    try expectNear(.shrink(lambda: 1, bias: 0.5), over: -5...5) {
      $0 < -1 ? $0 + 0.5 : $0 > 1 ? $0 - 0.5 : 0
    }
    let halves = TensorData(shape: [5], floats: [-2.5, -1.5, 0.5, 1.5, 2.5])
    #expect(try Pointwise(.of(.round)).evaluate([halves])[0].floats == [-2, -2, 0, 2, 2])
    let outside = TensorData(shape: [3], floats: [-1, 0, .infinity])
    let logs = try Pointwise(.of(.log)).evaluate([outside])[0].floats ?? []
    #expect(logs[0].isNaN && logs[1] == -.infinity && logs[2] == .infinity)
  }

  @Test func integersWrapAndDivideTowardsZero() throws {
    func apply(_ function: BinaryFunction, _ a: [Int64], _ b: [Int64]) throws -> [Int64]? {
      let left = TensorData(shape: [a.count], elements: .int64(a))
      let right = TensorData(shape: [b.count], elements: .int64(b))
      guard case .int64(let result) = try Binary(function).evaluate([left, right])[0].elements
      else { return nil }
      return result
    }
    #expect(try apply(.divide, [7, -7, 7, 5], [2, 2, -2, 0]) == [3, -3, -3, 0])
    #expect(try apply(.floorDivide, [7, -7, 7], [2, 2, -2]) == [3, -4, -4])
    #expect(try apply(.modulo, [7, -7, 7, -7], [3, 3, -3, -3]) == [1, 2, -2, -1])
    #expect(try apply(.remainder, [7, -7, 7, -7], [3, 3, -3, -3]) == [1, -1, 1, -1])
    #expect(try apply(.power, [3, -2, 2], [4, 3, -1]) == [81, -8, 0])
    #expect(try apply(.add, [.max], [1]) == [.min])
    let bytes = TensorData(shape: [2], elements: .uint8([250, 3]))
    let sum = try Binary(.add).evaluate([bytes, bytes])[0]
    #expect(sum.elements == .uint8([244, 6]))
    #expect(
      try Binary(.less).evaluate([bytes, bytes.reshaped([2, 1])])[0]
        == TensorData(shape: [2, 2], elements: .bool([false, true, false, false])))
  }

  @Test func castsAndChoices() throws {
    let floats = TensorData(shape: [5], floats: [-1.9, 0, 2.7, 300, .nan])
    #expect(try Cast(to: .int8).evaluate([floats])[0].elements == .int8([-1, 0, 2, 127, 0]))
    #expect(
      try Cast(to: .bool).evaluate([floats])[0].elements
        == .bool([true, false, true, true, true]))
    let wide = TensorData(shape: [2], elements: .int64([300, -1]))
    #expect(try Cast(to: .uint8).evaluate([wide])[0].elements == .uint8([44, 255]))
    let condition = TensorData(shape: [2, 1], elements: .bool([true, false]))
    let chosen = try Where().evaluate([
      condition, TensorData(shape: [], floats: [1]), TensorData(shape: [3], floats: [7, 8, 9]),
    ])[0]
    #expect(chosen == TensorData(shape: [2, 3], floats: [1, 1, 1, 7, 8, 9]))
    #expect(throws: GraphError.self) {
      try Where().resultTypes([
        ValueType(.int8, [1]), ValueType(.float32, [1]), ValueType(.float32, [1]),
      ])
    }
    #expect(throws: GraphError.self) {
      try Binary(.add).resultTypes([ValueType(.int8, [1]), ValueType(.float32, [1])])
    }
  }

  /// A constant operand becomes integers over its own range, a computed one over what was seen.
  @Test func constantOperandsAreQuantised() throws {
    var graph = Graph(name: "product")
    let x = graph.add(Value(name: "x", type: ValueType(.float32, [1, 3])))
    let gains = TensorData(shape: [3], floats: [-1, 0.5, 2])
    let w = graph.add(Value(name: "w", type: ValueType(.float32, [3]), constant: gains))
    let y = graph.add(Value(name: "y", type: ValueType(.float32, [1, 3])))
    graph.nodes = [
      Node(name: "product", operation: Binary(.multiply), inputs: [x, w], outputs: [y])
    ]
    (graph.inputs, graph.outputs) = ([x], [y])
    let items = [[TensorData(shape: [1, 3], floats: [-3, 1, 2])]]
    let quantized = try Quantizer.quantize(
      CalibratedModel(graph, items: items), method: .minMax, inputs: [.calibrated])
    let constant = quantized[w]
    let scale = try #require(constant.quantization?.scale)
    let zeroPoint = Int(constant.quantization?.zeroPoint ?? 0)
    #expect(abs(scale - 3 / 255) < 1e-6)
    for (level, real) in zip(constant.constant?.integers ?? [], [-1, 0.5, 2] as [Float]) {
      #expect(abs(Float(level - zeroPoint) * scale - real) <= scale * 0.501)
    }
  }
}
