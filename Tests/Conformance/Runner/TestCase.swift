import FloatReference
import Foundation
import Importers
import ModelGraph

/// One folder of a model and its data sets.
struct TestCase {
  let model: [UInt8]
  /// The names of the model's inputs.
  let names: [String]
  let sets: [DataSet]

  /// Tensors of one `test_data_set_N`, in the order of the model's inputs and outputs.
  struct DataSet {
    let inputs: [TensorData]
    let outputs: [ONNXTensorFile]
  }

  init(_ folder: URL) throws {
    model = try Self.bytes(folder.appendingPathComponent("model.onnx"))
    names = try ModelImporter.inputNames(bytes: model)
    let types = try ONNXTensorFile.dataTypes(ofModel: model)
    let sets = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil
    ).filter { $0.lastPathComponent.hasPrefix("test_data_set_") }
    self.sets = try sets.map { set in
      DataSet(
        inputs: try Self.tensors(set, "input", types.inputs).map(\.data),
        outputs: try Self.tensors(set, "output", types.outputs))
    }
  }

  private static func bytes(_ url: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }

  private static func tensors(
    _ set: URL, _ kind: String, _ dataTypes: [Int]
  ) throws -> [ONNXTensorFile] {
    var list: [ONNXTensorFile] = []
    while true {
      let url = set.appendingPathComponent("\(kind)_\(list.count).pb")
      guard FileManager.default.fileExists(atPath: url.path) else { return list }
      let dataType = list.count < dataTypes.count ? dataTypes[list.count] : nil
      list.append(try ONNXTensorFile(bytes: try bytes(url), dataType: dataType))
    }
  }

  /// The verdict on the case in `folder`.
  static func judge(_ folder: String) -> (Verdict, String) {
    do {
      let test = try TestCase(URL(fileURLWithPath: folder))
      guard !test.sets.isEmpty else { return (.failed, "no data sets") }
      var worst = Comparison.equal
      var isBound = false
      for set in test.sets {
        let (comparison, bound) = try test.run(set)
        isBound = isBound || bound
        worst = worst.combined(comparison)
      }
      switch worst {
      case .close(let error): return (isBound ? .bound : .passed, "error \(error)")
      case .different(let how): return (.failed, how)
      }
    } catch let error as GraphError {
      return (.refused, Self.text(error))
    } catch {
      return (.failed, "\(error)")
    }
  }

  private static func text(_ error: GraphError) -> String {
    switch error {
    case .malformed(let reason), .invalid(_, let reason): reason
    case .unsupported(let operation, _, let reason): "\(operation): \(reason)"
    }
  }

  /// Runs one data set with as many inputs live as the importer takes.
  private func run(_ set: DataSet) throws -> (Comparison, isBound: Bool) {
    var refusal: GraphError?
    for positions in Self.bindings(set.inputs) {
      let constants = Dictionary(
        uniqueKeysWithValues: positions.map { (names[$0], set.inputs[$0]) })
      do throws(GraphError) {
        let live = set.inputs.indices.filter { !positions.contains($0) }.map { set.inputs[$0] }
        let graph = try ModelImporter.load(
          bytes: model, name: "test", constants: constants, dataShapes: live.map { [1] + $0.shape })
        let outputs = try FloatExecutor(graph).run(inputs: live)
        return (Comparison(outputs, set.outputs), !positions.isEmpty)
      } catch {
        refusal = error
      }
    }
    throw refusal ?? GraphError.malformed("no inputs to bind")
  }

  /// What to bind to constants, the least first: nothing; integers and bools (shapes, axes, pads)
  /// but the first input; all but the first; all integers and bools.
  private static func bindings(_ inputs: [TensorData]) -> [[Int]] {
    let integers = inputs.indices.filter { inputs[$0].floats == nil }
    var list: [[Int]] = []
    for choice in [[], integers.filter { $0 > 0 }, Array(inputs.indices.dropFirst()), integers]
    where !list.contains(choice) {
      list.append(choice)
    }
    return list
  }
}
