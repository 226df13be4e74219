import Foundation
import PlanFormat
import Testing
import Wire

/// Matrix products, folds, normalisations and the convolutions in groups against their definitions.
@Suite("linear kernels") struct LinearKernelTests {
  /// Row-major position of an index.
  private static func position(_ index: [Int], _ shape: [Int]) -> Int {
    zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }

  /// Every index of a shape, in order.
  private static func indices(_ shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { list, size in list.flatMap { head in (0..<size).map { head + [$0] } } }
  }

  @Test func matrixProducts() throws {
    for seed in 0..<200 as Range<UInt64> {
      var random = SplitMix64(seed: 0xa7_0000 + seed)
      let batch = (0..<random.int(0...3)).map { _ in random.int(1...3) }
      func own() -> [Int] {
        let kept = batch.map { random.int(0...3) == 0 ? 1 : $0 }
        return Array(kept.dropFirst(kept.isEmpty || random.int(0...2) > 0 ? 0 : 1))
      }
      let (m, k, n) = (random.int(1...5), random.int(1...20), random.int(1...5))
      let (turnsLeft, turnsRight) = (random.int(0...1) == 1, random.int(0...1) == 1)
      var (a, b) = (own(), own())
      // One of both has every axis.
      if random.int(0...1) == 0 { a = batch } else { b = batch }
      let result = (0..<batch.count).map { axis -> Int in
        let i = axis - (batch.count - a.count)
        let j = axis - (batch.count - b.count)
        return max(i < 0 ? 1 : a[i], j < 0 ? 1 : b[j])
      }
      let left = a + (turnsLeft ? [k, m] : [m, k])
      let right = b + (turnsRight ? [n, k] : [k, n])
      let clamp = random.clamp()
      let parameters = MatrixProductParameters(
        transposesLeft: turnsLeft, transposesRight: turnsRight, leftZeroPoint: random.zeroPoint(),
        rightZeroPoint: random.zeroPoint(),
        scale: FixedPointScale(
          multiplier: random.multiplier(), shift: Int32(random.int(-12...(-4)))),
        outputZeroPoint: random.zeroPoint(), minimum: clamp.lowerBound, maximum: clamp.upperBound)
      var sketch = PlanSketch()
      let x = sketch.tensor("a", left, zeroPoint: parameters.leftZeroPoint)
      let y = sketch.tensor("b", right, zeroPoint: parameters.rightZeroPoint)
      sketch.emit(
        "product", .matrixProduct(parameters), [x, y], result + [m, n],
        zeroPoint: parameters.outputZeroPoint)
      let p = random.activations(left.reduce(1, *))
      let q = random.activations(right.reduce(1, *))
      func element(
        _ values: [Int8], _ shape: [Int], _ outer: ArraySlice<Int>, _ row: Int, _ column: Int,
        turned: Bool
      ) -> Int64 {
        let own = zip(outer.suffix(shape.count - 2), shape).map { $1 == 1 ? 0 : $0 }
        let inner = turned ? [column, row] : [row, column]
        return Int64(values[Self.position(own + inner, shape)])
      }
      let expected = Self.indices(result + [m, n]).map { index -> Int8 in
        let outer = index.dropLast(2)
        let sum = (0..<k).reduce(Int64(0)) { sum, depth in
          sum
            + (element(p, left, outer, index[outer.count], depth, turned: turnsLeft)
              - Int64(parameters.leftZeroPoint))
            * (element(q, right, outer, depth, index[outer.count + 1], turned: turnsRight)
              - Int64(parameters.rightZeroPoint))
        }
        let scaled = Definition.twice(sum, parameters.scale.multiplier, parameters.scale.shift)
        return Definition.clamp(scaled + Int64(parameters.outputZeroPoint), clamp)
      }
      #expect(try sketch.run([p, q]) == expected, "seed \(0xa7_0000 + seed)")
    }
  }

  @Test(arguments: [ReductionParameters.Kind.scaledSum, .maximum, .minimum])
  func reductions(_ kind: ReductionParameters.Kind) throws {
    for seed in 0..<120 as Range<UInt64> {
      var random = SplitMix64(seed: 0x4ed_0000 + seed)
      let shape = (0..<random.int(1...6)).map { _ in random.int(1...4) }
      let axes = shape.indices.filter { _ in random.int(0...1) == 1 }
      let clamp = random.clamp()
      let parameters = ReductionParameters(
        kind: kind, axes: AxisSet(axes), inputZeroPoint: random.zeroPoint(),
        scale: FixedPointScale(multiplier: random.multiplier(), shift: Int32(random.int(-8...0))),
        outputZeroPoint: random.zeroPoint(), minimum: clamp.lowerBound, maximum: clamp.upperBound)
      let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
      var sketch = PlanSketch()
      let x = sketch.tensor("x", shape, zeroPoint: parameters.inputZeroPoint)
      sketch.emit("fold", .reduction(parameters), [x], kept, zeroPoint: parameters.outputZeroPoint)
      let values = random.activations(shape.reduce(1, *))
      var groups = [[Int64]](repeating: [], count: kept.reduce(1, *))
      for (position, index) in Self.indices(shape).enumerated() {
        let own = zip(index, kept).map { $1 == 1 ? 0 : $0 }
        groups[Self.position(own, kept)].append(Int64(values[position]))
      }
      let expected = groups.map { group -> Int8 in
        switch kind {
        case .maximum: return Definition.clamp(group.max() ?? 0, clamp)
        case .minimum: return Definition.clamp(group.min() ?? 0, clamp)
        case .scaledSum:
          let sum = group.reduce(0) { $0 + $1 - Int64(parameters.inputZeroPoint) }
          let scaled = Definition.twice(sum, parameters.scale.multiplier, parameters.scale.shift)
          return Definition.clamp(scaled + Int64(parameters.outputZeroPoint), clamp)
        }
      }
      #expect(try sketch.run([values]) == expected, "seed \(0x4ed_0000 + seed)")
    }
  }

  /// Within half a step of the real result, and a little for the 20 bits of a normalised element.
  @Test(arguments: [true, false]) func normalizations(isCentered: Bool) throws {
    for seed in 0..<200 as Range<UInt64> {
      var random = SplitMix64(seed: 0x40_0000 + seed)
      let shape = (0..<random.int(1...4)).map { _ in random.int(1...9) }
      let axes = shape.indices.filter { _ in random.int(0...2) > 0 }
      let affineAxes = shape.indices.filter { _ in random.int(0...1) > 0 }
      let affine = shape.indices.map { affineAxes.contains($0) ? shape[$0] : 1 }
      let count = affine.reduce(1, *)
      let shift = random.int(0...20)
      let gains = (0..<count).map { _ in Int32(random.int(-60 << shift...60 << shift)) }
      let biases = (0..<count).map { _ in random.int(-60...60) << (shift + 20) }
      let zeroPoint = random.zeroPoint()
      var sketch = PlanSketch()
      let parameters = NormalizationParameters(
        isCentered: isCentered, axes: AxisSet(axes), affineAxes: AxisSet(affineAxes),
        inputZeroPoint: zeroPoint,
        epsilon: random.one(of: [0, 1, UInt64(random.int(0...1000)), 1 << 60]),
        gain: sketch.constant(gains), bias: sketch.constant(words: biases.map(Int64.init)),
        shift: shift, outputZeroPoint: 4, minimum: -128, maximum: 127)
      let x = sketch.tensor("x", shape, zeroPoint: zeroPoint)
      sketch.emit("norm", .normalization(parameters), [x], shape, zeroPoint: 4)
      let values = random.activations(shape.reduce(1, *))
      let result = try sketch.run([values])
      let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
      let all = Self.indices(shape)
      func place(_ index: [Int], _ sizes: [Int]) -> Int {
        Self.position(zip(index, sizes).map { $1 == 1 ? 0 : $0 }, sizes)
      }
      var groups = [[Double]](repeating: [], count: kept.reduce(1, *))
      for (position, index) in all.enumerated() {
        groups[place(index, kept)].append(Double(values[position]) - Double(zeroPoint))
      }
      for (position, index) in all.enumerated() {
        let group = groups[place(index, kept)]
        let n = isCentered ? Double(group.count) : 1
        let sum = isCentered ? group.reduce(0, +) : 0
        let squares = group.reduce(0) { $0 + $1 * $1 }
        let root = (n * squares - sum * sum + Double(parameters.epsilon)).squareRoot()
        let distance = n * (Double(values[position]) - Double(zeroPoint)) - sum
        let entry = place(index, affine)
        let unit = Double(1 << shift)
        let real =
          4 + Double(gains[entry]) / unit * (root > 0 ? distance / root : 0)
          + Double(biases[entry]) / unit / Double(1 << 20)
        let error = abs(Double(result[position]) - min(max(real, -128), 127))
        #expect(error <= 0.501, "seed \(0x40_0000 + seed)")
      }
    }
  }

  @Test(arguments: [true, false]) func groupedConvolutions(isTransposed: Bool) throws {
    for seed in 0..<160 as Range<UInt64> {
      var random = SplitMix64(seed: 0x96_0000 + seed)
      let groups = random.int(1...4)
      let (depth, filters) = (random.int(1...5), random.int(1...4))
      let shape = WindowCase(&random)
      let (input, window) = (shape.input, shape.window)
      let output =
        isTransposed
        ? (height: random.int(1...9), width: random.int(1...9))
        : (height: shape.output.height, width: shape.output.width)
      let scaling = Scaling(
        entries: filters * groups, spreading: window.height * window.width * depth,
        rounding: .twice)
      let weights = random.weights(filters * groups * window.height * window.width * depth)
      let biases = random.biases(filters * groups)
      let zeroPoint = random.zeroPoint()
      var sketch = PlanSketch()
      let parameters = GroupedConvolutionParameters(
        convolution: ConvolutionParameters(
          window: window, inputZeroPoint: zeroPoint, weights: sketch.constant(weights),
          bias: sketch.constant(biases), requantization: scaling.store(in: &sketch)),
        groups: groups)
      let channels = depth * groups
      let x = sketch.tensor("x", [1, input.height, input.width, channels], zeroPoint: zeroPoint)
      let outputs = [output.height, output.width, filters * groups]
      sketch.emit(
        "conv",
        isTransposed ? .transposedConvolution(parameters) : .groupedConvolution(parameters), [x],
        [1] + outputs, zeroPoint: scaling.zeroPoint)
      let values = random.activations(input.height * input.width * channels)
      var sums = Self.indices(outputs).map { Int64(biases[$0[2]]) }
      // Every pair of places a tap joins: for a transposed convolution the other way round.
      let (from, to) = isTransposed ? (output, input) : (input, output)
      for row in 0..<to.height {
        for column in 0..<to.width {
          Definition.taps(
            window, row: row, column: column, height: from.height, width: from.width
          ) { ky, kx, position in
            let here = row * to.width + column
            let (source, target) = isTransposed ? (here, position) : (position, here)
            for filter in 0..<filters * groups {
              for channel in 0..<depth {
                let tap = ((filter * window.height + ky) * window.width + kx) * depth + channel
                let element = source * channels + filter / filters * depth + channel
                sums[target * filters * groups + filter] +=
                  Int64(weights[tap]) * (Int64(values[element]) - Int64(zeroPoint))
              }
            }
          }
        }
      }
      let expected = sums.enumerated().map { scaling.apply($1, $0 % (filters * groups)) }
      #expect(try sketch.run([values]) == expected, "seed \(0x96_0000 + seed)")
    }
  }
}
