import FloatReference
public import ModelGraph
import Operators
public import SignalChain

/// How the integers of a model input are formed.
public enum InputEncoding: Sendable, Equatable {
  /// From the range seen in calibration.
  case calibrated
  /// Raw unsigned bytes times `scale`: q = u − 128, no rounding at all.
  case rawBytes(scale: Float)
  /// From the range that normalised values had in calibration; data comes raw.
  case normalized(Normalization)
  /// Ranks among a model's thresholds: any float is one, infinities and NaN too.
  case ranks
}

/// A float model, equalised, with the statistics of its activations over calibration data: all that
/// any choice of ranges needs. The data is run once, however many choices are compared.
public struct CalibratedModel: Sendable {
  /// The float graph after equalisation; the same function as before.
  public private(set) var graph: Graph
  private(set) var statistics: [CalibrationStatistics?]
  /// The release whose integers it follows.
  let base: QuantizationBase?
  /// What each weighted layer's weights meet, by the weights; empty until `observeInputs`.
  private var moments: [ValueID: InputMoments] = [:]

  /// A model whose activations all have parameters: there is nothing to calibrate.
  public init(complete model: GivenParameters) {
    graph = model.graph
    base = nil
    statistics = [CalibrationStatistics?](repeating: nil, count: graph.values.count)
  }

  /// Equalises a float model and runs the calibration data through it, twice: ranges, histograms.
  ///
  /// - Parameters:
  ///   - model: a canonical float graph.
  ///   - items: calibration inputs, each one tensor per model input; of a model that keeps states in
  ///     the order of their recordings.
  ///   - starts: where recordings begin.
  ///   - equalizing: false leaves the weights as they are.
  ///   - base: a release to follow, also in how it was equalised; `equalizing` is of no meaning then.
  /// - Throws: `GraphError` when an item does not fit the model or an activation is not finite.
  public init(
    _ model: Graph, items: [[TensorData]], starts: RecordingStarts = RecordingStarts(),
    equalizing: Bool = true, following base: QuantizationBase? = nil
  ) throws(GraphError) {
    try model.checkReferenceOnly()
    self.base = base
    var graph = StatePrecision.applied(to: model)
    if let base {
      if base.isEqualized { Equalization.apply(like: base, to: &graph) }
    } else if equalizing {
      Equalization.apply(to: &graph)
    }
    graph.separateWeights()
    let executor = FloatExecutor(graph)
    var statistics = [CalibrationStatistics?](repeating: nil, count: graph.values.count)
    let shared = SharedParameters(graph)
    for pass in 0..<2 {
      var stream = FloatStream(executor, starts: starts)
      for item in items {
        _ = try stream.run(inputs: item) { id, tensor in
          guard let values = tensor.floats else { return }
          var seen = statistics[id.position] ?? CalibrationStatistics()
          if pass == 0 { seen.observeRange(values) } else { seen.observeHistogram(values) }
          statistics[id.position] = seen
        }
      }
      Self.merge(&statistics, of: shared)
    }
    for node in graph.nodes {
      for output in node.outputs {
        guard let seen = statistics[output.position] else { continue }
        guard seen.minimum.isFinite, seen.maximum.isFinite else {
          throw .invalid(
            node: node.name, reason: "its result is not finite on the calibration data")
        }
      }
    }
    self.graph = graph
    self.statistics = statistics
  }

  /// Values of one scale have one range, and then one histogram over it.
  private static func merge(
    _ statistics: inout [CalibrationStatistics?], of shared: SharedParameters
  ) {
    for group in shared.groups {
      var all: CalibrationStatistics?
      for id in group {
        guard let seen = statistics[id.position] else { continue }
        all?.merge(seen)
        all = all ?? seen
      }
      for id in group where statistics[id.position] != nil { statistics[id.position] = all }
    }
  }

  /// True once the moments are there.
  public private(set) var hasObservedInputs = false

  /// Rows a layer's moments are made of, at most.
  static let rowsMax = 4096

  /// Runs the calibration data again, for the moments of what every layer's weights meet: what
  /// rounding with feedback and the correction of biases need.
  ///
  /// - Parameters:
  ///   - items: those the model was calibrated with.
  ///   - starts: where recordings begin.
  /// - Throws: `GraphError` when an item does not fit the model.
  public mutating func observeInputs(
    items: [[TensorData]], starts: RecordingStarts = RecordingStarts()
  ) throws(GraphError) {
    var layers: [(weights: ValueID, patches: FeaturePatches, moments: InputMoments)] = []
    var readers: [ValueID: [Int]] = [:]
    for node in graph.nodes {
      guard case .weighted(let place, _, _) = node.operation.quantizationRule,
        let input = node.inputs[0], let weights = node.inputs[place],
        let patches = FeaturePatches(node.operation, operand: graph[input].type.shape)
      else { continue }
      let groups = node.operation is DepthwiseConv2D ? graph[input].type.shape[3] : 1
      readers[input, default: []].append(layers.count)
      layers.append((weights, patches, InputMoments(length: patches.length, groups: groups)))
    }
    var stream = FloatStream(FloatExecutor(graph), starts: starts)
    let rows = max(Self.rowsMax / max(items.count, 1), 1)
    for item in items {
      var seen: [(layer: Int, operand: [Float])] = []
      _ = try stream.run(inputs: item) { id, tensor in
        for layer in readers[id] ?? [] { seen.append((layer, tensor.floats ?? [])) }
      }
      for (layer, operand) in seen {
        layers[layer].moments.add(layers[layer].patches, of: operand, atMost: rows)
      }
    }
    for layer in layers { moments[layer.weights] = layer.moments }
    hasObservedInputs = true
  }

  /// Multiplications and sums of a run.
  public var multiplyAccumulates: Int {
    graph.nodes.reduce(0) { sum, node in
      let operands = node.inputs.map { id in id.map { graph[$0].type } }
      return sum + node.operation.multiplyAccumulates(operands)
    }
  }

  /// What a layer's weights meet; nil where nothing was observed.
  func moments(of node: Node) -> InputMoments? {
    guard case .weighted(let place, _, _) = node.operation.quantizationRule else { return nil }
    return node.inputs[place].flatMap { moments[$0] }
  }

  /// The same model with values in 16 bits.
  func widening(_ values: Set<ValueID>) -> CalibratedModel {
    let widening = Widening(graph, values: values, readersFollow: true)
    var model = self
    model.graph = widening.graph
    for position in graph.values.count..<widening.graph.values.count {
      let source = widening.sources[ValueID(position)]
      model.statistics.append(source.flatMap { model.statistics[$0.position] })
    }
    return model
  }
}
