import Foundation
import Importers
import TestSupport
import Testing

/// The table of operators, from what becomes of their examples.
@Suite struct OperatorTableTests {
  static let rows: [OperatorRow] = {
    guard let probe = try? Probe() else { return [] }
    return ReadableOperator.all.map(probe.row)
  }()

  static let page = Package.root.appendingPathComponent(
    "Sources/swiftlet/Documentation.docc/Operators.md")

  /// `make operators` rewrites the page.
  @Test func pageIsWhatTheCodeDoes() throws {
    let text = OperatorPage(Self.rows).text
    if ProcessInfo.processInfo.environment["SNAPSHOT_UPDATE"] == "1" {
      try text.write(to: Self.page, atomically: true, encoding: .utf8)
    }
    let written = try String(contentsOf: Self.page, encoding: .utf8).split(separator: "\n")
    let stale = text.split(separator: "\n").difference(from: written).compactMap { change in
      if case .insert(_, let line, _) = change { String(line) } else { nil }
    }
    #expect(stale == [], "the page is stale: make operators")
  }

  /// A new operator needs an example that it can run.
  @Test func everyOperatorRunsInTheReference() {
    for row in Self.rows {
      #expect(row.float == .runs || row.float == .folded, "\(row.operation.displayName)")
    }
    #expect(Self.rows.count > 200)
  }

  /// An example of an operator that no table has would show nothing.
  @Test func everyExampleIsOfAnOperator() {
    let names = Dictionary(grouping: ReadableOperator.all) { "\($0.format) \($0.domain)" }
      .mapValues { Set($0.map(\.name)) }
    let examples = [
      "onnx ": ONNXExamples.standard, "onnx ai.onnx.ml": ONNXExamples.classical,
      "onnx com.microsoft": ONNXExamples.microsoft, "tflite ": TFLiteExamples.standard,
    ]
    for (table, examples) in examples {
      #expect(Set(examples.keys).subtracting(names[table] ?? []) == [])
    }
  }

  /// The probe tells what runs from what does not, and in which integers.
  @Test func probeSeesRefusals() throws {
    func row(_ name: String) throws -> OperatorRow {
      try #require(Self.rows.first { $0.operation.name == name })
    }
    #expect(try row("Conv").cells == ["yes", "yes", "yes"])
    #expect(try row("Not").cells == ["yes", "no", "no"])
    #expect(try row("Shape").cells == ["folded", "folded", "folded"])
    #expect(try row("CumSum").remark.contains("no integer form"))
    let unknown = ReadableOperator(format: .onnx, domain: "", name: "NoSuchOperator")
    #expect(try Probe().row(unknown).cells == ["no", "no", "no"])
  }
}
