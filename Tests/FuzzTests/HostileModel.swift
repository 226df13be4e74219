import Importers
import ModelGraph
import TestSupport
import Testing

/// A model that is to be refused, with what its message must say.
struct HostileModel: Sendable, CustomTestStringConvertible {
  /// What is wrong with it.
  let name: String
  /// Exit code of a command that reads it: 1, or 12 for what is not supported.
  let code: Int32
  /// Words of the message.
  let says: [String]
  /// The file.
  let bytes: [UInt8]

  init(_ name: String, code: Int32 = 1, says: String..., bytes: [UInt8]) {
    self.name = name
    self.code = code
    self.says = says
    self.bytes = bytes
  }

  var testDescription: String { name }

  /// A text of one line, fit for a terminal.
  static func isOneLine(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
      && !text.isEmpty && text.utf8.count < 2000
  }

  /// Refused with an error of the right kind that says what it should.
  func expectRefused() {
    do throws(GraphError) {
      _ = try ModelImporter.load(bytes: bytes, name: "hostile")
      Issue.record("\(name) was imported")
    } catch {
      let text: String
      switch error {
      case .malformed(let reason):
        #expect(code == 1)
        text = reason
      case .invalid(let node, let reason):
        #expect(code == 1, "\(error)")
        text = "\(node): \(reason)"
      case .unsupported(let operation, let node, let reason):
        #expect(code == 12, "\(error)")
        text = "\(operation) \(node): \(reason)"
      }
      for word in says { #expect(text.contains(word), "\(text)") }
    }
  }
}
