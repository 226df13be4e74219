/// Names in model files, which end up in messages and on terminals.
enum ModelName {
  /// The text of a name; nil unless it is UTF-8 and of one line.
  static func text(_ bytes: ArraySlice<UInt8>) -> String? {
    guard let text = String(validating: bytes, as: UTF8.self),
      !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else { return nil }
    return text
  }
}
