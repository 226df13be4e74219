import PlanFormat
import Wire

extension SamplePlan {
  /// Opcodes 25 to 29 in one small network.
  static func linear() -> (plan: Plan, weights: [UInt8]) {
    var random = SplitMix64(seed: 0x11ea)
    var sketch = PlanSketch()
    let x = sketch.tensor("map", [1, 4, 3, 4], zeroPoint: -7)
    func convolution(_ window: Window, filters: Int, zeroPoint: Int32) -> ConvolutionParameters {
      let scaling = Scaling(entries: filters, spreading: 2 * window.height, rounding: .twice)
      return ConvolutionParameters(
        window: window, inputZeroPoint: zeroPoint,
        weights: sketch.constant(
          random.spreadWeights(filters * window.height * window.width * 2)),
        bias: sketch.constant((0..<filters).map { _ in Int32(random.int(-500...500)) }),
        requantization: scaling.store(in: &sketch))
    }
    let same = Window(height: 3, width: 3, paddingTop: 1, paddingLeft: 1)
    let first = convolution(same, filters: 6, zeroPoint: -7)
    let a = sketch.emit(
      "grouped",
      .groupedConvolution(GroupedConvolutionParameters(convolution: first, groups: 2)), [x],
      [1, 4, 3, 6], zeroPoint: first.requantization.outputZeroPoint)
    let twice = Window(height: 2, width: 3, strideHeight: 2, strideWidth: 2, paddingLeft: 1)
    let second = convolution(
      twice, filters: 3, zeroPoint: first.requantization.outputZeroPoint)
    let b = sketch.emit(
      "transposed",
      .transposedConvolution(GroupedConvolutionParameters(convolution: second, groups: 3)), [a],
      [1, 8, 6, 3], zeroPoint: second.requantization.outputZeroPoint)
    let norm = NormalizationParameters(
      isCentered: true, axes: AxisSet([3]), affineAxes: AxisSet([1, 3]),
      inputZeroPoint: second.requantization.outputZeroPoint, epsilon: 9,
      gain: sketch.constant((0..<24).map { Int32($0 * 1000 - 9000) }),
      bias: sketch.constant((0..<24).map { UInt64($0 << 22) }), shift: 10, outputZeroPoint: 3,
      minimum: -128, maximum: 120)
    let c = sketch.emit("norm", .normalization(norm), [b], [1, 8, 6, 3], zeroPoint: 3)
    let fold = ReductionParameters(
      kind: .scaledSum, axes: AxisSet([0, 2]), inputZeroPoint: 3,
      scale: FixedPointScale(nearestTo: 0.3), outputZeroPoint: -5, minimum: -128, maximum: 127)
    let d = sketch.emit("reduce", .reduction(fold), [c], [8, 3], zeroPoint: -5)
    let product = MatrixProductParameters(
      transposesLeft: false, transposesRight: true, leftZeroPoint: 3, rightZeroPoint: -5,
      scale: FixedPointScale(nearestTo: 0.01), outputZeroPoint: 7, minimum: -100, maximum: 127)
    let e = sketch.emit(
      "product", .matrixProduct(product), [c, d], [1, 8, 6, 8], zeroPoint: 7)
    return (sketch.plan(inputs: [x], outputs: [e], taps: [a]), sketch.weights)
  }
}
