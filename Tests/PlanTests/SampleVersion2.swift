import PlanFormat
import Wire

extension SamplePlan {
  /// Every operation that came with version 2: a small network of int16 and, beside it, trees.
  static func version2() -> (plan: Plan, weights: [UInt8]) {
    var random = SplitMix64(seed: 0xa12)
    var sketch = PlanSketch()
    let x = sketch.tensor("wave", [1, 5, 4, 3], element: .int16, zeroPoint: 0)
    let same = Window(height: 3, width: 3, paddingTop: 1, paddingLeft: 1)
    func scales(_ count: Int, terms: Int) -> [FixedPointScale] {
      (0..<count).map {
        FixedPointScale(nearestTo: (1 + Double($0) / 8) / (100 * Double(terms).squareRoot()))
      }
    }
    func convolution(_ weights: Int, _ channels: Int, _ terms: Int) -> Convolution16x8Parameters {
      Convolution16x8Parameters(
        window: same, weights: sketch.constant(random.spreadWeights(weights)),
        bias: sketch.constant(words: (0..<channels).map { Int64($0 * 1000 - 2000) }),
        requantization: sketch.requantization16x8(scales(channels, terms: terms), .reduced))
    }
    let a = sketch.emit(
      "conv16", .convolution16x8(convolution(4 * 27, 4, 27)), [x], [1, 5, 4, 4], element: .int16,
      zeroPoint: 0)
    let b = sketch.emit(
      "depthwise16", .depthwiseConvolution16x8(convolution(9 * 4, 4, 9)), [a], [1, 5, 4, 4],
      element: .int16, zeroPoint: 0)
    let sum = AdditionParameters(
      leftShift: 15, leftZeroPoint: 0, rightZeroPoint: 0, left: FixedPointScale(nearestTo: 0.5),
      right: FixedPointScale(nearestTo: 0.3), output: FixedPointScale(nearestTo: 0x1p-14),
      outputZeroPoint: 0, minimum: -32768, maximum: 32767)
    let c = sketch.emit(
      "add16", .addition16(sum), [a, b], [1, 5, 4, 4], element: .int16, zeroPoint: 0)
    let dense = FullyConnected16x8Parameters(
      weights: sketch.constant(random.spreadWeights(3 * 4)),
      bias: sketch.constant(words: [7, -300, 1 << 40] as [Int64]),
      requantization: sketch.requantization16x8(scales(1, terms: 4), .whole))
    let d = sketch.emit(
      "dense16", .fullyConnected16x8(dense), [c], [1, 5, 4, 3], element: .int16, zeroPoint: 0)
    let ranks = sketch.tensor("ranks", [2, 3], element: .int32, scale: 1, zeroPoint: 0)
    var tables = TreeTables(bias: [1 << 40, -7], leafWidth: 1)
    for tree in 0..<3 {
      tables.append(
        .split(
          feature: tree, threshold: Int32(5 - tree), left: .leaf([Int64(tree) << 33]),
          right: .split(feature: 2, threshold: 9, left: .leaf([-4]), right: .leaf([9]))),
        firstOutput: tree % 2)
    }
    let trees = TreeEnsembleParameters(
      trees: sketch.constant(tables.trees), nodes: sketch.constant(tables.nodes),
      leaves: sketch.constant(words: tables.leaves), bias: sketch.constant(words: tables.bias),
      leafWidth: 1)
    let e = sketch.emit(
      "trees", .treeEnsemble(trees), [ranks], [2, 2], element: .int64, zeroPoint: 0)
    return (sketch.plan(inputs: [x, ranks], outputs: [d, e]), sketch.weights)
  }
}
