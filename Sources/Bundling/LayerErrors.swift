import BundleFormat
import DeviceRuntime
import FloatReference
import Lowering
import ModelGraph
import PlanFormat
import Quantizer

/// Compares every layer's integers, as the kernels compute them, with the float model's values.
struct LayerErrors {
  /// Items are enough for a table; the search has already judged the whole.
  static let itemsMax = 64
  /// Tensors kept alive at once: the plan format's limit of taps.
  private static let tapsMax = 200

  let floatGraph: Graph
  let graph: Graph
  let items: [[TensorData]]
  let starts: RecordingStarts
  let encodings: [InputEncoding]

  /// One row per node, in order. Both graphs have the same nodes and values.
  func measure() throws(PackError) -> [QuantizationReport.Layer] {
    let outputs = graph.nodes.flatMap(\.outputs)
    var meters: [ValueID: NoiseMeter] = [:]
    for start in stride(from: 0, to: outputs.count, by: Self.tapsMax) {
      let taps = Array(outputs[start..<min(start + Self.tapsMax, outputs.count)])
      for (id, meter) in try measure(taps) { meters[id] = meter }
    }
    return graph.nodes.map { node in
      QuantizationReport.Layer(
        name: node.name, operation: node.operation.name,
        signalToNoiseDecibels: meters[node.outputs[0]]?.decibels ?? 0)
    }
  }

  private func measure(_ taps: [ValueID]) throws(PackError) -> [(ValueID, NoiseMeter)] {
    let lowered = try fromGraph { () throws(GraphError) in
      try Lowering.lower(graph, taps: taps)
    }
    let integers = try IntegerModel(lowered)
    let tensors = lowered.plan.taps.map { lowered.plan.tensors[$0.position] }
    var stream = FloatStream(FloatExecutor(floatGraph), starts: starts)
    var meters = taps.map { ($0, NoiseMeter()) }
    for (position, item) in items.prefix(Self.itemsMax).enumerated() {
      if starts.contains(position) { integers.session.reset() }
      var truth: [ValueID: [Float]] = [:]
      _ = try fromGraph { () throws(GraphError) in
        try stream.run(inputs: item) { id, tensor in truth[id] = tensor.floats }
      }
      _ = try integers.run(item)
      for index in meters.indices {
        let values = EdgeCodec.dequantize(integers.session.tap(index), tensor: tensors[index])
        meters[index].1.add(truth[taps[index]] ?? [], values)
      }
    }
    return meters
  }
}
