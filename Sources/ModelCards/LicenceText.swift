import JSON

/// A licence as a person wrote it.
struct LicenceText {
  let text: String

  /// Identifiers of SPDX that models, data and their libraries have; any other stands as a name, which
  /// no reader of a bill of materials refuses.
  private static let identifiers: Set<Substring> = [
    "0BSD", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause",
    "BSL-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0",
    "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC0-1.0", "CDLA-Permissive-1.0", "CDLA-Permissive-2.0",
    "CDLA-Sharing-1.0", "EPL-2.0", "EUPL-1.2", "GPL-2.0-only", "GPL-2.0-or-later",
    "GPL-3.0-only", "GPL-3.0-or-later", "ISC", "LGPL-2.1-only", "LGPL-2.1-or-later",
    "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT", "MIT-0", "MPL-2.0", "MS-PL", "O-UDA-1.0",
    "ODC-By-1.0", "ODbL-1.0", "PDDL-1.0", "Unlicense", "Zlib",
  ]
  private static let exceptions: Set<Substring> = [
    "GCC-exception-3.1", "LLVM-exception", "Swift-exception",
  ]

  /// CycloneDX's `licenses`; nil where nothing is said.
  var licenses: JSONValue? {
    guard !text.isEmpty else { return nil }
    let words = text.split(separator: " ")
    if words.count == 1, Self.identifiers.contains(words[0]) {
      return .array([.object([JSONMember("license", .object([JSONMember("id", .string(text))]))])])
    }
    if Self.isExpression(words) {
      return .array([.object([JSONMember("expression", .string(text))])])
    }
    return .array([.object([JSONMember("license", .object([JSONMember("name", .string(text))]))])])
  }

  /// Known identifiers joined by AND and OR, one `WITH` exception each, no parentheses (SPDX 2.3,
  /// annex D): what is more than that stands as a name.
  private static func isExpression(_ words: [Substring]) -> Bool {
    var expectsLicence = true
    var isException = false
    for word in words {
      if isException {
        guard exceptions.contains(word) else { return false }
        isException = false
      } else if expectsLicence {
        guard identifiers.contains(word) || word.hasPrefix("LicenseRef-") else { return false }
        expectsLicence = false
      } else if word == "AND" || word == "OR" {
        expectsLicence = true
      } else if word == "WITH" {
        isException = true
      } else {
        return false
      }
    }
    return !expectsLicence && !isException
  }
}
