import PlanFormat
import Wire

/// Valid plans of several instructions.
enum SamplePlan {
  /// Every operation once or more, in one small network.
  static func everyOperation() -> (plan: Plan, weights: [UInt8]) {
    var random = SplitMix64(seed: 0xa11)
    var sketch = PlanSketch()
    let x = sketch.tensor("image", [1, 6, 5, 3], scale: 0.02, zeroPoint: -7)
    let same = Window(height: 3, width: 3, paddingTop: 1, paddingLeft: 1)
    let a = emitConvolution(&sketch, "conv", x, filters: 8, window: same, [6, 5], &random)
    let b = emitConvolution(&sketch, "depthwise", a, filters: nil, window: same, [6, 5], &random)
    let sum = AdditionParameters(
      leftShift: 20, leftZeroPoint: sketch.zeroPoint(a), rightZeroPoint: sketch.zeroPoint(b),
      left: FixedPointScale(nearestTo: 0.5), right: FixedPointScale(nearestTo: 0.3),
      output: FixedPointScale(nearestTo: 0x1p-18), outputZeroPoint: 3, minimum: -128, maximum: 127)
    let c = sketch.emit("add", .addition(sum), [a, b], [1, 6, 5, 8], zeroPoint: 3)
    let half = Window(height: 2, width: 2, strideHeight: 2, strideWidth: 2)
    let pool = PoolParameters(window: half, minimum: -128, maximum: 127)
    let d = sketch.emit("max", .maximumPool2D(pool), [c], [1, 3, 2, 8], zeroPoint: 3)
    let near = PoolParameters(
      window: Window(height: 2, width: 2, paddingTop: 1, paddingLeft: 1), minimum: -100,
      maximum: 100)
    let e = sketch.emit("average", .averagePool2D(near), [d], [1, 4, 3, 8], zeroPoint: 3)
    let table = LookupParameters(table: sketch.constant((0..<256).map { Int8($0 / 2 - 64) }))
    let f = sketch.emit("look", .lookup(table), [e], [1, 4, 3, 8], zeroPoint: -64)
    let turn = TransposeParameters(permutation: [0, 2, 1, 3])
    let g = sketch.emit("turn", .transpose(turn), [f], [1, 3, 4, 8], zeroPoint: -64)
    let average = SpatialMeanParameters(
      inputZeroPoint: -64, scale: FixedPointScale(nearestTo: 1.0 / 12), outputZeroPoint: -64,
      minimum: -128, maximum: 127)
    let h = sketch.emit("mean", .spatialMean(average), [g], [1, 8], zeroPoint: -64)
    let scaling = Scaling(entries: 1, spreading: 8, rounding: .once)
    let dense = FullyConnectedParameters(
      inputZeroPoint: -64, weights: sketch.constant(random.spreadWeights(4 * 8)),
      bias: sketch.constant([7, -300, 20, 0] as [Int32]), requantization: scaling.store(in: &sketch)
    )
    let i = sketch.emit("dense", .fullyConnected(dense), [h], [1, 4], zeroPoint: scaling.zeroPoint)
    let powers = SoftmaxParameters(table: sketch.constant(ExponentialTable.make(scale: 0.05)))
    let j = sketch.emit("soft", .softmax(powers), [i], [1, 4], scale: 1 / 256, zeroPoint: -128)
    return (sketch.plan(inputs: [x], outputs: [j], taps: [d, x]), sketch.weights)
  }

  /// A chain of random operations on a random input.
  static func random(seed: UInt64) -> (plan: Plan, weights: [UInt8]) {
    var random = SplitMix64(seed: seed)
    var sketch = PlanSketch()
    let shape = WindowCase(&random)
    var last = sketch.tensor(
      "x\(seed)", [1, shape.input.height, shape.input.width, random.int(1...9)],
      zeroPoint: random.zeroPoint())
    let input = last
    var taps: [TensorIndex] = []
    for step in 0..<random.int(1...6) {
      let source = sketch.tensors[last.position]
      let zeroPoint = source.zeroPoint
      let name = random.one(of: ["n\(step)", "größer \(step)", "层\(step)", ""])
      let point = Window(height: 1, width: 1)
      switch random.int(0...5) {
      case 0:
        last = emitConvolution(
          &sketch, name, last, filters: random.int(1...9), window: point,
          Array(source.shape[1...2]), &random)
      case 1:
        last = emitConvolution(
          &sketch, name, last, filters: nil, window: point, Array(source.shape[1...2]), &random)
      case 2:
        let turn = TransposeParameters(permutation: [0, 2, 1, 3])
        let turned = [1, source.shape[2], source.shape[1], source.shape[3]]
        last = sketch.emit(name, .transpose(turn), [last], turned, zeroPoint: zeroPoint)
      case 3:
        let table = LookupParameters(table: sketch.constant(random.activations(256)))
        last = sketch.emit(name, .lookup(table), [last], source.shape, zeroPoint: 5)
      case 4:
        let clamp = random.clamp()
        let pool = PoolParameters(
          window: point, minimum: clamp.lowerBound, maximum: clamp.upperBound)
        last = sketch.emit(
          name, random.one(of: [.maximumPool2D(pool), .averagePool2D(pool)]), [last], source.shape,
          zeroPoint: zeroPoint)
      default:
        let table = ExponentialTable.make(scale: random.unit() + 0.01)
        let soft = SoftmaxParameters(table: sketch.constant(table))
        last = sketch.emit(name, .softmax(soft), [last], source.shape, zeroPoint: -128)
      }
      if random.int(0...1) == 0 { taps.append(last) }
    }
    return (sketch.plan(inputs: [input], outputs: [last], taps: taps), sketch.weights)
  }

  /// A convolution, or a depthwise one where `filters` is nil.
  private static func emitConvolution(
    _ sketch: inout PlanSketch, _ name: String, _ input: TensorIndex, filters: Int?,
    window: Window, _ size: [Int], _ random: inout SplitMix64
  ) -> TensorIndex {
    let depth = sketch.tensors[input.position].shape[3]
    let channels = filters ?? depth
    let taps = window.height * window.width
    let scaling = Scaling(
      entries: channels, spreading: taps * (filters == nil ? 1 : depth), rounding: .twice)
    let count = filters == nil ? taps * depth : channels * taps * depth
    let parameters = ConvolutionParameters(
      window: window, inputZeroPoint: sketch.zeroPoint(input),
      weights: sketch.constant(random.spreadWeights(count)),
      bias: sketch.constant((0..<channels).map { _ in Int32(random.int(-500...500)) }),
      requantization: scaling.store(in: &sketch))
    return sketch.emit(
      name, filters == nil ? .depthwiseConvolution2D(parameters) : .convolution2D(parameters),
      [input], [1, size[0], size[1], channels], zeroPoint: scaling.zeroPoint)
  }
}

extension PlanSketch {
  func zeroPoint(_ index: TensorIndex) -> Int32 { tensors[index.position].zeroPoint }
}
