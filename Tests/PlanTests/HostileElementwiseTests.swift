import DeviceRuntime
import PlanFormat
import Testing

/// The rules of element-wise functions of two operands, each broken at one place; and their bytes.
@Suite("hostile element-wise") struct HostileElementwiseTests {
  /// x · constant, then that against x, broadcast.
  static func plan() -> (plan: Plan, weights: [UInt8]) {
    var sketch = PlanSketch()
    let x = sketch.tensor("x", [1, 2, 3, 4], zeroPoint: 5)
    let arithmetic = AdditionParameters(
      leftShift: 0, leftZeroPoint: 5, rightZeroPoint: -9, left: FixedPointScale(nearestTo: 0.5),
      right: FixedPointScale(nearestTo: 0.5), output: FixedPointScale(nearestTo: 0.01),
      outputZeroPoint: -3, minimum: -128, maximum: 127)
    let constant = ElementwiseParameters.Constant(
      isLeft: false, shape: [3, 1], elements: sketch.constant([3, -4, 5] as [Int8]))
    let y = sketch.emit(
      "times",
      .elementwise(
        ElementwiseParameters(function: .multiply, arithmetic: arithmetic, constant: constant)),
      [x], [1, 2, 3, 4], zeroPoint: -3)
    let z = sketch.tensor("z", [4], zeroPoint: 7)
    var difference = arithmetic
    (difference.leftShift, difference.leftZeroPoint, difference.rightZeroPoint) = (7, -3, 7)
    sketch.emit(
      "difference",
      .elementwise(
        ElementwiseParameters(function: .squaredDifference, arithmetic: difference)),
      [y, z], [1, 2, 3, 4], zeroPoint: -3)
    return (
      sketch.plan(inputs: [x, z], outputs: [sketch.instructions[1].output]), sketch.weights
    )
  }

  private let sample = HostileSample(HostileElementwiseTests.plan())

  private func expectRefusal(
    _ name: String, _ rule: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ edit: (inout ElementwiseParameters) -> Void
  ) {
    sample.expectRefusal(name, rule, sourceLocation: sourceLocation) { plan in
      plan.edit(name) { operation in
        guard case .elementwise(var parameters) = operation else { return }
        edit(&parameters)
        operation = .elementwise(parameters)
      }
    }
  }

  @Test func theSampleIsAccepted() throws {
    #expect(sample.refusal() == "")
    #expect(sample.plan.requiredVersion == 3)
    #expect(try Plan(decoding: sample.plan.encoded()) == sample.plan)
  }

  @Test func constants() {
    expectRefusal("times", "constants of the wrong size") { $0.constant?.shape = [4] }
    expectRefusal("times", "constants outside") { $0.constant?.elements.offset = 1 << 20 }
    expectRefusal("times", "constants outside") { $0.constant?.elements.offset = 8 }
    expectRefusal("times", "do not go together") { $0.constant?.shape = [1, 1, 1, 1, 3, 1] }
    expectRefusal("times", "do not go together") { $0.constant?.shape = [1, 3] }
    expectRefusal("times", "number of operands") { $0.constant = nil }
    expectRefusal("difference", "number of operands") {
      $0.constant = ElementwiseParameters.Constant(
        isLeft: true, shape: [3], elements: ConstantReference(offset: 0, byteCount: 3))
    }
  }

  @Test func zeroPointsAndClamps() {
    expectRefusal("times", "another zero point") { $0.arithmetic.leftZeroPoint = 6 }
    expectRefusal("times", "another zero point") { $0.constant?.isLeft = true }
    expectRefusal("times", "zero point out of range") { $0.arithmetic.rightZeroPoint = 200 }
    expectRefusal("times", "zero point out of range") { $0.arithmetic.outputZeroPoint = -129 }
    expectRefusal("difference", "another zero point") { $0.arithmetic.rightZeroPoint = 6 }
    expectRefusal("times", "clamp") { $0.arithmetic.minimum = 128 }
    expectRefusal("times", "clamp") { $0.arithmetic.maximum = 128 }
  }

  @Test func scalesThatCouldOverflow() {
    expectRefusal("times", "scale out of range") { $0.arithmetic.output.multiplier = -1 }
    expectRefusal("times", "scale out of range") { $0.arithmetic.left.shift = 31 }
    expectRefusal("times", "could overflow") { $0.arithmetic.output.shift = 16 }
    expectRefusal("times", "shift out of range") { $0.arithmetic.leftShift = 1 }
    expectRefusal("difference", "shift out of range") { $0.arithmetic.leftShift = 8 }
    expectRefusal("difference", "could overflow") { $0.arithmetic.output.shift = 2 }
    expectRefusal("difference", "scales an operand up") { $0.arithmetic.left.multiplier += 1 }
    for function in [ElementwiseParameters.Function.add, .subtract, .maximum, .minimum] {
      expectRefusal("difference", "scales an operand up") {
        $0.function = function
        $0.arithmetic.right.shift = 1
      }
      expectRefusal("difference", "shift out of range") {
        $0.function = function
        $0.arithmetic.leftShift = 21
      }
      expectRefusal("difference", "could overflow") {
        $0.function = function
        $0.arithmetic.leftShift = 20
        $0.arithmetic.output.shift = 3
      }
    }
    expectRefusal("difference", "shift out of range") {
      $0.function = .divide
      $0.arithmetic.leftShift = 23
    }
    expectRefusal("difference", "could overflow") {
      $0.function = .divide
      $0.arithmetic.output.shift = 1
    }
    expectRefusal("times", "shift out of range") {
      $0.function = .slope
      $0.arithmetic.left.shift = 24
    }
  }

  @Test func shapesAndElements() {
    sample.expectRefusal("difference", "do not go together") { plan in
      plan.tensors[plan.instructions[1].inputs[1].position].shape = [3]
    }
    sample.expectRefusal("difference", "element") { plan in
      plan.tensors[plan.instructions[1].inputs[1].position].element = .int16
      plan.tensors[plan.instructions[1].inputs[1].position].zeroPoint = 0
    }
  }

  @Test func bytesOfUnknownFunctionsAndSidesAreRefused() {
    let bytes = sample.plan.encoded()
    var refusals = 0
    for position in bytes.indices {
      var damaged = bytes
      damaged[position] ^= 0xff
      if (try? Plan(decoding: damaged)) == nil { refusals += 1 }
    }
    #expect(refusals > bytes.count / 2)
  }
}
