extension CardDocument {
  /// CommonMark with tables.
  var markdown: String {
    var text = "# \(Self.escape(title)) \(Self.escape(version))\n"
    for line in lead { text += "\n\(Self.escape(line))\n" }
    for part in parts {
      text += "\n## \(Self.escape(part.title))\n"
      for block in part.blocks { text += "\n" + Self.markdown(block) }
    }
    return text
  }

  private static func markdown(_ block: Block) -> String {
    switch block {
    case .text(let text): escape(text) + "\n"
    case .list(let title, let items):
      "\(escape(title)):\n\n" + items.map { "- \(escape($0))\n" }.joined()
    case .facts(let facts):
      facts.map { "- **\(escape($0.name))**: \(escape($0.value))\n" }.joined()
    case .table(let head, let rows, let numbersFrom):
      table(head, rows, numbersFrom: numbersFrom)
    case .bars(let head, let rows):
      table(head, rows.map { [$0.name, $0.note, $0.value] }, numbersFrom: 2)
    }
  }

  private static func table(_ head: [String], _ rows: [[String]], numbersFrom: Int) -> String {
    let rule = head.indices.map { $0 < numbersFrom ? "---" : "---:" }
    return ([head.map(escape), rule] + rows.map { $0.map(escape) })
      .map { "| \($0.joined(separator: " | ")) |\n" }.joined()
  }

  /// Characters that begin markup, with a backslash (CommonMark 0.31, section 2.4); a line stays one.
  private static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\", "`", "*", "_", "[", "]", "<", ">", "#", "|", "&", "~", "!":
        escaped += "\\"
        escaped.unicodeScalars.append(scalar)
      case "\n", "\r", "\t": escaped += " "
      case "\u{0}"..<" ", "\u{7f}": continue
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
