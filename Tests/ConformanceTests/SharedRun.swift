import DeviceRuntime
import FloatReference
import Importers
import Lowering
import ModelGraph
import PlanFormat

/// A shared model beside its goldens.
enum SharedRun {
  /// How it ended.
  enum Verdict: Equatable {
    /// It runs and equals its goldens.
    case matches
    /// It runs as ONNX defines its last softmax, and equals its goldens with onnxruntime's fused one.
    case matchesFused
    /// It imports; there are no goldens.
    case imports
    /// One line on why it is not taken.
    case refused(String)
    /// It runs and gives something else.
    case differs(String)

    /// What is recorded of a model that does not match; nil for one that does.
    var complaint: String? {
      switch self {
      case .matches, .matchesFused, .imports: nil
      case .refused(let reason): "refused: \(reason)"
      case .differs(let how): "differs: \(how)"
      }
    }
  }

  /// Runs all items of a model: a quantised one as a plan, which must be exact; others in the float
  /// reference, within `relative` of the golden's largest value.
  static func judge(_ entry: SharedManifest.Entry, relative: Float = 1e-4) throws -> Verdict {
    let bytes = [UInt8](try SharedManifest.data(entry.path))
    do throws(GraphError) {
      let graph = try ModelImporter.load(
        bytes: bytes, name: entry.file,
        states: StateRequest(declared: [], variables: keptVariables(entry.file)),
        dataShapes: entry.inputs.map(\.type.shape))
      guard !entry.goldens.isEmpty else { return .imports }
      if graph.isQuantized, entry.inputs.allSatisfy({ $0.type.element != .float32 }) {
        return try integers(graph, entry)
      }
      let verdict = try floats(graph, entry, relative)
      guard case .differs = verdict, let softmax = FusedSoftmax(endOf: graph) else {
        return verdict
      }
      return try fused(graph, softmax, entry)
    } catch {
      return .refused(line(error))
    }
  }

  /// Layers over sequences whose goldens go on from item to item, as LiteRT's interpreter does until it is
  /// told to reset its variables.
  private static func keptVariables(_ file: String) -> [String] {
    let isKept = file.contains("unidirectional_sequence_lstm") && !file.contains("quantized")
    return isKept ? ["input_activation_state18", "input_cell_state19"] : []
  }

  /// The error as one line.
  static func line(_ error: GraphError) -> String {
    switch error {
    case .malformed(let reason): reason
    case .unsupported(let operation, let node, let reason): "\(operation) \(node): \(reason)"
    case .invalid(let node, let reason): "\(node): \(reason)"
    }
  }

  private static func floats(
    _ graph: Graph, _ entry: SharedManifest.Entry, _ relative: Float
  ) throws(GraphError) -> Verdict {
    guard graph.inputs.count == entry.inputs.count, graph.outputs.count == entry.goldens.count
    else { return .differs("\(graph.inputs.count) inputs, \(graph.outputs.count) outputs") }
    // The goldens of a model that keeps states are one recording.
    var stream = FloatStream(FloatExecutor(graph))
    for index in 0..<entry.goldens[0].count {
      let inputs = items(entry.inputs, index)
      let shaped = zip(inputs, graph.inputs).map { input, id in
        input.count == graph[id].type.shape.reduce(1, *)
          ? input.reshaped(graph[id].type.shape) : input
      }
      let outputs = try stream.run(inputs: shaped)
      for (position, (output, golden)) in zip(outputs, items(entry.goldens, index)).enumerated() {
        if let how = difference(output, golden, relative) {
          return .differs("output \(position) of item \(index): \(how)")
        }
      }
    }
    return .matches
  }

  /// Every item three times: what ONNX defines is what we give, what onnxruntime's fused softmax makes of
  /// our logits is the golden, element by element, and the two are a step apart at most.
  private static func fused(
    _ graph: Graph, _ softmax: FusedSoftmax, _ entry: SharedManifest.Entry
  ) throws(GraphError) -> Verdict {
    for index in 0..<entry.goldens[0].count {
      let golden = items(entry.goldens, index)[0].floats ?? []
      let inputs = zip(items(entry.inputs, index), graph.inputs).map { input, id in
        input.reshaped(graph[id].type.shape)
      }
      let (logits, result) = try softmax.run(graph, inputs)
      guard result == softmax.defined(logits) else {
        return .differs("item \(index) is not the softmax that ONNX defines")
      }
      guard golden == softmax.fused(logits) else {
        return .differs("item \(index) is not onnxruntime's fused softmax of our logits")
      }
      guard zip(result, golden).allSatisfy({ abs($0 - $1) < 1.5 * softmax.step }) else {
        return .differs("item \(index) is more than a step from the golden")
      }
    }
    return .matchesFused
  }

  private static func items(_ columns: [SharedManifest.Column], _ index: Int) -> [TensorData] {
    columns.compactMap { try? $0.item(index) }
  }

  private static func difference(
    _ output: TensorData, _ golden: TensorData, _ relative: Float
  ) -> String? {
    guard output.count == golden.count, output.type == golden.type else {
      return "\(output.type) \(output.shape) instead of \(golden.type) \(golden.shape)"
    }
    guard let reals = output.floats, let wanted = golden.floats else {
      return output.elements == golden.elements ? nil : "other integers"
    }
    let largest = wanted.filter(\.isFinite).map(abs).max() ?? 0
    for (real, want) in zip(reals, wanted)
    where !(real == want || real.isNaN && want.isNaN || abs(real - want) <= relative * largest) {
      return "\(real) instead of \(want)"
    }
    return nil
  }

  private static func integers(
    _ graph: Graph, _ entry: SharedManifest.Entry
  ) throws(GraphError) -> Verdict {
    let lowered = try Lowering.lower(graph)
    let session: Session
    do throws(RuntimeError) {
      session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
    } catch {
      return .differs("no plan that runs: \(error)")
    }
    for index in 0..<entry.goldens[0].count {
      for (position, column) in entry.inputs.enumerated() {
        let size = column.bytes.count / column.count
        let first = column.bytes.startIndex + index * size
        guard session.input(position).count == size else { return .differs("its input is longer") }
        session.input(position).copyBytes(
          from: column.bytes[first..<first + size].map { $0 ^ column.signBit })
      }
      session.run()
      for (position, column) in entry.goldens.enumerated() {
        let size = column.bytes.count / column.count
        let first = column.bytes.startIndex + index * size
        let golden = column.bytes[first..<first + size].map { $0 ^ column.signBit }
        guard session.output(position).elementsEqual(golden) else {
          return .differs("output \(position) of item \(index): other integers")
        }
      }
    }
    return .matches
  }
}
