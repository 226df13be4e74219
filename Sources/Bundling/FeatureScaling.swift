import ModelGraph
import Operators
import Quantizer
import SignalChain

/// Gives each feature of a dense model a step of its own.
///
/// Features of a table are degrees beside pascals: one scale for all leaves nothing of the small ones
/// in 8 bits. The edge brings each to −1…1, x' = (x − middle) / reach, and the first dense layer,
/// w' = w · reach, b' = b + Σ w · middle, gives what it gave before.
struct FeatureScaling {
  /// Features that are scaled: more are pixels or samples.
  static let featuresMax = 256
  /// How many times the narrowest feature's range all features together span before they are scaled:
  /// below, 8 bits leave it ten levels.
  static let spreadMin: Float = 24
  /// Beyond what calibration saw, so that live values are not all held at its edge.
  static let margin: Float = 1.125

  /// The graph that takes scaled features.
  private(set) var graph: Graph
  /// What each input is scaled by, by its position.
  private(set) var scaled: [Int: Normalization] = [:]

  /// Scales the inputs that gain by it.
  ///
  /// - Parameter items: the calibration data.
  init(_ graph: Graph, items: [[TensorData]], encodings: [InputEncoding]) {
    self.graph = graph
    guard !items.isEmpty, !graph.isQuantized else { return }
    for (position, id) in graph.inputs.enumerated() where encodings[position] == .calibrated {
      let readers = graph.nodes.indices.filter { graph.nodes[$0].inputs.contains(id) }
      let features = graph[id].type.shape.last ?? 0
      guard graph[id].type.element == .float32, features > 1, features <= Self.featuresMax,
        graph[id].type.shape.reduce(1, *) == features, !graph.outputs.contains(id),
        !readers.isEmpty, readers.allSatisfy({ isDense($0, reading: id, features) }),
        let normalization = Self.normalization(
          items.map { $0[position].floats ?? [] }, features: features)
      else { continue }
      for reader in readers { fold(normalization, into: reader) }
      scaled[position] = normalization
    }
  }

  /// An item of raw features as the graph takes it.
  func apply(_ item: [TensorData]) -> [TensorData] {
    var item = item
    for (position, normalization) in scaled {
      let floats = (item[position].floats ?? []).enumerated().map { index, value in
        normalization.apply(value, channel: normalization.channel(of: index))
      }
      item[position] = TensorData(shape: item[position].shape, floats: floats)
    }
    return item
  }

  private func isDense(_ index: Int, reading id: ValueID, _ features: Int) -> Bool {
    let node = graph.nodes[index]
    guard node.operation is FullyConnected, node.inputs.count == 3, node.inputs[0] == id,
      let weights = node.inputs[1], let bias = node.inputs[2],
      let constant = graph[weights].constant, constant.floats != nil,
      graph[bias].constant?.floats != nil
    else { return false }
    return constant.shape.count == 2 && constant.shape[1] == features
  }

  /// Middle and reach of each feature; nil where one scale for all does no harm. A feature that never
  /// changed has the scale that it would have had.
  private static func normalization(_ rows: [[Float]], features: Int) -> Normalization? {
    var lows = [Float](repeating: .infinity, count: features)
    var highs = [Float](repeating: -.infinity, count: features)
    for row in rows {
      for (feature, value) in row.enumerated() {
        lows[feature] = min(lows[feature], value)
        highs[feature] = max(highs[feature], value)
      }
    }
    let ranges = zip(highs, lows).map { $0 - $1 }
    let whole = max(highs.max() ?? 0, 0) - min(lows.min() ?? 0, 0)
    guard let narrowest = ranges.filter({ $0 > 0 }).min(), whole.isFinite,
      whole > spreadMin * narrowest
    else { return nil }
    return Normalization(
      factor: 1, means: zip(highs, lows).map { ($0 + $1) / 2 },
      deviations: ranges.map { ($0 > 0 ? $0 / 2 * margin : whole / 2) }, stride: 1)
  }

  private mutating func fold(_ normalization: Normalization, into index: Int) {
    let node = graph.nodes[index]
    guard let weights = node.inputs[1], let bias = node.inputs[2],
      let old = graph[weights].constant, let values = old.floats,
      let offsets = graph[bias].constant?.floats
    else { return }
    let features = normalization.channels
    var (scaled, moved) = (values, offsets.map { Double($0) })
    for position in values.indices {
      let (output, feature) = (position / features, position % features)
      scaled[position] = values[position] * normalization.deviations[feature]
      moved[output] += Double(values[position]) * Double(normalization.means[feature])
    }
    graph.nodes[index].inputs[1] = constant(
      graph[weights].name, TensorData(shape: old.shape, floats: scaled))
    graph.nodes[index].inputs[2] = constant(
      graph[bias].name, TensorData(shape: [moved.count], floats: moved.map { Float($0) }))
  }

  /// A constant of its own: the layer may share the one it had.
  private mutating func constant(_ name: String, _ data: TensorData) -> ValueID {
    graph.add(
      Value(
        name: "\(name)~scaled", type: ValueType(data.type, data.shape), constant: data))
  }
}
