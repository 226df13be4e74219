import FloatReference
import Foundation
import ModelGraph
import Operators

/// The softmax at the end of a QDQ model as onnxruntime computes it once its optimiser has fused
/// DequantizeLinear, Softmax and QuantizeLinear into `QLinearSoftmax`: a table of 256 exponentials
/// and integers from there on (onnxruntime, `core/providers/cpu/quantization/qlinear_softmax.cc`).
///
/// For a row of n logits xᵢ in steps of s, and a result in steps of t from the zero point z:
///
///     e(d) = rint(min((2³² − 1) / n, 2³¹ − 1) · exp(−d · s))    of d steps below the row's largest
///     yᵢ = ⌊(eᵢ · ⌊1 / t⌋ + ⌊Σe / 2⌋) / Σe⌋ + z, at most the type's largest
///
/// ⌊1 / t⌋ is taken in float32, where 1 / float32(1/255) is just below 255: all shares come out 254/255
/// of what ONNX defines, and up to one step lower.
struct FusedSoftmax {
  private let logits: ValueID
  private let logitGrid: IntegerGrid
  private let resultGrid: IntegerGrid

  /// Finds the softmax that the graph's only output is, between the grids of its operand and result.
  init?(endOf graph: Graph) {
    func producer(_ id: ValueID) -> Node? { graph.nodes.first { $0.outputs.contains(id) } }
    guard graph.outputs.count == 1, let last = producer(graph.outputs[0]),
      let quantize = last.operation as? FakeQuantize, let shares = last.inputs[0].flatMap(producer),
      let softmax = shares.operation as? Softmax, softmax == Softmax(beta: 1),
      let logits = shares.inputs[0], let before = producer(logits)?.operation as? FakeQuantize
    else { return nil }
    self.logits = logits
    logitGrid = before.grid
    resultGrid = quantize.grid
  }

  /// Distance of neighbouring results.
  var step: Float { resultGrid.scale }

  /// The operand of the softmax and the result of the graph for one item.
  func run(
    _ graph: Graph, _ inputs: [TensorData]
  ) throws(GraphError) -> (logits: [Float], result: [Float]) {
    var row: [Float] = []
    let outputs = try FloatExecutor(graph).run(inputs: inputs) { id, tensor in
      if id == logits { row = tensor.floats ?? [] }
    }
    return (row, outputs[0].floats ?? [])
  }

  /// What onnxruntime makes of a row.
  func fused(_ row: [Float]) -> [Float] {
    let levels = row.map(logitGrid.level(of:))
    let largest = levels.max() ?? 0
    let unit = min(Double(UInt32.max) / Double(row.count), Double(Int32.max))
    let powers = levels.map { level in
      UInt64((unit * exp(Double(level - largest) * Double(logitGrid.scale))).rounded())
    }
    let sum = powers.reduce(0, +)
    let shares = UInt64((1 / resultGrid.scale).rounded(.down))
    return powers.map { power in
      let level = Int((power * shares + sum / 2) / sum) + resultGrid.zeroPoint
      return resultGrid.real(of: min(level, resultGrid.levels.upperBound))
    }
  }

  /// What ONNX defines: the share in real numbers, then QuantizeLinear.
  func defined(_ row: [Float]) -> [Float] {
    let largest = Double(row.max() ?? 0)
    let powers = row.map { exp(Double($0) - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { resultGrid.real(of: resultGrid.level(of: Float($0 / sum))) }
  }
}
