/// The operators of the model formats that have a line in an importer's table.
package struct ReadableOperator: Sendable, Hashable {
  /// A model format.
  package enum Format: String, Sendable, CaseIterable {
    case onnx = "ONNX"
    case tflite = "TFLite"
  }

  /// The format.
  package let format: Format
  /// ONNX's domain; empty for the default one.
  package let domain: String
  /// Its name in the format.
  package let name: String

  /// Names an operator.
  package init(format: Format, domain: String, name: String) {
    (self.format, self.domain, self.name) = (format, domain, name)
  }

  /// ONNX's, by domain and name.
  package static let onnx = [
    ("", ONNXOperatorTable.mappings), (ONNXClassicalTable.domain, ONNXClassicalTable.mappings),
    ("com.microsoft", ONNXOperatorTable.microsoft),
  ].flatMap { domain, table in
    table.keys.sorted().map { ReadableOperator(format: .onnx, domain: domain, name: $0) }
  }

  /// TFLite's, by name.
  package static let tflite = TFLiteOperatorTable.mappings.keys.sorted().map {
    ReadableOperator(format: .tflite, domain: "", name: $0)
  }

  /// All of them: by format, domain and name.
  package static let all = onnx + tflite

  /// The schema's number of a TFLite operator.
  package var code: Int? { TFLiteOperatorNames.code(name) }
}
