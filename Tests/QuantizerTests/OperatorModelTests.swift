import DeviceRuntime
import Foundation
import Importers
import Lowering
import ModelGraph
import PlanFormat
import TestSupport
import Testing

/// Models of one int16 operator, against tflite-micro's goldens, byte for byte. Shapes that they take as
/// an input are bound to the data given for it.
@Suite(.requiresShared) struct OperatorModelTests {
  @Test(arguments: [
    ("add", 9), ("conv", 11), ("leaky_relu", 12), ("pad", 10), ("quantize", 1),
    ("strided_slice", 17), ("sub", 3), ("transpose_conv", 3),
  ])
  func equalsGoldens(_ folder: String, _ count: Int) throws {
    let path = Shared.file("models/tflm-op-tests/\(folder)")
    let models = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      .filter { $0.hasSuffix(".tflite") }
    #expect(models.count == count)
    for file in models {
      let name = String(file.dropLast(".tflite".count))
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)"))
      let shape = "\(path)/\(name)_input0_int32.csv"
      var (constants, first): ([String: TensorData], Int) = ([:], 0)
      if folder == "transpose_conv" {
        let sizes = try Self.values(shape).map(Int32.init)
        let stack = try ModelImporter.inputNames(bytes: Array(bytes))[0]
        (constants, first) = ([stack: TensorData(shape: [4], elements: .int32(sizes))], 1)
      }
      let graph = try ModelImporter.load(bytes: Array(bytes), name: name, constants: constants)
      let lowered = try Lowering.lower(graph)
      let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
      for input in session.plan.inputs.indices {
        let isWide = session.inputTensor(input).element == .int32
        let suffix = isWide ? "int32" : "int16"
        let values = try Self.values("\(path)/\(name)_input\(first + input)_\(suffix).csv")
        session.input(input).copyBytes(
          from: values.flatMap { Self.bytes($0, count: isWide ? 4 : 2) })
      }
      session.run()
      let expected = try Self.values("\(path)/\(name)_golden_int16.csv")
      #expect(Array(session.output(0)) == expected.flatMap { Self.bytes($0, count: 2) }, "\(name)")
    }
  }

  private static func values(_ path: String) throws -> [Int] {
    try String(contentsOfFile: path, encoding: .utf8)
      .split(whereSeparator: { $0 == "," || $0.isWhitespace }).map { try #require(Int($0)) }
  }

  private static func bytes(_ value: Int, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
