import DeviceRuntime
import Lowering
import ModelGraph
import Operators
import PlanFormat
import Testing

/// MEAN equals LiteRT's BUILTIN_REF. No model of MLPerf Tiny has one, so its outputs for these cases
/// were recorded: a model of one MEAN over height and width per case, run by LiteRT 2.3. Each has an
/// output that a scale rounded once, instead of divided as the reference does, gets wrong.
@Suite struct MeanReferenceTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let size: (height: Int, width: Int)
    /// Scales are these over 256: exact.
    let scales: (input: Float, output: Float)
    let zeroPoints: (input: Int32, output: Int32)
    let number: Int
    let recorded: [Int8]
    var testDescription: String { "\(size.height)x\(size.width)" }
  }

  static let cases = [
    Case(
      size: (8, 3), scales: (107, 97), zeroPoints: (119, 45), number: 0,
      recorded: [-102, -91, -88, -103, -89, -81, -69, -122]),
    Case(
      size: (5, 6), scales: (143, 271), zeroPoints: (-104, -52), number: 1,
      recorded: [1, 6, 5, -2, 6, 8, -1, -13]),
    Case(
      size: (3, 9), scales: (180, 126), zeroPoints: (0, -45), number: 2,
      recorded: [-39, -55, -36, -65, -60, -48, -43, -86]),
    Case(
      size: (7, 9), scales: (65, 104), zeroPoints: (-76, -7), number: 3,
      recorded: [41, 40, 39, 38, 41, 43, 34, 34]),
    Case(
      size: (3, 2), scales: (22, 22), zeroPoints: (-29, -23), number: 4,
      recorded: [10, -62, 1, 25, 11, 2, 40, -3]),
  ]

  @Test(arguments: cases) func equalsRecorded(_ mean: Case) throws {
    let shape = [1, mean.size.height, mean.size.width, 8]
    var small = IntegerGraph(seed: 1)
    let x = small.activation(
      "x", shape, scale: mean.scales.input / 256, zeroPoint: mean.zeroPoints.input)
    let y = small.activation(
      "y", [1, 8], scale: mean.scales.output / 256, zeroPoint: mean.zeroPoints.output)
    small.node("mean", Reduce(kind: .mean, axes: [1, 2], keepsDimensions: false), [x], y)
    (small.graph.inputs, small.graph.outputs) = ([x], [y])
    let lowered = try Lowering.lower(small.graph)
    let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    let input = session.input(0)
    for k in 0..<input.count {
      input[k] = UInt8((k * k * 7 + k * 13 + mean.number * 31) / 3 % 256) ^ 0x80
    }
    session.run()
    #expect(session.output(0).map { Int8(bitPattern: $0) } == mean.recorded)
  }

  /// Whatever the scale and the count, a divided scale is one that kernels take, and is the real
  /// quotient truncated to at least 29 bits.
  @Test func dividedScalesAreValid() {
    for shift in [-31, -30, -8, -1, 0, 1, 30] as [Int32] {
      for multiplier in [1 << 30, 1_518_500_249, .max] as [Int32] {
        for count in [1, 2, 3, 7, 8, 49, 4096, 4097, 1 << 26, Int(Int32.max)] {
          let scale = FixedPointScale(multiplier: multiplier, shift: shift).divided(by: count)
          #expect((-31...30).contains(scale.shift) && scale.multiplier >= 0)
          let step = Double(sign: .plus, exponent: Int(scale.shift), significand: 1)
          let real =
            Double(multiplier) / Double(count)
            * Double(sign: .plus, exponent: Int(shift), significand: 1)
          let error = real - Double(scale.multiplier) * step
          #expect(error >= -1e-6 * step && error < step, "\(multiplier), \(shift) over \(count)")
          #expect(scale.shift == -31 || scale.multiplier >= 1 << 29)
        }
      }
    }
    let none = FixedPointScale(multiplier: 0, shift: 0).divided(by: 9)
    #expect(none.multiplier == 0)
  }
}
