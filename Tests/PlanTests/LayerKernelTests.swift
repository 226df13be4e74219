import Foundation
import PlanFormat
import Testing
import Wire

/// Every kernel without weights against its definition.
@Suite("kernels") struct LayerKernelTests {
  @Test func addition() throws {
    for seed in 0..<300 as Range<UInt64> {
      var random = SplitMix64(seed: 0xadd_0000 + seed)
      let count = random.int(1...400)
      let (left, right) = (random.activations(count), random.activations(count))
      let clamp = random.clamp()
      let headroom = Int32(random.one(of: [20, 20, 20, 0, random.int(0...20)]))
      func scale(_ range: ClosedRange<Int>) -> FixedPointScale {
        FixedPointScale(multiplier: random.multiplier(), shift: Int32(random.int(range)))
      }
      let parameters = AdditionParameters(
        leftShift: headroom, leftZeroPoint: random.zeroPoint(), rightZeroPoint: random.zeroPoint(),
        left: scale(-6...0), right: scale(-6...0), output: scale(-26...(-8)),
        outputZeroPoint: random.zeroPoint(), minimum: clamp.lowerBound, maximum: clamp.upperBound)
      var sketch = PlanSketch()
      let a = sketch.tensor("a", [count], zeroPoint: parameters.leftZeroPoint)
      let b = sketch.tensor("b", [count], zeroPoint: parameters.rightZeroPoint)
      sketch.emit(
        "add", .addition(parameters), [a, b], [count], zeroPoint: parameters.outputZeroPoint)
      let expected = (0..<count).map { index -> Int8 in
        func term(_ x: Int8, _ zeroPoint: Int32, _ scale: FixedPointScale) -> Int64 {
          Definition.twice(
            (Int64(x) - Int64(zeroPoint)) << Int64(headroom), scale.multiplier, scale.shift)
        }
        let sum =
          term(left[index], parameters.leftZeroPoint, parameters.left)
          + term(right[index], parameters.rightZeroPoint, parameters.right)
        let scaled = Definition.twice(sum, parameters.output.multiplier, parameters.output.shift)
        return Definition.clamp(scaled + Int64(parameters.outputZeroPoint), clamp)
      }
      #expect(try sketch.run([left, right]) == expected, "seed \(0xadd_0000 + seed)")
    }
  }

  @Test(arguments: [true, false]) func pools(isAverage: Bool) throws {
    for seed in 0..<240 as Range<UInt64> {
      var random = SplitMix64(seed: 0x900_0000 + seed)
      let depth = random.one(of: ConvolutionKernelTests.channelCounts)
      let shape = WindowCase(&random)
      let input = shape.input
      let values = random.activations(input.height * input.width * depth)
      let clamp = random.clamp()
      let zeroPoint = random.zeroPoint()
      let parameters = PoolParameters(
        window: shape.window, minimum: clamp.lowerBound, maximum: clamp.upperBound)
      var sketch = PlanSketch()
      let source = sketch.tensor("x", [1, input.height, input.width, depth], zeroPoint: zeroPoint)
      sketch.emit(
        "pool", isAverage ? .averagePool2D(parameters) : .maximumPool2D(parameters), [source],
        [1, shape.output.height, shape.output.width, depth], zeroPoint: zeroPoint)
      var expected: [Int8] = []
      for row in 0..<shape.output.height {
        for column in 0..<shape.output.width {
          for c in 0..<depth {
            var seen: [Int64] = []
            Definition.taps(
              shape.window, row: row, column: column, height: input.height, width: input.width
            ) { _, _, position in seen.append(Int64(values[position * depth + c])) }
            if isAverage {
              // A window wholly in the padding has nothing to average: 0.
              let (sum, count) = (seen.reduce(0, +), Int64(max(seen.count, 1)))
              let magnitude = (2 * abs(sum) + count) / (2 * count)
              expected.append(Definition.clamp(sum < 0 ? -magnitude : magnitude, clamp))
            } else {
              expected.append(Definition.clamp(seen.max() ?? -128, clamp))
            }
          }
        }
      }
      #expect(try sketch.run([values]) == expected, "seed \(0x900_0000 + seed): \(shape)")
    }
  }

  @Test func spatialMean() throws {
    for seed in 0..<240 as Range<UInt64> {
      var random = SplitMix64(seed: 0x3ea_0000 + seed)
      let (height, width) = (random.int(1...12), random.int(1...12))
      let depth = random.one(of: ConvolutionKernelTests.channelCounts)
      let values = random.activations(height * width * depth)
      let clamp = random.clamp()
      let parameters = SpatialMeanParameters(
        inputZeroPoint: random.zeroPoint(),
        scale: FixedPointScale(
          multiplier: random.multiplier(), shift: Int32(random.int(-31...4))),
        outputZeroPoint: random.zeroPoint(), minimum: clamp.lowerBound, maximum: clamp.upperBound)
      var sketch = PlanSketch()
      let source = sketch.tensor(
        "x", [1, height, width, depth], zeroPoint: parameters.inputZeroPoint)
      sketch.emit(
        "mean", .spatialMean(parameters), [source], [1, depth],
        zeroPoint: parameters.outputZeroPoint)
      let expected = (0..<depth).map { channel -> Int8 in
        var sum: Int64 = 0
        for position in 0..<height * width {
          sum += Int64(values[position * depth + channel]) - Int64(parameters.inputZeroPoint)
        }
        let scaled = Definition.twice(sum, parameters.scale.multiplier, parameters.scale.shift)
        return Definition.clamp(scaled + Int64(parameters.outputZeroPoint), clamp)
      }
      #expect(try sketch.run([values]) == expected, "seed \(0x3ea_0000 + seed)")
    }
  }

  /// Exactly the rational of the table's integers, and within half a step and 2^-20 of the reals.
  @Test func softmax() throws {
    for seed in 0..<240 as Range<UInt64> {
      var random = SplitMix64(seed: 0x50f_0000 + seed)
      let (rows, length) = (random.int(1...4), random.one(of: [1, 2, 3, 10, 31, 200, 1000]))
      let values = random.activations(rows * length)
      let scale = random.one(of: [1.0 / 256, 0.05, 0.1, 0.7, 3, random.unit() + 0.001])
      let table = ExponentialTable.make(scale: scale)
      var sketch = PlanSketch()
      let source = sketch.tensor("x", [rows, length], scale: Float(scale), zeroPoint: 3)
      let parameters = SoftmaxParameters(table: sketch.constant(table))
      sketch.emit(
        "soft", .softmax(parameters), [source], [rows, length], scale: 1 / 256, zeroPoint: -128)
      let result = try sketch.run([values])
      for row in 0..<rows {
        let line = values[row * length..<(row + 1) * length]
        guard let largest = line.max() else { continue }
        let powers = line.map { Int128(table[Int(largest) - Int($0)]) }
        let sum = powers.reduce(0, +)
        let reals = line.map { Foundation.exp(scale * Double(Int($0) - Int(largest))) }
        let total = reals.reduce(0, +)
        for index in 0..<length {
          // round half up of 256 · p / sum, stopped at the largest int8.
          let level = Definition.floorDivide(512 * powers[index] + sum, 2 * sum)
          let got = result[row * length + index]
          #expect(
            Int128(got) == min(level - 128, 127), "seed \(0x50f_0000 + seed) \(row) \(index)")
          let real = min(256 * reals[index] / total, 255)
          #expect(abs(Double(got) + 128 - real) <= 0.5 + 0x1p-20, "seed \(0x50f_0000 + seed)")
        }
      }
    }
  }

  /// Every permutation of every rank up to 6: 873 of them.
  @Test func transpose() throws {
    var random = SplitMix64(seed: 0x7a5)
    for rank in 1...6 {
      for permutation in Self.permutations(rank) {
        let shape = (0..<rank).map { _ in random.int(1...(rank > 4 ? 3 : 5)) }
        let count = shape.reduce(1, *)
        let values = (0..<count).map { _ in Int8(bitPattern: random.byte()) }
        let result = permutation.map { shape[$0] }
        var expected = [Int8](repeating: 0, count: count)
        for (offset, value) in values.enumerated() {
          var index = [Int](repeating: 0, count: rank)
          var rest = offset
          for axis in (0..<rank).reversed() {
            index[axis] = rest % shape[axis]
            rest /= shape[axis]
          }
          let target = permutation.indices.reduce(0) { $0 * result[$1] + index[permutation[$1]] }
          expected[target] = value
        }
        var sketch = PlanSketch()
        let source = sketch.tensor("x", shape, zeroPoint: 0)
        sketch.emit(
          "turn", .transpose(TransposeParameters(permutation: permutation)), [source], result,
          zeroPoint: 0)
        #expect(try sketch.run([values]) == expected, "seed 7a5: \(shape) by \(permutation)")
      }
    }
  }

  static func permutations(_ rank: Int) -> [[Int]] {
    if rank == 0 { return [[]] }
    return permutations(rank - 1).flatMap { shorter in
      (0...shorter.count).map { position in
        var longer = shorter
        longer.insert(rank - 1, at: position)
        return longer
      }
    }
  }

  @Test func lookup() throws {
    for seed in 0..<200 as Range<UInt64> {
      var random = SplitMix64(seed: 0x100_0000 + seed)
      let table = (0..<256).map { _ in Int8(bitPattern: random.byte()) }
      let values =
        seed == 0 ? Array(Int8.min...Int8.max) : random.activations(random.int(1...300))
      var sketch = PlanSketch()
      let source = sketch.tensor("x", [values.count], zeroPoint: 1)
      let parameters = LookupParameters(table: sketch.constant(table))
      sketch.emit("look", .lookup(parameters), [source], [values.count], zeroPoint: 2)
      let meaning = Dictionary(uniqueKeysWithValues: zip(Int8.min...Int8.max, table))
      #expect(
        try sketch.run([values]) == values.map { meaning[$0] ?? 0 }, "seed \(0x100_0000 + seed)")
    }
  }
}
