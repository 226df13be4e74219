import Bundling
import FloatReference
import Foundation
import Importers
import Lowering
import ModelGraph
import Quantizer
import TestSupport
import Testing

/// The integers against a simulation in reals of the same scales: every activation rounded to its grid,
/// every operator in floats between. What the integer kernels add to that is their own error.
@Suite(.requiresShared) struct SimulationTests {
  struct Model: Sendable, CustomTestStringConvertible {
    let name: String
    let data: String
    let items: (calibration: Int, test: Int)
    var bytes = false
    var testDescription: String { name }
  }

  static let models = [
    Model(name: "digits_cnn", data: "digits", items: (256, 200)),
    Model(name: "digits_ae", data: "digits_ae", items: (256, 200)),
    Model(name: "motions_cnn1d", data: "motions_cnn1d", items: (40, 40)),
    Model(name: "vowels_tfm", data: "vowels", items: (128, 60)),
    Model(name: "vowels_lstm", data: "vowels", items: (128, 60)),
    Model(name: "clutter_dscnn", data: "clutter", items: (64, 40), bytes: true),
    Model(name: "clutter_dscnn_hard", data: "clutter", items: (64, 40), bytes: true),
  ]

  @Test(arguments: models) func integersAddNextToNothing(_ model: Model) throws {
    let graph = try ModelImporter.load(
      bytes: Array(try file("models/\(model.name).onnx")), name: model.name)
    let calibrated = try CalibratedModel(
      graph, items: try items(model, "calib_x", graph, model.items.calibration))
    let widened = calibrated.widening(
      calibrated.wideningCandidates(inputs: []).filter(\.isFinal))
    let quantized = try Quantizer.quantize(
      widened, method: .minMax,
      inputs: [model.bytes ? .rawBytes(scale: 1 / 255) : .calibrated])
    let integers = try IntegerModel(try Lowering.lower(quantized))
    let simulation = Simulation(quantized)
    var (real, simulated, apart) = (NoiseMeter(), NoiseMeter(), NoiseMeter())
    for item in try items(model, "test_x", graph, model.items.test) {
      let truth = try FloatExecutor(graph).run(inputs: item)[0].floats ?? []
      let got = try integers.run(item)[0]
      let expected = try simulation.run(item)
      real.add(truth, got)
      simulated.add(truth, expected)
      apart.add(expected, got)
    }
    #expect(
      real.decibels >= simulated.decibels - 0.3,
      "\(real.decibels) dB, simulated \(simulated.decibels)")
    // Nor are the two near the float model by different roads.
    #expect(apart.decibels > simulated.decibels + 3, "\(apart.decibels) dB apart")
  }

  private func file(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: Shared.file("quant/\(path)")))
  }

  private func items(
    _ model: Model, _ part: String, _ graph: Graph, _ count: Int
  ) throws -> [[TensorData]] {
    let bytes = try file("data/\(model.data).\(part).bin")
    let shape = graph[graph.inputs[0]].type.shape
    let size = shape.reduce(1, *)
    return bytes.withUnsafeBytes { raw in
      (0..<count).map { item in
        let floats = (item * size..<(item + 1) * size).map { index in
          model.bytes
            ? Float(raw[index]) * (1 / 255)
            : Float(
              bitPattern: UInt32(
                littleEndian: raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
        }
        return [TensorData(shape: shape, floats: floats)]
      }
    }
  }
}

/// Runs a quantised graph in reals: constants as the reals of their integers, results on their grids.
private struct Simulation {
  private let graph: Graph
  private let constants: [ValueID: TensorData]

  init(_ graph: Graph) {
    self.graph = graph
    var constants: [ValueID: TensorData] = [:]
    for position in graph.values.indices {
      guard let constant = graph.values[position].constant else { continue }
      constants[ValueID(position)] = Self.reals(of: constant, graph.values[position].quantization)
    }
    self.constants = constants
  }

  func run(_ item: [TensorData]) throws -> [Float] {
    var values = constants
    for (id, tensor) in zip(graph.inputs, item) { values[id] = onGrid(tensor, graph[id]) }
    for node in graph.nodes {
      let operands = node.inputs.map { id in id.flatMap { values[$0] } }
      for (id, tensor) in zip(node.outputs, try node.operation.evaluate(operands)) {
        values[id] = onGrid(tensor, graph[id])
      }
    }
    return values[graph.outputs[0]]?.floats ?? []
  }

  private static func reals(of tensor: TensorData, _ quantization: Quantization?) -> TensorData {
    guard let quantization, let integers = tensor.integers, tensor.floats == nil else {
      return tensor
    }
    let axis = quantization.isPerTensor ? 0 : quantization.axis
    let inner = tensor.shape.isEmpty ? 1 : tensor.shape[(axis + 1)...].reduce(1, *)
    let floats = integers.enumerated().map { index, level -> Float in
      let channel = quantization.isPerTensor ? 0 : index / inner % tensor.shape[axis]
      return Float(
        Double(level - Int(quantization.zeroPoints[channel])) * Double(quantization.scales[channel])
      )
    }
    return TensorData(shape: tensor.shape, floats: floats)
  }

  private func onGrid(_ tensor: TensorData, _ value: Value) -> TensorData {
    guard let quantization = value.quantization, let floats = tensor.floats else { return tensor }
    let isWide = value.type.element == .int16
    let (low, high): (Float, Float) = isWide ? (-32768, 32767) : (-128, 127)
    let zero = Float(quantization.zeroPoint)
    return TensorData(
      shape: tensor.shape,
      floats: floats.map { real in
        (min(max((real / quantization.scale).rounded() + zero, low), high) - zero)
          * quantization.scale
      })
  }
}
