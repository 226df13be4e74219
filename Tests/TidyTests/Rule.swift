/// A house rule: what breaks it in one file, each as "path:line: what".
struct Rule {
  let violations: (Source) -> [String]

  /// The rule that `fires` on a line, for a reason.
  static func line(_ what: String, _ fires: @escaping (String) -> Bool) -> Rule {
    Rule { source in
      source.lines.enumerated().filter { fires($0.element) }
        .map { "\(source.path):\($0.offset + 1): \(what)" }
    }
  }

  /// At most `limit` lines in a file.
  static func fileLength(_ limit: Int) -> Rule {
    Rule { source in
      // A final line feed ends the last line; it starts none.
      let count = source.lines.count - (source.lines.last == "" ? 1 : 0)
      return count > limit ? ["\(source.path):\(count): longer than \(limit) lines"] : []
    }
  }

  /// At most `limit` lines from a function's or initialiser's first line to its closing brace.
  ///
  /// Formatted sources close a body with a brace at the indentation of its first line.
  static func functionLength(_ limit: Int) -> Rule {
    Rule { source in
      var open: [(indentation: Int, line: Int)] = []
      var found: [String] = []
      for (number, line) in source.lines.enumerated() {
        let indentation = line.prefix { $0 == " " }.count
        let text = line.dropFirst(indentation)
        while let last = open.last, !text.isEmpty, indentation <= last.indentation,
          number > last.line, !continues(text)
        {
          open.removeLast()
          if text.hasPrefix("}"), number - last.line + 1 > limit {
            found.append("\(source.path):\(last.line + 1): function longer than \(limit) lines")
          }
        }
        if startsFunction(text) { open.append((indentation, number)) }
      }
      return found
    }
  }

  /// A line at the indentation of a function that still belongs to its head, or text within a
  /// multi-line literal's fence.
  private static func continues(_ text: Substring) -> Bool {
    text.hasPrefix(")") || text.hasPrefix("{") || text.hasPrefix("#")
  }

  private static func startsFunction(_ text: Substring) -> Bool {
    var words = text.split(separator: " ")[...]
    let modifiers: Set<Substring> = [
      "public", "package", "internal", "private", "fileprivate", "static", "final", "override",
      "mutating", "consuming", "borrowing", "nonisolated", "convenience", "required", "class",
      "indirect", "open", "inline", "prefix", "postfix",
    ]
    while let first = words.first, first.hasPrefix("@") || modifiers.contains(first) {
      words = words.dropFirst()
    }
    guard let first = words.first else { return false }
    return first == "func" || first.hasPrefix("init(") || first.hasPrefix("init<")
      || first.hasPrefix("init?(") || first.hasPrefix("subscript(")
  }
}
