public import ModelGraph
import Operators
public import PlanFormat

/// A model of trees in integers: ranks in, sums and classes out. Nothing of it is calibrated.
public struct RankedModel: Sendable {
  /// The integer graph; its inputs are ranks.
  public let graph: Graph
  /// How the ranks of each input are formed.
  public let ranks: [[RankColumn]]
  /// What turns each output's sums into scores, at the edge.
  public let links: [ScoreLink]
}

/// Turns thresholds into ranks, exactly for every float, and leaves into fixed-point numbers.
public enum RankQuantizer {
  /// Whether a model is one of trees.
  public static func applies(to graph: Graph) -> Bool {
    graph.nodes.contains { $0.operation is TreeEnsemble }
  }

  /// The integer form of a float model of trees.
  ///
  /// - Throws: `GraphError.unsupported` for any layer but trees on the inputs, what chooses a class
  ///   from their scores, and a link at an output.
  public static func quantize(_ model: Graph) throws(GraphError) -> RankedModel {
    guard model.states.isEmpty else {
      throw .unsupported(
        operation: TreeEnsemble.name, node: model.name,
        reason: "a model of trees keeps no state from run to run; feed it its own outputs")
    }
    var graph = model
    var ranks: [[RankColumn]] = []
    for input in model.inputs {
      let readers = model.nodes.indices.filter { model.nodes[$0].inputs.contains(input) }
      var ensembles: [TreeEnsemble] = []
      for reader in readers {
        guard let trees = model.nodes[reader].operation as? TreeEnsemble else {
          throw unsupported(
            model.nodes[reader], "it reads an input that trees read, or stands before trees")
        }
        ensembles.append(trees)
      }
      let columns = RankColumns(ensembles)
      guard columns.all.count <= Self.columnsMax,
        columns.all.allSatisfy({ $0.values.count <= RankColumn.valuesMax })
      else {
        throw .unsupported(
          operation: TreeEnsemble.name, node: model[input].name,
          reason: "one of its features has more than \(RankColumn.valuesMax) thresholds, or there "
            + "are more than \(columnsMax) features; train fewer trees")
      }
      for (reader, trees) in zip(readers, ensembles) {
        graph.nodes[reader].operation = columns.ranked(trees)
      }
      setInteger(input, .int16, scale: 1, in: &graph)
      graph[input].type.shape = [1, columns.all.count]
      ranks.append(columns.all)
    }
    let links = try quantizeNodes(&graph)
    return RankedModel(graph: graph, ranks: ranks, links: links)
  }

  /// Features of an input, some of them given twice.
  private static let columnsMax = 65_536

  private static func quantizeNodes(_ graph: inout Graph) throws(GraphError) -> [ScoreLink] {
    var links = [ScoreLink](repeating: .none, count: graph.outputs.count)
    var kept: [Node] = []
    for node in graph.nodes {
      guard let input = node.inputs.first ?? nil, let source = graph[input].quantization else {
        throw unsupported(node, "it reads what is not computed from trees")
      }
      let result = node.outputs[0]
      switch node.operation {
      case let trees as TreeEnsemble:
        let (element, scale) = trees.fixedPoint
        setInteger(result, element, scale: scale, in: &graph)
      case is Extremum: setInteger(result, .int32, scale: 1, in: &graph)
      case is Reshape:
        setInteger(result, graph[input].type.element, scale: source.scale, in: &graph)
      case is Softmax, is ScoreTransform:
        guard let position = graph.outputs.firstIndex(of: result), !graph.outputs.contains(input),
          !graph.nodes.contains(where: { $0.inputs.contains(result) }),
          let link = (node.operation as? ScoreTransform)?.link
            ?? ((node.operation as? Softmax)?.beta == 1 ? .softmax : nil)
        else { throw unsupported(node, "a link runs at an output of the model, once") }
        links[position] = link
        graph.outputs[position] = input
        graph[input].labels = graph[result].labels
        (graph[input].name, graph[result].name) = (graph[result].name, graph[input].name)
        continue
      default:
        throw unsupported(node, "it stands behind trees")
      }
      kept.append(node)
    }
    graph.nodes = kept
    return links
  }

  private static func setInteger(
    _ id: ValueID, _ element: ElementType, scale: Float, in graph: inout Graph
  ) {
    graph[id].type.element = element
    graph[id].quantization = Quantization(scale: scale, zeroPoint: 0)
  }

  private static func unsupported(_ node: Node, _ reason: String) -> GraphError {
    .unsupported(
      operation: node.operation.name, node: node.name,
      reason: "\(reason); a model of trees runs when trees read its inputs, scaled by positive "
        + "factors at most, and its outputs are their scores or the class of the largest")
  }
}

/// The columns of ranks that ensembles of one input need. A feature whose nodes do not agree where
/// missing values go, at any rank they might have, is given twice.
private struct RankColumns {
  private struct Key: Hashable {
    var feature: Int32
    var value: Float
    var isEquality: Bool
    var missingGoesLeft: Bool

    init(_ node: TreeEnsemble.Node) {
      feature = node.feature
      // −0 equals 0, and has to be the same threshold.
      value = node.value == 0 ? 0 : node.value
      isEquality = node.isEquality
      missingGoesLeft = node.missingGoesLeft
    }
  }

  private(set) var all: [RankColumn] = []
  private var places: [Key: (column: Int, rank: Int)] = [:]

  init(_ ensembles: [TreeEnsemble]) {
    let keys = Set(ensembles.flatMap(\.nodes).filter { $0.feature >= 0 }.map { Key($0) })
    let ordered = keys.sorted {
      ($0.feature, $0.value, $0.missingGoesLeft ? 1 : 0)
        < ($1.feature, $1.value, $1.missingGoesLeft ? 1 : 0)
    }
    for feature in Set(keys.map(\.feature)).sorted() {
      let own = ordered.filter { $0.feature == feature }
      for key in own where key.isEquality { add([key], missingRank: key.missingGoesLeft ? 0 : 1) }
      let thresholds = own.filter { !$0.isEquality }
      let (left, right) = (
        thresholds.filter(\.missingGoesLeft), thresholds.filter { !$0.missingGoesLeft }
      )
      if let last = right.last, let first = left.first, last.value >= first.value {
        add(left, missingRank: 0)
        add(right, missingRank: right.count)
      } else if !thresholds.isEmpty {
        add(thresholds, missingRank: right.count)
      }
    }
    // Trees of one leaf compare nothing, and a tensor holds something.
    if all.isEmpty {
      all = [RankColumn(feature: 0, values: [0], isEquality: false, missingRank: 0)]
    }
  }

  /// Adds a column of keys in ascending order of their values.
  private mutating func add(_ keys: [Key], missingRank: Int) {
    for (rank, key) in keys.enumerated() { places[key] = (all.count, rank) }
    all.append(
      RankColumn(
        feature: Int(keys[0].feature), values: keys.map(\.value), isEquality: keys[0].isEquality,
        missingRank: missingRank))
  }

  /// The ensemble with columns for features and ranks for thresholds.
  func ranked(_ trees: TreeEnsemble) -> TreeEnsemble {
    var ranked = trees
    ranked.features = all.count
    for position in trees.nodes.indices where trees.nodes[position].feature >= 0 {
      guard let place = places[Key(trees.nodes[position])] else { continue }
      ranked.nodes[position].feature = Int32(place.column)
      ranked.nodes[position].value = Float(place.rank)
      ranked.nodes[position].isEquality = false
    }
    return ranked
  }
}
