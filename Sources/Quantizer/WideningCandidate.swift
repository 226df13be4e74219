public import ModelGraph
import Operators

/// A value that could be held in 16 bits, with what only moves or clamps it.
public struct WideningCandidate: Sendable, Equatable {
  /// What computes it; for an input its name.
  public let name: String
  /// The value, then those that only move or clamp it.
  public let values: [ValueID]
  /// Multiplications and sums that would be of 16 bits: its own and those of what reads it.
  public let cost: Int
  public let isInput: Bool
  /// True where it is an output and a layer computes it.
  public let isFinal: Bool
}

extension CalibratedModel {
  /// What could become wide and is not, in the order of the graph.
  ///
  /// - Parameter inputs: model inputs that may become wide: those whose data is not of 8 bits.
  public func wideningCandidates(inputs: [ValueID]) -> [WideningCandidate] {
    var consumers: [ValueID: [Node]] = [:]
    for node in graph.nodes {
      for case .some(let input) in node.inputs { consumers[input, default: []].append(node) }
    }
    func candidate(_ root: ValueID, _ name: String, producer: Node?) -> WideningCandidate? {
      guard !graph[root].isWide, graph[root].quantization == nil,
        graph[root].type.element == .float32, statistics[root.position] != nil
      else { return nil }
      var values = [root]
      var cost = producer.map { work(of: $0) } ?? 0
      var isRead = false
      var position = 0
      while position < values.count {
        for node in consumers[values[position]] ?? [] {
          if SixteenBitForm.moves(node) || SixteenBitForm.isClamp(node) {
            values += node.outputs.filter { !values.contains($0) }
          } else if SixteenBitForm.computes(node, in: graph) {
            cost += work(of: node)
            isRead = true
          }
        }
        position += 1
      }
      let isOutput = values.contains { graph.outputs.contains($0) }
      // Between two nodes without a 16-bit form it would be widened and narrowed again.
      guard isRead || isOutput else { return nil }
      let isFinal = isOutput && producer.map { SixteenBitForm.isLayer($0, in: graph) } ?? false
      return WideningCandidate(
        name: name, values: values, cost: max(cost, graph[root].type.shape.reduce(1, *)),
        isInput: producer == nil, isFinal: isFinal)
    }
    var found = inputs.compactMap { candidate($0, graph[$0].name, producer: nil) }
    for node in graph.nodes where SixteenBitForm.computes(node, in: graph) {
      candidate(node.outputs[0], node.name, producer: node).map { found.append($0) }
    }
    return found
  }

  private func work(of node: Node) -> Int {
    let types = node.inputs.map { id in id.map { graph[$0].type } }
    return max(
      node.operation.multiplyAccumulates(types), graph[node.outputs[0]].type.shape.reduce(1, *))
  }

  /// The model with values in 16 bits, and the layers that compute or read them computing in 16 bits.
  public func widening(_ candidates: [WideningCandidate]) -> CalibratedModel {
    widening(Set(candidates.flatMap(\.values)))
  }
}
