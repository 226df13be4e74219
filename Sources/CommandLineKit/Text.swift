import System

/// Layout of plain text, by bytes: columns count as many cells as bytes, which holds for the ASCII
/// of declarations.
enum Text {
  static func join(_ words: [String], _ separator: String) -> String {
    var text = ""
    for index in words.indices {
      if index > 0 { text += separator }
      text += words[index]
    }
    return text
  }

  static func spaces(_ count: Int) -> String {
    String(decoding: [UInt8](repeating: 0x20, count: max(count, 0)), as: UTF8.self)
  }

  /// Pads to `width` columns.
  static func pad(_ text: String, _ width: Int) -> String {
    text + spaces(width - text.utf8.count)
  }

  /// `text` as one line of at most `limit` bytes: controls become `?`, what is cut off `…`.
  static func line(_ text: String, limit: Int) -> String {
    var bytes: [UInt8] = []
    var isCut = false
    for byte in text.utf8 {
      // A character is kept whole: it ends before a byte that begins another.
      if bytes.count >= limit, byte & 0xc0 != 0x80 {
        isCut = true
        break
      }
      bytes.append(byte < 0x20 || byte == 0x7f ? 0x3f : byte)
    }
    return String(decoding: bytes, as: UTF8.self) + (isCut ? "…" : "")
  }

  /// Breaks at spaces so that no line is longer than `width`, where words allow.
  static func wrap(_ text: String, _ width: Int, indent: Int) -> String {
    var result = ""
    var column = 0
    for word in text.utf8.split(separator: 0x20) {
      if column > 0, column + 1 + word.count > width - indent {
        result += "\n" + spaces(indent)
        column = 0
      } else if column > 0 {
        result += " "
        column += 1
      }
      result += String(decoding: Array(word), as: UTF8.self)
      column += word.count
    }
    return result
  }

  /// Rows of two columns, the second wrapped.
  static func table(_ rows: [(String, String)]) -> String {
    var width = 0
    for row in rows where row.0.utf8.count <= 30 { width = max(width, row.0.utf8.count) }
    var text = ""
    for row in rows {
      text += "  " + pad(row.0, width)
      if row.0.utf8.count > 30 { text += "\n" + spaces(width + 2) }
      text += "  " + wrap(row.1, 100, indent: width + 4) + "\n"
    }
    return text
  }
}

func parseNumber(_ text: String) -> Double? { Number.double(text) }
