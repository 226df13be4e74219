/// What the importers read, for those who make models: fuzzers.
package enum ReadOperators {
  /// ONNX operators by name, with their domain.
  package static let onnx: [(name: String, domain: String)] =
    ONNXOperatorTable.mappings.keys.sorted().map { ($0, "") }
    + ONNXOperatorTable.microsoft.keys.sorted().map { ($0, "com.microsoft") }
    + ONNXClassicalTable.mappings.keys.sorted().map { ($0, ONNXClassicalTable.domain) }

  /// The schema's numbers of TFLite operators.
  package static let tflite: [Int32] = (0..<256).filter {
    TFLiteOperatorTable.mappings[TFLiteOperatorNames.name($0)] != nil
  }.map { Int32($0) }
}
