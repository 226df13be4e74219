import ModelGraph
import Operators
import PlanFormat

/// `SVDF`: filters of a dense layer each of whose results is filtered over time, as keyword spotters have
/// them. A step is a dense layer, a window of its last results, which is a state, and a convolution over
/// that window.
///
/// With F filters of M steps and rank R, for unit u of F / R (`svdf.cc` of TFLite's kernels):
///
///     y[u] = Σ_r Σ_m time[u·R + r, m] · (features[u·R + r] · x m − M + 1 steps ago) + bias[u]
enum TFLiteFilterBank {
  /// Operands: input [1, I]; features [F, I]; time [F, M]; bias [F / R] or none; the window, a variable
  /// tensor of M · F. Options: rank, activation.
  @Sendable static func filter(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let options = try node.options(6)
    let rank = try options?.int32(0) ?? 0
    guard try builder.operandValue(node, 0).type.element == .float32 else {
      throw node.unsupported(
        "its int8 form, with 16 bits over time, is not run; convert the model in float32 and let pack "
          + "quantise it")
    }
    let layer = try builder.weights(node, axis: 0, places: (input: 0, weights: 1, bias: .max))
    let time = try builder.operandValue(node, 2)
    let shape = time.type.shape
    guard let weights = time.constant?.floats, shape.count == 2, rank > 0, shape[0] % rank == 0,
      builder.graph[layer.weights].type.shape.first == shape[0]
    else { throw node.invalid("its filters over time are \(shape), of rank \(rank)") }
    let (filters, steps, units) = (shape[0], shape[1], shape[0] / rank)
    guard steps <= ImportLimits.windowExtent else {
      throw node.invalid("a window of \(steps) steps")
    }
    let kept = try builder.memory(node, 4)
    guard builder.graph[kept].type == ValueType(.float32, [1, steps * filters]) else {
      throw node.invalid(
        "its window has shape \(builder.graph[kept].type.shape), not [1, \(steps * filters)]")
    }
    let newest = try builder.step(
      node, FullyConnected(activation: .none), [layer.input, layer.weights, nil],
      suffix: "/features")
    var window = newest
    if steps > 1 {
      let old = try builder.step(
        node, Reshape(shape: [steps, filters]), [kept], suffix: "/window-before")
      let rest = try builder.step(
        node, Pick(positions: [Array(1..<steps), nil]), [old], suffix: "/window-rest")
      window = try builder.step(node, Concat(axis: 0), [rest, newest], suffix: "/window")
    }
    builder.keep(
      try builder.step(
        node, Reshape(shape: [1, steps * filters]), [window], suffix: "/window-after"), in: kept)
    // Over an image of one column, time its rows; the weights of a unit are [M, 1, R].
    let image = try builder.step(
      node, Reshape(shape: [1, steps, 1, filters]), [window], suffix: "/window-image")
    var kernel: [Float] = []
    for unit in 0..<units {
      for step in 0..<steps {
        for filter in 0..<rank { kernel.append(weights[(unit * rank + filter) * steps + step]) }
      }
    }
    let convolution = Conv2D(
      window: Window(height: steps, width: 1), paddingBottom: 0, paddingRight: 0,
      activation: try node.activation(try options?.uint8(1) ?? 0), groups: units)
    let result = try builder.step(
      node, convolution,
      [
        image,
        builder.constant(
          node, "/time", TensorData(shape: [units, steps, 1, rank], floats: kernel)),
        try builder.optional(node, 3),
      ], suffix: "/filtered")
    try builder.emit(node, Reshape(shape: [1, units]), [result], sameParameters: true)
  }
}
