import ModelGraph

/// What became of a model file on its way to the canonical graph.
public struct ImportReport: Sendable, Equatable {
  /// A node of the file.
  public struct FileNode: Sendable, Equatable {
    /// Its name, or what stands for one: `#` and its position, or its first result.
    public var name: String
    /// The format's name of its operator.
    public var operation: String
    /// What became of it.
    public var fate: Fate
  }

  /// Where a node of the file is found in the canonical graph.
  public enum Fate: Sendable, Equatable {
    /// A layer of its own, by the layer's name.
    case layer(String)
    /// Part of another node's layer: folded into its weights, fused behind it, cancelled on the way.
    case part(of: String)
    /// Computed while importing.
    case constant
    /// Nothing that the outputs need reads it.
    case unread
  }

  /// A rule of the canonical form that applied.
  public struct Rewriting: Sendable, Equatable {
    /// What it does, as `activations fused`.
    public var rule: String
    /// How often it did.
    public var count: Int
  }

  /// The file's nodes, in its order.
  public var nodes: [FileNode]
  /// Nodes of the graph as it was read, constants computed.
  public var importedCount: Int
  /// What brought it into canonical form.
  public var rewritings: [Rewriting]
  /// Nodes of the canonical graph.
  public var canonicalCount: Int
}

/// A node of a model file, as far as its fate needs it.
struct SourceNode {
  var name: String
  var operation: String
  var inputs: [String]
  var outputs: [String]
}

extension ImportReport {
  /// Follows the nodes of a file.
  ///
  /// - Parameters:
  ///   - file: the nodes, in an order of execution.
  ///   - imported: the graph that was read.
  ///   - canonical: what it became.
  init(_ file: [SourceNode], imported: Graph, canonical: Graph, rewritings: [Rewriting]) {
    var producers: [String: String] = [:]
    for node in canonical.nodes {
      for output in node.outputs { producers[canonical[output].name] = node.name }
    }
    // What importers add around a node is named after it, behind a slash.
    let names = Set(file.map(\.name))
    var layers: [String: String] = [:]
    for node in canonical.nodes.reversed() {
      let parts = node.name.split(separator: "/", omittingEmptySubsequences: false)
      let origin = (1...parts.count).reversed().lazy
        .map { parts.prefix($0).joined(separator: "/") }.first(where: names.contains)
      if let origin, layers[origin] != origin { layers[origin] = node.name }
    }
    let constants = Set(imported.values.filter { $0.constant != nil }.map(\.name))
    var readers: [String: Int] = [:]
    var fates = [Fate](repeating: .unread, count: file.count)
    for index in file.indices.reversed() {
      let node = file[index]
      if let layer = layers[node.name] {
        fates[index] = .layer(layer)
      } else if let producer = node.outputs.lazy.compactMap({ producers[$0] }).first {
        fates[index] = .part(of: producer)
      } else if node.outputs.contains(where: constants.contains) {
        fates[index] = .constant
      } else if let reader = node.outputs.lazy.compactMap({ readers[$0] }).first {
        switch fates[reader] {
        case .layer(let layer), .part(of: let layer): fates[index] = .part(of: layer)
        case .constant, .unread: fates[index] = fates[reader]
        }
      }
      if fates[index] != .unread {
        for input in node.inputs { readers[input] = index }
      }
    }
    nodes = zip(file, fates).map {
      ImportReport.FileNode(name: $0.name, operation: $0.operation, fate: $1)
    }
    importedCount = imported.nodes.count
    canonicalCount = canonical.nodes.count
    self.rewritings = rewritings
  }
}

extension GraphError {
  /// What to do about an operator that no table has.
  static let unknownOperatorAdvice =
    "Swiftlet does not run this operator; replace it in the model, or export a model built of "
    + "convolutions, pooling, dense layers and their activations"

  /// A refusal of a model for all the operators that no table has, so that one run names them all.
  ///
  /// - Parameter unknown: operator and node, in the file's order; nil without one.
  static func unknownOperators(
    _ unknown: [(operation: String, node: String)]
  ) -> GraphError? {
    guard let first = unknown.first else { return nil }
    var counts: [(operation: String, count: Int)] = []
    var places: [String: Int] = [:]
    for (operation, _) in unknown {
      if let place = places[operation] {
        counts[place].count += 1
      } else {
        places[operation] = counts.count
        counts.append((operation, 1))
      }
    }
    var list = counts.prefix(20).map {
      "\($0.operation) (\($0.count) \($0.count == 1 ? "node" : "nodes"))"
    }
    if counts.count > list.count { list.append("\(counts.count - list.count) more operators") }
    let others =
      unknown.count == 1
      ? "" : "; of this model's nodes it does not run \(list.joined(separator: ", "))"
    return .unsupported(
      operation: first.operation, node: first.node, reason: unknownOperatorAdvice + others)
  }
}
