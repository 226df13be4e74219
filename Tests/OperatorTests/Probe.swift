import Arrays
import Bundling
import FloatReference
import Importers
import ModelGraph
import Sealing
import TestSupport

/// What became of an operator's example.
enum Verdict: Sendable, Equatable {
  /// It ran.
  case runs
  /// It is computed while importing: nothing of it is left to run.
  case folded
  /// It was refused, with this reason.
  case refused(String)

  /// Whether it ran.
  var runs: Bool { self == .runs }

  /// Why not, without the names of the example; empty where it was not refused.
  var reason: String {
    guard case .refused(let message) = self else { return "" }
    guard let refusal = message.firstRange(of: " is not supported: ") else { return message }
    return String(message[refusal.upperBound...])
  }
}

/// A line of the operator table, found by running the operator's example.
struct OperatorRow: Sendable {
  let operation: ReadableOperator
  /// Our operations that it becomes, without the reshapes and transposes around them.
  let operations: [String]
  /// In the float reference.
  let float: Verdict
  /// Packed as a float model with calibration data.
  let quantized: Verdict
  /// Packed as a model that came in int8.
  let int8: Verdict
  /// Packed as a model that came in int8 weights and int16 activations.
  let int16: Verdict

  /// The cells behind the operator's name.
  var cells: [String] {
    [
      float == .folded ? "folded" : float.runs ? "yes" : "no", integers,
      int16 == .folded ? "folded" : int16.runs ? "yes" : "no",
    ]
  }

  /// The cell of int8: a float model packed with calibration data, a model that came in int8.
  private var integers: String {
    switch (quantized, int8) {
    case (.folded, _): "folded"
    case (.runs, .runs): "yes"
    // ONNX files state what is quantised node by node; TFLite's are int8 as a whole.
    case (.runs, _): operation.format == .onnx ? "yes" : "from float"
    case (_, .runs): "as int8"
    default: "no"
    }
  }

  /// Why it is not float, or else not int8.
  var remark: String {
    guard float.runs else { return float.reason }
    switch integers {
    case "no": return quantized.reason
    case "from float": return int8.reason
    default: return ""
    }
  }
}

/// Runs examples.
struct Probe {
  private let key: Ed25519KeyPair
  private static let items = 16

  init() throws {
    try Crypto.initialize()
    guard let key = Ed25519KeyPair(seed: [UInt8](repeating: 7, count: 32)) else {
      throw GraphError.malformed("no key")
    }
    self.key = key
  }

  /// The line of an operator.
  func row(_ operation: ReadableOperator) -> OperatorRow {
    let example = OperatorExample.of(operation)
    func file(_ activations: Activations) -> [UInt8] {
      operation.format == .onnx
        ? example.onnx(operation, activations) : example.tflite(operation, activations)
    }
    let (float, graph) = reference(file(.float), example)
    let isFolded = float == .folded
    return OperatorRow(
      operation: operation, operations: graph.map(Self.operations) ?? [], float: float,
      quantized: isFolded ? .folded : pack(file(.float), calibratedLike: graph, example),
      int8: isFolded ? .folded : pack(file(.int8), calibratedLike: nil, example),
      int16: isFolded
        ? .folded
        : example.model == nil
          ? pack(file(.int16), calibratedLike: nil, example)
          : .refused("its example is no single node"))
  }

  private static func operations(_ graph: Graph) -> [String] {
    let names = graph.nodes.map(\.operation.name)
    let moving: Set = ["Reshape", "Transpose"]
    let computing = names.filter { !moving.contains($0) }
    var seen: Set<String> = []
    return (computing.isEmpty ? names : computing).filter { seen.insert($0).inserted }
  }

  private func reference(
    _ bytes: [UInt8], _ example: OperatorExample
  ) -> (Verdict, Graph?) {
    do throws(GraphError) {
      let graph = try ModelImporter.load(bytes: bytes, name: "example")
      let reads = Set(graph.nodes.flatMap { $0.inputs.compactMap { $0 } })
      guard !reads.isDisjoint(with: graph.inputs) else { return (.folded, graph) }
      let results = try FloatExecutor(graph).run(inputs: Self.inputs(graph, seed: 1, example))
      let isFinite = results.allSatisfy { $0.floats?.allSatisfy(\.isFinite) ?? true }
      return (isFinite ? .runs : .refused("its result is not finite"), graph)
    } catch {
      return (.refused(PackError(error).message), nil)
    }
  }

  /// One item: reals in −1…1 or above 0, truth values, small integers.
  private static func inputs(
    _ graph: Graph, seed: Int, _ example: OperatorExample
  ) -> [TensorData] {
    graph.inputs.enumerated().map { position, id in
      let type = graph[id].type
      let numbers = (0..<type.shape.reduce(1, *)).map {
        ($0 * 37 + seed * 101 + position * 53) % 97
      }
      switch type.element {
      case .float32:
        return TensorData(
          shape: type.shape,
          floats: numbers.map {
            example.isPositive ? Float($0 + 10) / 107 : Float($0 - 48) / 49
          })
      case .bool: return TensorData(shape: type.shape, elements: .bool(numbers.map { $0 > 48 }))
      case .int32:
        return TensorData(shape: type.shape, elements: .int32(numbers.map { Int32($0 % 4) }))
      default:
        return TensorData(shape: type.shape, elements: .int64(numbers.map { Int64($0 % 4) }))
      }
    }
  }

  /// Packs a model, with calibration data for `graph` if there is one.
  private func pack(
    _ bytes: [UInt8], calibratedLike graph: Graph?, _ example: OperatorExample
  ) -> Verdict {
    var request = PackRequest(
      name: "example", version: "1.0.0", sequence: 1, model: bytes, tool: "operators")
    do {
      if let graph {
        let items = (0..<Self.items).map { Self.inputs(graph, seed: $0, example) }
        for (position, id) in graph.inputs.enumerated() {
          let floats = items.flatMap { $0[position].floats ?? [] }
          guard !floats.isEmpty else {
            return .refused(
              "its operand is \(graph[id].type.element.rawValue); a device computes with reals")
          }
          request.calibration.append(
            try NumericArray(floats: floats, shape: [Self.items] + graph[id].type.shape))
        }
      }
      _ = try Packer(request).pack(signer: key)
      return .runs
    } catch let error as PackError {
      return .refused(error.message)
    } catch {
      return .refused("\(error)")
    }
  }
}
