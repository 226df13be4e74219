/// Help texts.
enum Help {
  static func program(_ program: Program) -> String {
    var text = "\(program.name) \(program.version): \(program.summary)\n\n"
    text += "usage: \(program.name) COMMAND [OPTIONS] [ARGUMENTS]\n\ncommands:\n"
    var rows: [(String, String)] = []
    for spec in program.specs { rows.append((spec.name, spec.summary)) }
    text += Text.table(rows)
    text += "\n\(program.name) COMMAND --help tells how a command is called.\n"
    return text
  }

  static func command(_ spec: CommandSpec, program: String) -> String {
    var text = "usage: \(program) \(spec.usage)\n\n\(spec.summary)\n"
    if !spec.discussion.utf8.isEmpty {
      for paragraph in paragraphs(spec.discussion) {
        text += "\n" + Text.wrap(paragraph, 100, indent: 0) + "\n"
      }
    }
    if !spec.arguments.isEmpty {
      var rows: [(String, String)] = []
      for argument in spec.arguments { rows.append((argument.signature, argument.help)) }
      text += "\narguments:\n" + Text.table(rows)
    }
    var rows: [(String, String)] = []
    for option in spec.allOptions { rows.append((option.signature, description(option))) }
    text += "\noptions:\n" + Text.table(rows)
    if !spec.examples.isEmpty {
      text += "\nexamples:\n"
      for example in spec.examples { text += "  \(example.line)\n      \(example.help)\n" }
    }
    return text
  }

  /// The help of an option with what its declaration adds.
  static func description(_ option: OptionSpec) -> String {
    var text = option.help
    if !option.choices.isEmpty { text += " (one of: " + Text.join(option.choices, ", ") + ")" }
    if option.isRequired { text += " (required)" }
    if option.isRepeatable { text += " (repeatable)" }
    return text
  }

  /// Paragraphs are set apart by an empty line.
  static func paragraphs(_ text: String) -> [String] {
    var paragraphs: [String] = []
    var current = ""
    for line in text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false) {
      if line.isEmpty {
        if !current.utf8.isEmpty { paragraphs.append(current) }
        current = ""
      } else {
        if !current.utf8.isEmpty { current += " " }
        current += String(decoding: Array(line), as: UTF8.self)
      }
    }
    if !current.utf8.isEmpty { paragraphs.append(current) }
    return paragraphs
  }
}

/// The manual page, in roff with the man macros.
enum Manual {
  static func page(_ program: Program) -> String {
    var text = ".TH \(upperCase(program.name)) 1 \"\" \"\(escape(program.name)) "
    text += "\(escape(program.version))\" \"\"\n"
    text += ".SH NAME\n\(escape(program.name)) \\- \(escape(program.summary))\n"
    text += ".SH SYNOPSIS\n.B \(escape(program.name))\n.I COMMAND\n[OPTIONS] [ARGUMENTS]\n"
    text += ".SH COMMANDS\n"
    for spec in program.specs { text += command(spec) }
    text += ".SH EXIT STATUS\n"
    for code in ExitCode.allCases {
      text += ".TP\n.B \(code.rawValue)\n\(escape(code.help))\n"
    }
    return text
  }

  private static func command(_ spec: CommandSpec) -> String {
    var text = ".SS \(escape(spec.usage))\n\(line(spec.summary)).\n"
    for paragraph in Help.paragraphs(spec.discussion) { text += ".PP\n\(line(paragraph))\n" }
    for argument in spec.arguments {
      text += ".TP\n.I \(escape(argument.signature))\n\(line(argument.help))\n"
    }
    for option in spec.options {
      text += ".TP\n.B \(escape(option.signature))\n\(line(Help.description(option)))\n"
    }
    for example in spec.examples {
      text += ".PP\n\(line(example.help)):\n.PP\n.nf\n.RS\n\(line(example.line))\n.RE\n.fi\n"
    }
    return text
  }

  /// A line of text: a leading dot or quote would be a request.
  private static func line(_ text: String) -> String {
    let first = text.utf8.first
    let isRequest = first == UInt8(ascii: ".") || first == UInt8(ascii: "'")
    return (isRequest ? "\\&" : "") + escape(text)
  }

  private static func escape(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\e".utf8)
      case UInt8(ascii: "-"): bytes.append(contentsOf: "\\-".utf8)
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func upperCase(_ text: String) -> String {
    let bytes = text.utf8.map { (0x61...0x7a).contains($0) ? $0 - 0x20 : $0 }
    return String(decoding: bytes, as: UTF8.self)
  }
}
