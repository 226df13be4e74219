public import ModelGraph
import Operators

/// Turns a calibrated float model into one whose values are integers.
public enum Quantizer {
  /// Quantises every activation, weight and bias.
  ///
  /// - Parameters:
  ///   - model: the calibrated model.
  ///   - method: how ranges are chosen and weights rounded; other than to the nearest, or with biases
  ///     corrected, layers need their moments (`CalibratedModel.observeInputs`).
  ///   - inputs: one encoding per model input.
  /// - Returns: the graph with int8 activations (asymmetric), int8 weights (symmetric per output
  ///   channel) and int32 biases, each value carrying its parameters.
  /// - Throws: `GraphError.unsupported` for an operator that has no integer form.
  public static func quantize(
    _ model: CalibratedModel, method: QuantizationMethod, inputs: [InputEncoding]
  ) throws(GraphError) -> Graph {
    try model.graph.checkReferenceOnly()
    var graph = model.graph
    for (id, encoding) in zip(graph.inputs, inputs) {
      switch encoding {
      case .calibrated, .normalized: setCalibrated(id, model, method, in: &graph)
      case .rawBytes(let scale):
        setActivation(id, Quantization(scale: scale, zeroPoint: -128), in: &graph)
      case .ranks:
        throw .unsupported(
          operation: "input", node: graph[id].name, reason: "ranks are of inputs that trees read")
      }
    }
    for group in SharedParameters(graph).groups {
      try share(group, model: model, method: method, in: &graph)
    }
    for node in graph.nodes {
      try quantize(node, model: model, method: method, in: &graph)
    }
    return graph
  }

  /// Gives a state, and what only moves it, one scale and zero point: those that one of the group has
  /// or must have, else those of all their values.
  private static func share(
    _ group: [ValueID], model: CalibratedModel, method: QuantizationMethod, in graph: inout Graph
  ) throws(GraphError) {
    var given: (Quantization, ElementType)?
    for id in group {
      if let own = graph[id].quantization { given = given ?? (own, graph[id].type.element) }
    }
    for node in graph.nodes where node.outputs.contains(where: group.contains) {
      if case .fixed(let scale, let zeroPoint) = node.operation.quantizationRule {
        given = given ?? (Quantization(scale: scale, zeroPoint: zeroPoint), .int8)
      }
    }
    let isWide = group.contains { graph[$0].isWide }
    let shared =
      given ?? (
        parameters(of: group[0], in: model, method: method, isWide: isWide), isWide ? .int16 : .int8
      )
    for id in group {
      guard graph[id].quantization == nil || graph[id].quantization == shared.0 else {
        throw .unsupported(
          operation: "state", node: graph[id].name,
          reason: "it is read with another scale than it is written with")
      }
      setActivation(id, shared.0, shared.1, in: &graph)
    }
  }

  private static func quantize(
    _ node: Node, model: CalibratedModel, method: QuantizationMethod, in graph: inout Graph
  ) throws(GraphError) {
    switch node.operation.quantizationRule {
    case .calibrated:
      let isWide = node.outputs.contains { graph[$0].type.element == .int16 || graph[$0].isWide }
      for case .some(let input) in node.inputs {
        quantizeConstant(input, isWide: isWide, in: &graph)
      }
      for output in node.outputs { setCalibrated(output, model, method, in: &graph) }
    case .sameAsInput:
      guard let input = node.inputs.first ?? nil, let shared = graph[input].quantization else {
        throw .unsupported(
          operation: node.operation.name, node: node.name,
          reason: "what it moves carries no quantisation; a device computes with reals in integers")
      }
      for output in node.outputs {
        setActivation(output, shared, graph[input].type.element, in: &graph)
      }
    case .index:
      for output in node.outputs {
        graph[output].quantization = Quantization(scale: 1, zeroPoint: 0)
        graph[output].type.element = .int32
      }
    case .fixed(let scale, let zeroPoint):
      for output in node.outputs {
        setActivation(output, Quantization(scale: scale, zeroPoint: zeroPoint), in: &graph)
      }
    case .rows(let operands):
      setCalibrated(node.outputs[0], model, method, in: &graph)
      for position in operands { try quantizeRows(position, of: node, in: &graph) }
    case .weighted(let weights, let bias, let channelAxis):
      setCalibrated(node.outputs[0], model, method, in: &graph)
      try quantizeConstants(
        of: node, weights: weights, bias: bias, channelAxis: channelAxis,
        improving: LayerRounding(method, moments: model.moments(of: node)), following: model.base,
        in: &graph)
    }
  }

  /// Gives a float constant that is an operand like any other its integers, or such over its range.
  private static func quantizeConstant(_ id: ValueID, isWide: Bool, in graph: inout Graph) {
    guard graph[id].quantization == nil, let constant = graph[id].constant else { return }
    guard let floats = constant.floats else { return keepSmallIntegers(id, constant, in: &graph) }
    var statistics = CalibrationStatistics()
    statistics.observeRange(floats)
    if isWide {
      // Zeros have any scale: a small one bounds nothing that they are added to.
      let quantization =
        floats.contains { $0 != 0 }
        ? ActivationRange(minMax: statistics).wideQuantization
        : Quantization(scale: 0x1p-30, zeroPoint: 0)
      let levels = floats.map { value -> Int16 in
        Int16(min(max((value / quantization.scale).rounded(), -32767), 32767))
      }
      setActivation(id, quantization, .int16, in: &graph)
      graph[id].constant = TensorData(shape: constant.shape, elements: .int16(levels))
      return
    }
    // A constant that came quantised keeps its integers: the levels below are they.
    let given = constant.grid.flatMap { $0.isPerTensor ? $0 : nil }
    let quantization = given ?? ActivationRange(minMax: statistics).quantization
    let levels = floats.map { value -> Int8 in
      let level = (value / quantization.scale).rounded() + Float(quantization.zeroPoint)
      return Int8(min(max(level, -128), 127))
    }
    setActivation(id, quantization, in: &graph)
    graph[id].constant = TensorData(shape: constant.shape, elements: .int8(levels))
  }

  /// Bools and integers that int8 holds stand for themselves.
  private static func keepSmallIntegers(
    _ id: ValueID, _ constant: TensorData, in graph: inout Graph
  ) {
    let levels = (constant.integers ?? []).compactMap { Int8(exactly: $0) }
    guard levels.count == constant.count else { return }
    setActivation(id, Quantization(scale: 1, zeroPoint: 0), in: &graph)
    graph[id].constant = TensorData(shape: constant.shape, elements: .int8(levels))
  }

  private static func parameters(
    of id: ValueID, in model: CalibratedModel, method: QuantizationMethod, isWide: Bool = false
  ) -> Quantization {
    guard let statistics = model.statistics[id.position], statistics.minimum.isFinite else {
      return Quantization(scale: 1, zeroPoint: 0)
    }
    let range =
      switch method.range {
      case _ where isWide: ActivationRange(minMax: statistics)
      case .minMax: ActivationRange(minMax: statistics)
      case .percentile: ActivationRange(percentile: 1e-4, of: statistics)
      case .leastSquaredError: ActivationRange(leastSquaredError: statistics)
      case .entropy: ActivationRange(leastEntropy: statistics)
      }
    let fresh = isWide ? range.wideQuantization : range.quantization
    return model.base?.parameters(of: model.graph[id].name, near: fresh) ?? fresh
  }

  private static func setCalibrated(
    _ id: ValueID, _ model: CalibratedModel, _ method: QuantizationMethod, in graph: inout Graph
  ) {
    let isWide = graph[id].isWide
    setActivation(
      id, parameters(of: id, in: model, method: method, isWide: isWide), isWide ? .int16 : .int8,
      in: &graph)
  }

  /// Parameters that came with the model stay.
  private static func setActivation(
    _ id: ValueID, _ quantization: Quantization, _ element: ElementType = .int8,
    in graph: inout Graph
  ) {
    guard graph[id].quantization == nil else { return }
    graph[id].quantization = quantization
    graph[id].type.element = element
  }

  /// Weights whose scale meets no other: a row of zeros may have any.
  private static func quantizeRows(
    _ position: Int, of node: Node, in graph: inout Graph
  ) throws(GraphError) {
    guard let id = node.inputs[position], let constant = graph[id].constant else {
      throw .unsupported(
        operation: node.operation.name, node: node.name,
        reason: "its weights are not constant; only constant weights can be quantised")
    }
    // Shared weights were quantised with their first user; no other scale is in them.
    guard let floats = constant.floats else { return }
    let rows = constant.shape[0]
    let length = floats.count / rows
    let quantized = WeightQuantization(
      weights: floats, bias: [Float](repeating: 0, count: rows), channelOf: { $0 / length },
      inputScale: 1, outputScale: 1)
    graph[id].constant = TensorData(shape: constant.shape, elements: .int8(quantized.weights))
    graph[id].type.element = .int8
    graph[id].quantization = Quantization(
      scales: quantized.scales, zeroPoints: [Int32](repeating: 0, count: rows), axis: 0)
  }

  private static func quantizeConstants(
    of node: Node, weights: Int, bias: Int, channelAxis: Int, improving rounding: LayerRounding?,
    following base: QuantizationBase?, in graph: inout Graph
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
    // A layer that came as integers needs nothing.
    if graph[weightsID].quantization != nil, constant.floats == nil { return }
    // Shared constants were quantised with their first user, for that user's input scale.
    let biasID = bias < node.inputs.count ? node.inputs[bias] : nil
    let biasConstant = biasID.flatMap { graph[$0].constant }
    guard let floats = constant.floats, biasConstant == nil || biasConstant?.floats != nil else {
      throw .unsupported(
        operation: node.operation.name, node: node.name,
        reason: "it shares its weights with another layer; give each layer its own copy")
    }
    let isWide = graph[input].type.element == .int16
    let shape = constant.shape
    let axis = channelAxis < 0 ? shape.count + channelAxis : channelAxis
    let inner = shape[(axis + 1)...].reduce(1, *)
    let channels = shape[axis]
    let floatBias = biasConstant?.floats ?? [Float](repeating: 0, count: channels)
    var quantized: WeightQuantization
    if let grid = constant.grid {
      guard grid.isPerTensor || grid.axis == axis else {
        throw .unsupported(
          operation: node.operation.name, node: node.name,
          reason: "its weights have a scale per index of axis \(grid.axis), not per output channel")
      }
      quantized = WeightQuantization(
        given: floats, grid: grid, bias: floatBias, channelOf: { $0 / inner % channels },
        inputScale: inputScale, isWide: isWide)
    } else {
      quantized = WeightQuantization(
        weights: floats, bias: floatBias, channelOf: { $0 / inner % channels },
        inputScale: inputScale, outputScale: outputScale, isWide: isWide)
      let known = base?.layer(node.name, levels: floats.count, channels: channels)
      if let known {
        quantized.follow(
          known, weights: floats, bias: floatBias, channelOf: { $0 / inner % channels },
          inputScale: inputScale)
      }
      rounding?.improve(
        &quantized, of: floats, bias: biasConstant?.floats, inputScale: inputScale, keeping: known)
    }
    graph[weightsID].constant = TensorData(shape: shape, elements: .int8(quantized.weights))
    graph[weightsID].type.element = .int8
    graph[weightsID].quantization = Quantization(
      scales: quantized.scales, zeroPoints: quantized.zeroPoints, axis: axis)
    if let biasID {
      graph[biasID].constant = TensorData(
        shape: [channels],
        elements: isWide ? .int64(quantized.bias) : .int32(quantized.bias.map { Int32($0) }))
      graph[biasID].type = ValueType(isWide ? .int64 : .int32, [channels])
      graph[biasID].quantization = Quantization(
        scales: quantized.scales.map { $0 * inputScale },
        zeroPoints: [Int32](repeating: 0, count: channels), axis: 0)
    }
  }
}
