public import ModelGraph
import PlanFormat

/// Groups of elements along some axes brought to variance or length 1: operands x, and optionally a
/// gain and a bias that broadcast to x. Layer, instance and group normalisation are this with other
/// axes.
public struct Normalize: Operation, Equatable {
  /// What a group is divided by.
  public enum Kind: Sendable, Equatable {
    /// (x − mean) / √(variance + ε)
    case variance(epsilon: Float)
    /// x / √(Σ x² + ε)
    case length(epsilon: Float)
    /// x / Σ |x|
    case sumOfMagnitudes
  }

  /// Name in tables.
  public static let name = "Normalize"
  /// What a group is divided by.
  public var kind: Kind
  /// Axes of a group, ascending and not negative.
  public var axes: [Int]
  /// True when the mean and 1 / √(variance + ε) of each group are results, too.
  public var givesStatistics: Bool

  /// Creates a normalisation.
  public init(kind: Kind, axes: [Int], givesStatistics: Bool = false) {
    self.kind = kind
    self.axes = axes.sorted()
    self.givesStatistics = givesStatistics
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    let input = try operand(0, of: operands)
    guard axes.allSatisfy(input.shape.indices.contains), Set(axes).count == axes.count else {
      throw .invalid(node: "", reason: "axes \(axes) do not exist in \(input.shape)")
    }
    for case .some(let affine) in operands.dropFirst() {
      guard StridedWalk(broadcasting: affine.shape, to: input.shape) != nil else {
        throw .invalid(node: "", reason: "\(affine.shape) does not broadcast to \(input.shape)")
      }
    }
    guard givesStatistics else { return [input] }
    let shape = input.shape.indices.map { axes.contains($0) ? 1 : input.shape[$0] }
    return [input, ValueType(input.element, shape), ValueType(input.element, shape)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    let input = try operand(0, of: operands)
    let values = try floats(0, of: operands)
    let types = try resultTypes(operands.map { $0.map { ValueType($0.type, $0.shape) } })
    let gain = try affine(1, of: operands, shape: input.shape)
    let bias = try affine(2, of: operands, shape: input.shape)
    let kept = input.shape.indices.filter { !axes.contains($0) }
    let offsets = StridedWalk(over: input.shape).permuted(kept + axes).offsets
    let length = max(axes.map { input.shape[$0] }.reduce(1, *), 1)
    var result = values
    var (means, factors): ([Float], [Float]) = ([], [])
    for start in stride(from: 0, to: values.count, by: length) {
      let group = offsets[start..<start + length]
      let (mean, factor) = statistics(group.map { Double(values[$0]) })
      means.append(Float(mean))
      factors.append(Float(factor))
      for offset in group {
        let normal = Float((Double(values[offset]) - mean) * factor)
        result[offset] = normal * (gain?[offset] ?? 1) + (bias?[offset] ?? 0)
      }
    }
    let normal = TensorData(shape: input.shape, floats: result)
    guard givesStatistics else { return [normal] }
    return [
      normal, TensorData(shape: types[1].shape, floats: means),
      TensorData(shape: types[2].shape, floats: factors),
    ]
  }

  private func affine(
    _ position: Int, of operands: [TensorData?], shape: [Int]
  ) throws(GraphError) -> [Float]? {
    guard position < operands.count, operands[position] != nil else { return nil }
    return try broadcastOperand(position, of: operands, to: shape).floats
  }

  /// What is subtracted from a group, and what it is then multiplied by.
  private func statistics(_ group: [Double]) -> (mean: Double, factor: Double) {
    func sum(_ term: (Double) -> Double) -> Double { group.reduce(0) { $0 + term($1) } }
    switch kind {
    case .variance(let epsilon):
      let mean = sum { $0 } / Double(group.count)
      let variance = sum { ($0 - mean) * ($0 - mean) } / Double(group.count)
      return (mean, 1 / (variance + Double(epsilon)).squareRoot())
    case .length(let epsilon):
      let squares = sum { $0 * $0 } + Double(epsilon)
      return (0, squares > 0 ? 1 / squares.squareRoot() : 0)
    case .sumOfMagnitudes:
      let magnitudes = sum(abs)
      return (0, magnitudes > 0 ? 1 / magnitudes : 0)
    }
  }

  /// Groups along the axes as they were; gain and bias are turned with their tensor.
  public func ignoring(
    _ permutation: [Int]
  ) -> (operation: any Operation, permutation: [Int])? {
    guard !givesStatistics, axes.allSatisfy(permutation.indices.contains) else { return nil }
    return (Normalize(kind: kind, axes: axes.map { permutation[$0] }), permutation)
  }

  /// Gain and bias go into the instruction as fixed-point numbers: they stay as they are until then.
  public var quantizationRule: QuantizationRule { .rows([]) }

  public var summary: String {
    let what =
      switch kind {
      case .variance(let epsilon): "variance ε \(epsilon)"
      case .length: "length"
      case .sumOfMagnitudes: "sum of magnitudes"
      }
    return "\(what) axes \(axes.map(String.init).joined(separator: ","))"
  }
}

extension Normalize {
  /// Squares and their root are integers (Numerics); gain and bias become fixed-point numbers in steps of
  /// the result.
  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    let input = try QuantizedOperand(0, of: node)
    let result = try QuantizedOperand(resultOf: node)
    let count = axes.map { input.shape[$0] }.reduce(1, *)
    let step = Double(input.quantization.scale)
    let units: Double
    switch kind {
    case .variance(let epsilon):
      units = Double(epsilon) * Double(count) * Double(count) / (step * step)
    case .length(let epsilon): units = Double(epsilon) / (step * step)
    case .sumOfMagnitudes:
      throw .unsupported(
        operation: Self.name, node: node.name, reason: "only p = 2 has an integer form")
    }
    guard !givesStatistics || node.results.count == 1 else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "its mean and deviation are results, too; do not use them")
    }
    guard units >= 0, units <= Double(NormalizationParameters.epsilonLimit),
      count <= NormalizationParameters.groupElements
    else {
      throw .unsupported(
        operation: Self.name, node: node.name,
        reason: "epsilon is \(units) steps of the input squared, or a group of \(count) too large")
    }
    let affine = try AffineConstants(node, shape: input.shape, result: result.quantization)
    let (minimum, maximum) = Activation.none.bounds(in: result.quantization)
    let isCentered = if case .variance = kind { true } else { false }
    let parameters = NormalizationParameters(
      isCentered: isCentered, axes: AxisSet(axes), affineAxes: AxisSet(affine.axes),
      inputZeroPoint: input.quantization.zeroPoint, epsilon: UInt64(units.rounded()),
      gain: builder.constant(littleEndian(affine.gain)),
      bias: builder.constant(
        affine.bias.flatMap { value in
          (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * Int64($0))) }
        }),
      shift: affine.shift, outputZeroPoint: result.quantization.zeroPoint, minimum: minimum,
      maximum: maximum)
    builder.emit(
      Instruction(
        name: node.name, operation: .normalization(parameters),
        inputs: [try input.activation(node)], output: try result.activation(node)))
  }
}

/// Gain and bias of a normalisation in fixed point: with as many bits as the largest leaves.
private struct AffineConstants {
  /// Axes along which they differ.
  let axes: [Int]
  let gain: [Int32]
  let bias: [Int64]
  let shift: Int

  init(
    _ node: LoweringNode, shape: [Int], result: Quantization
  ) throws(GraphError) {
    var tensors: [TensorData?] = []
    for position in 1...2 {
      guard position < node.operands.count, let operand = node.operands[position] else {
        tensors.append(nil)
        continue
      }
      guard let constant = operand.value.constant, constant.floats != nil else {
        throw .unsupported(
          operation: Normalize.name, node: node.name,
          reason: "its gain or bias is not a constant; only constants run on a device")
      }
      tensors.append(constant)
    }
    axes = shape.indices.filter { axis in
      tensors.contains { tensor in
        guard let tensor else { return false }
        let own = axis - (shape.count - tensor.shape.count)
        return own >= 0 && tensor.shape[own] > 1
      }
    }
    let axes = axes
    let affine = shape.indices.map { axes.contains($0) ? shape[$0] : 1 }
    func reals(_ tensor: TensorData?, absent: Float) -> [Double] {
      let floats =
        tensor?.broadcast(to: affine)?.floats
        ?? [Float](repeating: absent, count: affine.reduce(1, *))
      return floats.map { Double($0) / Double(result.scale) }
    }
    let gains = reals(tensors[0], absent: 1)
    let biases = reals(tensors[1], absent: 0)
    let fraction = NormalizationParameters.fractionBits
    func power(_ bits: Int) -> Double { Double(sign: .plus, exponent: bits, significand: 1) }
    let largestGain = gains.reduce(0) { max($0, abs($1)) }
    let largestBias = biases.reduce(0) { max($0, abs($1)) }
    guard
      let bits = (0...NormalizationParameters.shiftLimit).last(where: {
        largestGain * power($0) <= power(31) - 1 && largestBias * power($0 + fraction) <= power(61)
      })
    else {
      throw .unsupported(
        operation: Normalize.name, node: node.name,
        reason: "its gain or bias is too large for the scale of its result")
    }
    shift = bits
    gain = gains.map { Int32(($0 * power(bits)).rounded()) }
    bias = biases.map { Int64(($0 * power(bits + fraction)).rounded()) }
  }
}
