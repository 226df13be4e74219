public import ModelGraph

/// The integers of an earlier release. A new one follows them where they still fit, so that little
/// differs between the two.
///
/// Scales are what moves integers that did not change: of activations, of weights, and those that
/// equalisation moves from one layer to the next. All three are taken from the base where they fit.
public struct QuantizationBase: Sendable, Equatable {
  /// The weights of a layer.
  public struct Layer: Sendable, Equatable {
    /// In the order of the graph's constant.
    public var levels: [Int8]
    /// One per output channel.
    public var scales: [Float]
    /// A level is kept where what should be rounded is at most half a step and this from it; nil rounds
    /// as if there were no base.
    public var deadZone: Float?

    /// Creates a layer.
    public init(levels: [Int8], scales: [Float], deadZone: Float? = nil) {
      self.levels = levels
      self.scales = scales
      self.deadZone = deadZone
    }

    /// What a weight is rounded to, unless it is kept.
    ///
    /// - Parameter wanted: in steps.
    func level(_ index: Int, near wanted: Double) -> Double {
      let level = Double(levels[index])
      guard let deadZone, abs(wanted - level) <= 0.5 + Double(deadZone) else {
        return min(max(wanted.rounded(), -127), 127)
      }
      return level
    }
  }

  /// Layers by the names of their nodes.
  public var layers: [String: Layer]
  /// Parameters of activations by the names of their values.
  public var activations: [String: Quantization]
  /// How it was made integers.
  public var method: QuantizationMethod
  /// Whether it was equalised.
  public var isEqualized: Bool
  /// Values that are held in 16 bits.
  public var wideValues: Set<String>

  /// Creates a base.
  public init(
    layers: [String: Layer], activations: [String: Quantization], method: QuantizationMethod,
    isEqualized: Bool, wideValues: Set<String> = []
  ) {
    self.layers = layers
    self.activations = activations
    self.method = method
    self.isEqualized = isEqualized
    self.wideValues = wideValues
  }

  /// Scales that differ by less are the same range, seen by other weights.
  private static let rangeTolerance: Float = 0.02
  private static let zeroPointTolerance: Int32 = 2

  /// The base's parameters of an activation, where they are about those that it needs.
  func parameters(of value: String, near fresh: Quantization) -> Quantization {
    guard let known = activations[value], known.isPerTensor, fresh.isPerTensor,
      abs(known.scale / fresh.scale - 1) <= Self.rangeTolerance,
      abs(known.zeroPoint - fresh.zeroPoint) <= Self.zeroPointTolerance
    else { return fresh }
    return known
  }

  /// The base's weights of a node, where they are of the same form.
  func layer(_ node: String, levels: Int, channels: Int) -> Layer? {
    guard let layer = layers[node], layer.levels.count == levels, layer.scales.count == channels,
      layer.scales.allSatisfy({ $0 > 0 })
    else { return nil }
    return layer
  }
}

extension Equalization {
  /// Rescales a float graph about as the base was: what each channel was scaled by shows in its scale
  /// and levels. The function stays the same.
  package static func apply(like base: QuantizationBase, to graph: inout Graph) {
    for pair in pairs(in: graph) {
      let node = graph.nodes[pair.producer]
      guard var producer = WeightedLayer(node, in: graph),
        var consumer = WeightedLayer(graph.nodes[pair.consumer], in: graph),
        let known = base.layer(
          node.name, levels: producer.weights.count, channels: producer.outputChannels)
      else { continue }
      let factors = producer.factors(towards: known)
      producer.scaleOutputs(by: factors)
      consumer.divideInputs(by: factors)
      producer.store(in: &graph)
      consumer.store(in: &graph)
    }
  }
}

extension WeightedLayer {
  /// What brings each output channel nearest the base's: the factor that gives its largest weight the
  /// largest level, as scales are chosen, or where that is worse than chance for the rounding there
  /// was, the factor of least squared error.
  fileprivate func factors(towards base: QuantizationBase.Layer) -> [Float] {
    var sums = [ChannelFit](repeating: ChannelFit(), count: outputChannels)
    for (index, weight) in weights.enumerated() {
      let channel = outputChannel(of: index)
      sums[channel].add(
        Double(weight), Double(base.levels[index]) * Double(base.scales[channel]))
    }
    return zip(sums, base.scales).map { sums, scale in
      let factor = Float(sums.factor(largest: 127 * Double(scale)))
      return factor.isFinite && factor > 0 ? factor : 1
    }
  }
}

/// Sums over the weights x of a channel and what the base has in their place, y.
private struct ChannelFit {
  private var (xx, xy, yy, largest, count) = (0.0, 0.0, 0.0, 0.0, 0.0)

  mutating func add(_ x: Double, _ y: Double) {
    xx += x * x
    xy += x * y
    yy += y * y
    largest = max(largest, abs(x))
    count += 1
  }

  /// Σ (f·x − y)².
  private func error(_ factor: Double) -> Double { factor * factor * xx - 2 * factor * xy + yy }

  /// - Parameter largest: what the largest weight becomes.
  func factor(largest level: Double) -> Double {
    guard xx > 0 else { return 1 }
    let (byRange, bySquares) = (level / largest, xy / xx)
    // One parameter fitted to n values explains about one n-th of their error.
    return error(byRange) <= error(bySquares) * (1 + 32 / count) ? byRange : bySquares
  }
}

extension WeightQuantization {
  /// Takes the base's scale of each channel whose weights fit it, and levels within its dead zone.
  mutating func follow(
    _ base: QuantizationBase.Layer, weights floats: [Float], bias floatBias: [Float],
    channelOf: (Int) -> Int, inputScale: Float
  ) {
    var ranges = [Float](repeating: 0, count: scales.count)
    for (index, weight) in floats.enumerated() {
      ranges[channelOf(index)] = max(ranges[channelOf(index)], abs(weight))
    }
    for channel in scales.indices {
      let level = ranges[channel] / base.scales[channel]
      if Self.fittingLevels.contains(level) { scales[channel] = base.scales[channel] }
    }
    weights = floats.enumerated().map { index, weight in
      Int8(base.level(index, near: Double(weight / scales[channelOf(index)])))
    }
    setBias(floatBias, inputScale: inputScale)
  }

  /// Largest levels for which a scale fits: a tenth of the range may be idle, a step may be cut off.
  private static let fittingLevels: ClosedRange<Float> = 114...128
}
