import ModelGraph
import Operators

/// Weights of models quantised to uint8 have a zero point, and a weight less it may need nine bits.
/// Then it is the sum of two weights of eight, and the layer reads each element of its input twice:
/// the same integers are summed, so the results are the same.
extension TFLiteBuilder {
  /// The parts of constant weights less their zero point; nil for weights that have none. One part
  /// where all fit 8 bits.
  private func parts(_ node: TFLiteNode, _ id: ValueID) throws(GraphError) -> [[Int8]]? {
    let value = graph[id]
    guard let quantization = value.quantization, quantization.isPerTensor,
      quantization.zeroPoint != 0, let integers = value.constant?.integers
    else { return nil }
    let wide = integers.map { $0 - Int(quantization.zeroPoint) }
    if wide.allSatisfy({ Int8(exactly: $0) != nil }) { return [wide.map { Int8($0) }] }
    let low = wide.map { Int8(clamping: $0) }
    let rest = zip(wide, low).map { $0 - Int($1) }
    guard rest.allSatisfy({ Int8(exactly: $0) != nil }) else {
      throw node.unsupported("weights \(value.name) less their zero point exceed 254")
    }
    return [low, rest.map { Int8($0) }]
  }

  private mutating func weights(
    _ node: TFLiteNode, _ id: ValueID, _ shape: [Int], _ elements: [Int8]
  ) -> ValueID {
    constant(
      node, "/weights", TensorData(shape: shape, elements: .int8(elements)),
      quantization: graph[id].quantization.map { Quantization(scale: $0.scale, zeroPoint: 0) })
  }

  /// Input and weights of a layer without a zero point of the weights; `axis` is the axis of the
  /// weights along which they are doubled, `inputAxis` that of the input.
  ///
  /// - Returns: whether they were doubled: neighbours along the axis then belong together.
  mutating func removeZeroPoint(
    _ node: TFLiteNode, input: inout ValueID, weights id: inout ValueID, axis: Int, inputAxis: Int
  ) throws(GraphError) -> Bool {
    guard graph[input].type.element == .int8, let parts = try parts(node, id) else { return false }
    var shape = graph[id].type.shape
    guard parts.count == 2 else {
      id = weights(node, id, shape, parts[0])
      return false
    }
    let (size, inner) = (shape[axis], shape[(axis + 1)...].reduce(1, *))
    var doubled: [Int8] = []
    doubled.reserveCapacity(2 * parts[0].count)
    for line in 0..<parts[0].count / max(inner, 1) {
      for part in parts { doubled += part[line * inner..<(line + 1) * inner] }
    }
    shape[axis] = 2 * size
    id = weights(node, id, shape, doubled)
    let extents = graph[input].type.shape
    var positions = [[Int]?](repeating: nil, count: extents.count)
    positions[inputAxis] = (0..<2 * extents[inputAxis]).map { $0 / 2 }
    input = try step(node, Pick(positions: positions), [input], suffix: "/twice")
    return true
  }
}
