import DriftStatistics
import ModelGraph
import Operators
import PlanFormat
import Quantizer
import SignalChain

/// A tap before its bins are cut.
struct TapDraft {
  var name: String
  var unit: String
  var stage: Tap.Stage
  /// The value of the quantised graph it reads.
  var value: ValueID
  var function: TapFunction
  var displayScale: Double
  var displayOffset: Double
  var categories: [String]
}

/// What people call the ends of a model, for taps and ports.
public struct PortNaming: Sendable, Equatable {
  /// Unit of the values.
  public var unit: String
  /// Names of channels (inputs) or classes (outputs); may be empty.
  public var labels: [String]
  /// Units of channels, one per label; empty where `unit` is everyone's.
  public var units: [String]

  /// Creates a naming.
  public init(unit: String = "", labels: [String] = [], units: [String] = []) {
    self.unit = unit
    self.labels = labels
    self.units = units
  }

  /// The unit of a channel.
  func unit(of channel: Int) -> String {
    channel < units.count && !units[channel].isEmpty ? units[channel] : unit
  }
}

/// Chooses what telemetry watches: each input by channel, the embedding by random projections, the
/// output by its margin and class. All are integer functions of tensors the plan has anyway.
struct TapPlanner {
  /// Projections of an embedding or of an input with many channels.
  static let projections = 4

  let graph: Graph
  let inputs: [PortNaming]
  let outputs: [PortNaming]
  let encodings: [InputEncoding]

  /// Every tap, inputs first.
  func drafts() -> [TapDraft] {
    var drafts: [TapDraft] = []
    for (position, id) in graph.inputs.enumerated() {
      let naming = position < inputs.count ? inputs[position] : PortNaming()
      var input = inputDrafts(id, naming: naming)
      if position < encodings.count, case .normalized(let normalization) = encodings[position] {
        for index in input.indices { Self.showRaw(&input[index], normalization) }
      }
      drafts += input
    }
    if let embedding { drafts += projections(of: embedding, name: "embedding", stage: .embedding) }
    for (position, id) in graph.outputs.enumerated() {
      drafts += outputDrafts(
        id, naming: position < outputs.count ? outputs[position] : PortNaming())
    }
    return drafts
  }

  /// Taps of a model of trees: the ranks of the features that its nodes ask of most, by the features'
  /// names.
  func drafts(of ranks: [[RankColumn]]) -> [TapDraft] {
    var drafts: [TapDraft] = []
    for (position, id) in graph.inputs.enumerated() {
      let naming = position < inputs.count ? inputs[position] : PortNaming()
      let asked = ranks[position].indices.filter { !ranks[position][$0].isEquality }
      var seen: Set<Int> = []
      let columns = asked.sorted {
        (ranks[position][$1].values.count, $0) < (ranks[position][$0].values.count, $1)
      }.filter { seen.insert(ranks[position][$0].feature).inserted }
      for column in columns.prefix(TapSource.featuresMax).sorted() {
        let feature = ranks[position][column].feature
        let name =
          feature < naming.labels.count
          ? naming.labels[feature] : "\(graph[id].name)[\(feature)]"
        drafts.append(draft(name, "rank", .input, id, .sum(channel: column), count: 1))
      }
    }
    return drafts
  }

  /// The input of the last layer with weights: what the model made of its input before deciding.
  private var embedding: ValueID? {
    let weighted = graph.nodes.last {
      if case .weighted = $0.operation.quantizationRule { true } else { false }
    }
    guard var id = weighted?.inputs.first ?? nil else { return nil }
    // What was only widened for that layer is the same reals in fewer bytes.
    let producer = graph.nodes.first { $0.outputs.contains(id) }
    if producer?.operation is Rescale, let narrow = producer?.inputs.first ?? nil { id = narrow }
    guard !graph.sources.contains(id), Self.isWatched(graph[id].type.element) else { return nil }
    return id
  }

  private func inputDrafts(_ id: ValueID, naming: PortNaming) -> [TapDraft] {
    let name = graph[id].name
    let value = channelsLast(id)
    let shape = graph[value].type.shape
    let elements = shape.reduce(1, *)
    let isVector = elements == shape.last
    if isVector && elements <= TapSource.featuresMax {
      return (0..<elements).map { feature in
        let label = feature < naming.labels.count ? naming.labels[feature] : "\(name)[\(feature)]"
        return draft(
          label, naming.unit(of: feature), .input, value, .sum(channel: feature), count: 1)
      }
    }
    // A long vector has no channels: its features are read as positions of one.
    let channels = isVector ? 1 : shape.last ?? 1
    guard channels <= TapSource.featuresMax else {
      return projections(of: value, name: name, stage: .input)
    }
    let positions = elements / channels
    return (0..<channels).flatMap { channel -> [TapDraft] in
      let label =
        channel < naming.labels.count
        ? naming.labels[channel] : channels == 1 ? name : "\(name)[\(channel)]"
      let functions: [(String, TapFunction, Int)] = [
        ("mean", .sum(channel: channel), positions),
        ("deviation", .deviation(channel: channel), positions),
        ("roughness", .roughness(channel: channel), max(positions - 1, 1)),
      ]
      return functions.map { suffix, function, count in
        draft(
          "\(label) \(suffix)", naming.unit(of: channel), .input, value, function, count: count)
      }
    }
  }

  /// Shows a channel's values as its users know them: raw = (x · deviation + mean) / factor.
  private static func showRaw(_ draft: inout TapDraft, _ normalization: Normalization) {
    let channel: Int
    switch draft.function {
    case .sum(let stated), .deviation(let stated), .roughness(let stated): channel = stated
    default: return
    }
    let index = normalization.channels == 1 ? 0 : channel
    guard index < normalization.channels else { return }
    let slope = Double(normalization.deviations[index]) / Double(normalization.factor)
    draft.displayScale *= slope
    if case .sum = draft.function {
      draft.displayOffset =
        draft.displayOffset * slope
        + Double(normalization.means[index]) / Double(normalization.factor)
    }
  }

  private func outputDrafts(_ id: ValueID, naming: PortNaming) -> [TapDraft] {
    let name = graph[id].name
    // A class is watched by the scores it is of.
    guard Self.isWatched(graph[id].type.element) else { return [] }
    // Softmax saturates: its argument tells more.
    let producer = graph.nodes.first { $0.outputs.contains(id) }
    let value = (producer?.operation is Softmax ? producer?.inputs.first ?? nil : nil) ?? id
    let elements = graph[value].type.shape.reduce(1, *)
    guard graph[value].type.shape.last == elements, (2...64).contains(elements) else {
      return projections(of: value, name: name, stage: .output)
    }
    let classes = (0..<elements).map { index in
      index < naming.labels.count ? naming.labels[index] : "class \(index)"
    }
    return [
      draft("\(name) margin", naming.unit, .output, value, .margin, count: 1),
      TapDraft(
        name: "predicted class", unit: "", stage: .output, value: value,
        function: .topClass, displayScale: 1, displayOffset: 0, categories: classes),
    ]
  }

  private static func isWatched(_ element: ElementType) -> Bool {
    element == .int8 || element == .int16
  }

  private func projections(of id: ValueID, name: String, stage: Tap.Stage) -> [TapDraft] {
    (0..<Self.projections).map { index in
      draft(
        "\(name) projection \(index + 1)", "", stage, id,
        .projection(seed: UInt64(index + 1)), count: 1)
    }
  }

  /// The input after the layout change that follows it, if one does: taps read channels last.
  private func channelsLast(_ id: ValueID) -> ValueID {
    let users = graph.nodes.filter { $0.inputs.contains(id) }
    guard users.count == 1, users[0].operation is Transpose || users[0].operation is Reshape,
      graph[users[0].outputs[0]].type.shape.count == 4
    else { return id }
    return users[0].outputs[0]
  }

  /// Display values are per element for sums over `count` of them: real = scale · (Σ/count − zero).
  private func draft(
    _ name: String, _ unit: String, _ stage: Tap.Stage, _ value: ValueID,
    _ function: TapFunction, count: Int
  ) -> TapDraft {
    let quantization = graph[value].quantization ?? Quantization(scale: 1, zeroPoint: 0)
    let scale = Double(quantization.scale)
    let offset: Double =
      if case .sum = function { -Double(quantization.zeroPoint) * scale } else { 0 }
    return TapDraft(
      name: name, unit: unit, stage: stage, value: value, function: function,
      displayScale: scale / Double(count), displayOffset: offset, categories: [])
  }
}
