public import ModelGraph
import Operators

/// How the range of an activation is chosen.
public enum RangeMethod: String, Sendable, CaseIterable {
  /// Everything calibration saw.
  case minMax = "min-max"
  /// The range of least squared error.
  case leastSquaredError = "mse"
}

/// Turns a calibrated float model into one whose values are integers.
public enum Quantizer {
  /// Quantises every activation, weight and bias.
  ///
  /// - Parameters:
  ///   - model: the calibrated model.
  ///   - method: how activation ranges are chosen.
  ///   - inputs: one encoding per model input.
  /// - Returns: the graph with int8 activations (asymmetric), int8 weights (symmetric per output
  ///   channel) and int32 biases, each value carrying its parameters.
  /// - Throws: `GraphError.unsupported` for an operator that has no integer form.
  public static func quantize(
    _ model: CalibratedModel, method: RangeMethod, inputs: [InputEncoding]
  ) throws(GraphError) -> Graph {
    var graph = model.graph
    for (id, encoding) in zip(graph.inputs, inputs) {
      switch encoding {
      case .calibrated, .normalized:
        setActivation(id, parameters(of: id, in: model, method: method), in: &graph)
      case .rawBytes(let scale):
        setActivation(id, Quantization(scale: scale, zeroPoint: -128), in: &graph)
      }
    }
    for node in graph.nodes {
      try quantize(node, model: model, method: method, in: &graph)
    }
    return graph
  }

  private static func quantize(
    _ node: Node, model: CalibratedModel, method: RangeMethod, in graph: inout Graph
  ) throws(GraphError) {
    switch node.operation.quantizationRule {
    case .calibrated:
      for output in node.outputs {
        setActivation(output, parameters(of: output, in: model, method: method), in: &graph)
      }
    case .sameAsInput:
      guard let input = node.inputs.first ?? nil, let shared = graph[input].quantization else {
        throw .invalid(node: node.name, reason: "its input carries no quantisation")
      }
      for output in node.outputs { setActivation(output, shared, in: &graph) }
    case .fixed(let scale, let zeroPoint):
      for output in node.outputs {
        setActivation(output, Quantization(scale: scale, zeroPoint: zeroPoint), in: &graph)
      }
    case .weighted(let weights, let bias, let channelAxis):
      let output = node.outputs[0]
      setActivation(output, parameters(of: output, in: model, method: method), in: &graph)
      try quantizeConstants(
        of: node, weights: weights, bias: bias, channelAxis: channelAxis, in: &graph)
    }
  }

  private static func parameters(
    of id: ValueID, in model: CalibratedModel, method: RangeMethod
  ) -> Quantization {
    guard let statistics = model.statistics[id.position], statistics.minimum.isFinite else {
      return Quantization(scale: 1, zeroPoint: 0)
    }
    switch method {
    case .minMax: return ActivationRange(minMax: statistics).quantization
    case .leastSquaredError: return ActivationRange(leastSquaredError: statistics).quantization
    }
  }

  private static func setActivation(
    _ id: ValueID, _ quantization: Quantization, in graph: inout Graph
  ) {
    graph[id].quantization = quantization
    graph[id].type.element = .int8
  }

  private static func quantizeConstants(
    of node: Node, weights: Int, bias: Int, channelAxis: Int, in graph: inout Graph
  ) throws(GraphError) {
    guard let input = node.inputs[0], let inputScale = graph[input].quantization?.scale,
      let outputScale = graph[node.outputs[0]].quantization?.scale,
      weights < node.inputs.count, let weightsID = node.inputs[weights],
      let constant = graph[weightsID].constant
    else {
      throw .unsupported(
        operation: node.operation.name, node: node.name,
        reason: "its weights are not constant; only constant weights can be quantised")
    }
    // Shared constants were quantised with their first user, for that user's input scale.
    let biasID = bias < node.inputs.count ? node.inputs[bias] : nil
    let biasConstant = biasID.flatMap { graph[$0].constant }
    guard let floats = constant.floats, biasConstant == nil || biasConstant?.floats != nil else {
      throw .unsupported(
        operation: node.operation.name, node: node.name,
        reason: "it shares its weights with another layer; give each layer its own copy")
    }
    let shape = constant.shape
    let axis = channelAxis < 0 ? shape.count + channelAxis : channelAxis
    let inner = shape[(axis + 1)...].reduce(1, *)
    let channels = shape[axis]
    let floatBias = biasConstant?.floats ?? [Float](repeating: 0, count: channels)
    let quantized = WeightQuantization(
      weights: floats, bias: floatBias, channelOf: { $0 / inner % channels },
      inputScale: inputScale, outputScale: outputScale)
    graph[weightsID].constant = TensorData(shape: shape, elements: .int8(quantized.weights))
    graph[weightsID].type.element = .int8
    graph[weightsID].quantization = Quantization(
      scales: quantized.scales, zeroPoints: [Int32](repeating: 0, count: channels), axis: axis)
    if let biasID {
      graph[biasID].constant = TensorData(shape: [channels], elements: .int32(quantized.bias))
      graph[biasID].type = ValueType(.int32, [channels])
      graph[biasID].quantization = Quantization(
        scales: quantized.scales.map { $0 * inputScale },
        zeroPoints: [Int32](repeating: 0, count: channels), axis: 0)
    }
  }
}
