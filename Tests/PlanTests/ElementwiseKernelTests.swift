import DeviceRuntime
import PlanFormat
import Testing
import Wire

/// Element-wise functions of two operands against their definition, with every kind of broadcast.
@Suite("element-wise kernels") struct ElementwiseKernelTests {
  /// A random instruction and its operands.
  struct Sample {
    var parameters: ElementwiseParameters
    let isWide: Bool
    /// Left, right, result.
    let shapes: [[Int]]
    let values: [[Int64]]

    init(_ random: inout SplitMix64, _ function: ElementwiseParameters.Function, isWide: Bool) {
      self.isWide = isWide
      let rank = random.int(1...6)
      var (left, right, result): ([Int], [Int], [Int]) = ([], [], [])
      for _ in 0..<rank {
        let size = random.one(of: [1, 2, 3, random.int(1...9)])
        let repeated = random.int(0...5)
        left.append(repeated == 0 ? 1 : size)
        right.append(repeated == 1 ? 1 : size)
        result.append(size)
      }
      // Leading axes of one element may be left out.
      if random.int(0...2) == 0 { left = Array(left.drop { $0 == 1 }) }
      if random.int(0...2) == 0 { right = Array(right.drop { $0 == 1 }) }
      shapes = [left.isEmpty ? [1] : left, right, result]
      let range = isWide ? -32768...32767 : -128...127
      values = shapes.dropLast().map { shape in
        (0..<shape.reduce(1, *)).map { _ in
          Int64(random.one(of: [range.lowerBound, range.upperBound, random.int(range)]))
        }
      }
      func scale(_ range: ClosedRange<Int>) -> FixedPointScale {
        FixedPointScale(multiplier: random.multiplier(), shift: Int32(random.int(range)))
      }
      let zeros = (0..<3).map { _ in isWide ? 0 : random.zeroPoint() }
      let clamp = isWide ? Int32(-32768)...32767 : random.clamp()
      var arithmetic = AdditionParameters(
        leftShift: 0, leftZeroPoint: zeros[0], rightZeroPoint: zeros[1], left: scale(-6 ... -1),
        right: scale(-6 ... -1), output: scale(-16...0), outputZeroPoint: zeros[2],
        minimum: clamp.lowerBound, maximum: clamp.upperBound)
      switch function {
      case .add, .subtract, .maximum, .minimum:
        arithmetic.leftShift = isWide ? 15 : 20
        arithmetic.output.shift = Int32(random.int(isWide ? -16 ... -10 : -22 ... -14))
      case .squaredDifference:
        arithmetic.leftShift = 7
        arithmetic.output.shift = Int32(random.int(-20...1))
      case .divide:
        arithmetic.leftShift = Int32(random.int(0...22))
        arithmetic.output.shift = Int32(random.int(-22...0))
      case .multiply: if !isWide { arithmetic.output.shift = Int32(random.int(-9...15)) }
      case .slope: arithmetic.left.shift = Int32(random.int(-3...23))
      }
      parameters = ElementwiseParameters(function: function, arithmetic: arithmetic)
    }

    /// The result, element by element, in whole numbers without bounds.
    var expected: [Int64] {
      let shape = shapes[2]
      return (0..<shape.reduce(1, *)).map { index in
        apply(value(0, index, shape), value(1, index, shape))
      }
    }

    private func value(_ operand: Int, _ index: Int, _ shape: [Int]) -> Int64 {
      var (rest, offset, step) = (index, 0, 1)
      let own = shapes[operand]
      for axis in shape.indices.reversed() {
        let position = rest % shape[axis]
        rest /= shape[axis]
        let place = axis - (shape.count - own.count)
        guard place >= 0 else { continue }
        if own[place] > 1 { offset += position * step }
        step *= own[place]
      }
      return values[operand][offset]
    }

    private func apply(_ left: Int64, _ right: Int64) -> Int64 {
      let p = parameters.arithmetic
      let (a, b) = (left - Int64(p.leftZeroPoint), right - Int64(p.rightZeroPoint))
      func scaled(_ value: Int64, _ scale: FixedPointScale) -> Int64 {
        Definition.twice(value, scale.multiplier, scale.shift)
      }
      func term(_ value: Int64, _ scale: FixedPointScale) -> Int64 {
        scaled(value << Int64(p.leftShift), scale)
      }
      let (x, y) = (term(a, p.left), term(b, p.right))
      let sum: Int64
      switch parameters.function {
      case .add: sum = scaled(x + y, p.output)
      case .subtract: sum = scaled(x - y, p.output)
      case .maximum: sum = scaled(max(x, y), p.output)
      case .minimum: sum = scaled(min(x, y), p.output)
      case .squaredDifference: sum = scaled((x - y) * (x - y), p.output)
      case .multiply: sum = scaled(a * b, p.output)
      case .slope: sum = a >= 0 ? scaled(a, p.left) : scaled(a * b, p.output)
      case .divide:
        if b == 0, a != 0 { return Int64(a < 0 ? p.minimum : p.maximum) }
        let (numerator, divisor) = (abs(a) << Int64(p.leftShift), max(abs(b), 1))
        let quotient = (2 * numerator + divisor) / (2 * divisor)
        sum = scaled((a < 0) == (b < 0) ? quotient : -quotient, p.output)
      }
      return min(max(sum + Int64(p.outputZeroPoint), Int64(p.minimum)), Int64(p.maximum))
    }

    /// Runs it, with one operand constant where asked.
    func run<Element: FixedWidthInteger>(
      _ type: Element.Type, constant: Int?
    ) throws -> [Int64] {
      var sketch = PlanSketch()
      var parameters = parameters
      let element: PlanElement = isWide ? .int16 : .int8
      let zeros = [parameters.arithmetic.leftZeroPoint, parameters.arithmetic.rightZeroPoint]
      var inputs: [TensorIndex] = []
      var operands: [[Element]] = []
      for place in 0..<2 {
        let own = values[place].map { Element(truncatingIfNeeded: $0) }
        if constant == place {
          parameters.constant = ElementwiseParameters.Constant(
            isLeft: place == 0, shape: shapes[place],
            elements: sketch.constant(own.withUnsafeBytes { Array($0) }))
        } else {
          let shape = shapes[place].isEmpty ? [1] : shapes[place]
          inputs.append(
            sketch.tensor("x\(place)", shape, element: element, zeroPoint: zeros[place]))
          operands.append(own)
        }
      }
      sketch.emit(
        "binary", .elementwise(parameters), inputs, shapes[2], element: element,
        zeroPoint: parameters.arithmetic.outputZeroPoint)
      return try sketch.run(operands, as: type).map { Int64($0) }
    }
  }

  @Test(arguments: ElementwiseParameters.Function.allCases)
  func int8(_ function: ElementwiseParameters.Function) throws {
    for seed in 0..<120 as Range<UInt64> {
      var random = SplitMix64(seed: 0xb1_0000 + seed)
      let sample = Sample(&random, function, isWide: false)
      let constant = random.one(of: [nil, 0, 1])
      #expect(
        try sample.run(Int8.self, constant: constant) == sample.expected,
        "seed \(0xb1_0000 + seed), \(function), \(sample.shapes), constant \(constant ?? -1)")
    }
  }

  @Test(arguments: [ElementwiseParameters.Function.add, .subtract, .multiply, .maximum, .minimum])
  func int16(_ function: ElementwiseParameters.Function) throws {
    for seed in 0..<120 as Range<UInt64> {
      var random = SplitMix64(seed: 0xb2_0000 + seed)
      let sample = Sample(&random, function, isWide: true)
      let constant = random.one(of: [nil, 0, 1])
      #expect(
        try sample.run(Int16.self, constant: constant) == sample.expected,
        "seed \(0xb2_0000 + seed), \(function), \(sample.shapes), constant \(constant ?? -1)")
    }
  }
}
