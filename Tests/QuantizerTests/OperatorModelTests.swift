import DeviceRuntime
import Foundation
import Importers
import Lowering
import ModelGraph
import PlanFormat
import TestSupport
import Testing

/// Models of one int16 operator, against tflite-micro's goldens, byte for byte.
@Suite(.requiresShared) struct OperatorModelTests {
  @Test(arguments: [("add", 9), ("conv", 11), ("sub", 3)])
  func equalsGoldens(_ folder: String, _ count: Int) throws {
    let path = Shared.file("models/tflm-op-tests/\(folder)")
    let models = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      .filter { $0.hasSuffix(".tflite") }
    #expect(models.count == count)
    for file in models {
      let name = String(file.dropLast(".tflite".count))
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)"))
      let graph = try ModelImporter.load(bytes: Array(bytes), name: name)
      let lowered = try Lowering.lower(graph)
      let session = try Session(plan: lowered.plan.encoded(), weights: lowered.weights)
      for input in session.plan.inputs.indices {
        let values = try Self.values("\(path)/\(name)_input\(input)_int16.csv")
        session.input(input).copyBytes(from: values.flatMap(Self.bytes))
      }
      session.run()
      let expected = try Self.values("\(path)/\(name)_golden_int16.csv").flatMap(Self.bytes)
      #expect(Array(session.output(0)) == expected, "\(name)")
    }
  }

  private static func values(_ path: String) throws -> [Int16] {
    try String(contentsOfFile: path, encoding: .utf8)
      .split(whereSeparator: { $0 == "," || $0.isWhitespace }).map { try #require(Int16($0)) }
  }

  private static func bytes(_ value: Int16) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
  }
}
