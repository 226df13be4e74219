import ModelGraph

extension Graph {
  /// Gives every layer weights and a bias of its own. Biases that are shared in the file are other
  /// integers in each layer, whose scale is that of its input too; equal weights are stored once all the
  /// same.
  mutating func separateWeights() {
    var readers: [ValueID: Int] = [:]
    for case .some(let id) in nodes.flatMap(\.inputs) { readers[id, default: 0] += 1 }
    for index in nodes.indices {
      guard case .weighted(let weights, let bias, _) = nodes[index].operation.quantizationRule
      else {
        continue
      }
      for position in [weights, bias] where position < nodes[index].inputs.count {
        guard let id = nodes[index].inputs[position], readers[id, default: 0] > 1,
          self[id].constant?.floats != nil
        else { continue }
        readers[id, default: 0] -= 1
        var own = self[id]
        own.name += "@\(nodes[index].name)"
        nodes[index].inputs[position] = add(own)
      }
    }
  }
}
