import BundleFormat
import Bundling
import CommandLineKit
import DeviceRuntime
import Foundation
import Importers
import Kernels
import Lowering
import ModelGraph
import PlanFormat
import Quantizer

/// What `inspect --layers` shows: the way of a model's nodes through the stages, and a plan.
enum LayerTables {
  /// The stages in counts.
  static func stages(_ report: ImportReport) -> [String] {
    func counted(_ count: Int, _ what: String) -> String {
      "\(count) \(what)\(count == 1 ? "" : "s")"
    }
    let constants = report.nodes.count { $0.fate == .constant }
    var reading = counted(report.nodes.count, "node")
    if constants > 0 { reading += ", \(constants) of them computed" }
    let rules = report.rewritings.map { "\($0.count) \($0.rule)" }.joined(separator: ", ")
    return [
      "file       \(reading)",
      "imported   \(counted(report.importedCount, "layer"))",
      "canonical  \(counted(report.canonicalCount, "layer"))" + (rules.isEmpty ? "" : ": \(rules)"),
    ]
  }

  /// The file's nodes and what became of each.
  static func nodes(_ report: ImportReport) -> String {
    let rows = report.nodes.map { node in
      let fate =
        switch node.fate {
        case .layer(let layer): layer
        case .part(of: let layer): "in \(layer)"
        case .constant: "a constant"
        case .unread: "nothing: no output needs it"
        }
      return [node.name, node.operation, fate]
    }
    return TextTable([["node", "operator", "became"]] + rows, numbersFrom: 3).text
  }

  /// A model that came in integers, lowered.
  static func session(
    _ given: GivenParameters, tier: KernelTier
  ) throws(CommandFailure) -> Session {
    let lowered: LoweredModel
    do throws(GraphError) {
      let inputs = given.graph.inputs.map { _ in InputEncoding.calibrated }
      lowered = try Lowering.lower(
        Quantizer.quantize(CalibratedModel(complete: given), method: .minMax, inputs: inputs))
    } catch {
      let failure = PackError(error)
      throw CommandFailure(failure.exitCode, failure.message, hint: failure.hint)
    }
    do throws(RuntimeError) {
      return try Session(plan: lowered.plan.encoded(), weights: lowered.weights, tier: tier)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  /// The plan of a bundle.
  static func session(
    _ bundle: VerifiedBundle, tier: KernelTier
  ) throws(CommandFailure) -> Session {
    let (plan, weights): ([UInt8], [UInt8])
    do throws(BundleError) {
      (plan, weights) = (try bundle.section(.plan), try bundle.section(.weights))
    } catch {
      throw CommandFailure(.untrusted, error.message)
    }
    do throws(RuntimeError) {
      return try Session(plan: plan, weights: weights, tier: tier)
    } catch {
      throw CommandFailure(
        .untrusted, BundleError.section(kind: "plan", reason: error.message).message)
    }
  }

  /// The plan's instructions with the kernels that serve them here.
  static func plan(_ session: Session, quality: QuantizationReport?) -> String {
    let plan = session.plan
    let decibels = Dictionary(
      (quality?.layers ?? []).map { ($0.name, $0.signalToNoiseDecibels) }, uniquingKeysWith: { $1 })
    var rows = [["layer", "instruction", "kernel", "result", "MACs", "constants", "dB"]]
    for (position, instruction) in plan.instructions.enumerated() {
      let result = plan.tensors[instruction.output.position]
      let shape = result.shape.map(String.init).joined(separator: "×")
      let bytes = instruction.operation.constants.reduce(0) { $0 + $1.byteCount }
      rows.append([
        instruction.name, "\(instruction.operation.family)\(detail(instruction))",
        session.kernels[position], "\(result.element.name) \(shape)",
        String(plan.multiplyAccumulates(of: instruction)), String(bytes),
        decibels[instruction.name].map { String(format: "%.1f", $0) } ?? "",
      ])
    }
    if decibels.isEmpty { rows = rows.map { Array($0.dropLast()) } }
    return TextTable(rows, numbersFrom: 4).text + states(plan)
  }

  /// What a session keeps from run to run.
  private static func states(_ plan: Plan) -> String {
    plan.states.map { state in
      let tensor = plan.tensors[state.read.position]
      let shape = tensor.shape.map(String.init).joined(separator: "×")
      return "keeps \(tensor.name)  \(tensor.element.name) \(shape)\n"
    }.joined()
  }

  /// What a family's name does not say of an instruction.
  private static func detail(_ instruction: Instruction) -> String {
    guard case .treeEnsemble(let parameters) = instruction.operation else { return "" }
    return ", \(parameters.treeCount) in \(parameters.nodeCount) nodes"
  }
}

extension Plan {
  /// Multiply-accumulates of one instruction of this plan.
  func multiplyAccumulates(of instruction: Instruction) -> Int {
    let input = tensors[instruction.inputs[0].position]
    let result = tensors[instruction.output.position]
    func perResult(_ weights: ConstantReference) -> Int {
      result.elementCount * weights.byteCount / (result.shape.last ?? 1)
    }
    switch instruction.operation {
    case .convolution2D(let parameters), .depthwiseConvolution2D(let parameters):
      return perResult(parameters.weights)
    case .convolution16x8(let parameters), .depthwiseConvolution16x8(let parameters):
      return perResult(parameters.weights)
    case .groupedConvolution(let parameters): return perResult(parameters.convolution.weights)
    case .fullyConnected(let parameters): return perResult(parameters.weights)
    case .fullyConnected16x8(let parameters): return perResult(parameters.weights)
    case .transposedConvolution(let parameters):
      return input.elementCount / (input.shape.last ?? 1) * parameters.convolution.weights.byteCount
    case .matrixProduct: return input.elementCount * (result.shape.last ?? 1)
    case .recurrent(let parameters):
      let items = input.shape.dropLast().reduce(1, *)
      return items * (parameters.weights.byteCount + parameters.recurrentWeights.byteCount)
    case .addition, .addition16, .averagePool2D, .maximumPool2D, .spatialMean, .softmax,
      .transpose, .lookup, .treeEnsemble, .reduction, .normalization, .elementwise, .move, .resize,
      .topClass, .rescale:
      return 0
    }
  }
}
