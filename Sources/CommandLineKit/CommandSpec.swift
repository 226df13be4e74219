/// One option. This declaration alone drives parsing, help, the manual page and completion.
public struct OptionSpec: Sendable {
  /// The name after `--`.
  public let long: String
  /// The letter after `-`.
  public let short: String?
  /// The placeholder of its value, such as `FILE`; nil for a flag.
  public let placeholder: String?
  /// What the option does: a phrase without a full stop.
  public let help: String
  /// The only values accepted; empty for any.
  public let choices: [String]
  /// May be given several times.
  public let isRepeatable: Bool
  /// Must be given.
  public let isRequired: Bool

  /// An option that takes a value.
  public static func value(
    _ long: String, short: String? = nil, _ placeholder: String, _ help: String,
    choices: [String] = [], repeatable: Bool = false, required: Bool = false
  ) -> OptionSpec {
    OptionSpec(
      long: long, short: short, placeholder: placeholder, help: help, choices: choices,
      isRepeatable: repeatable, isRequired: required)
  }

  /// An option that is given or not.
  public static func flag(_ long: String, short: String? = nil, _ help: String) -> OptionSpec {
    OptionSpec(
      long: long, short: short, placeholder: nil, help: help, choices: [], isRepeatable: false,
      isRequired: false)
  }

  /// As help shows it: `-o, --output FILE`.
  var signature: String {
    var text = ""
    if let short { text += "-\(short), " }
    text += "--\(long)"
    if let placeholder { text += " \(placeholder)" }
    return text
  }
}

/// One positional argument.
public struct ArgumentSpec: Sendable {
  /// The placeholder, such as `BUNDLE`.
  public let name: String
  /// What it is: a phrase without a full stop.
  public let help: String
  /// Must be given.
  public let isRequired: Bool
  /// Takes all that follow; only the last may.
  public let isRepeatable: Bool

  /// An argument.
  public init(_ name: String, _ help: String, required: Bool = true, repeatable: Bool = false) {
    self.name = name
    self.help = help
    isRequired = required
    isRepeatable = repeatable
  }

  /// As usage shows it: `FILE`, `[FILE]`, `FILE...`.
  var signature: String {
    let name = isRepeatable ? self.name + "..." : self.name
    return isRequired ? name : "[\(name)]"
  }
}

/// A line worth copying.
public struct ExampleSpec: Sendable {
  /// The command line.
  public let line: String
  /// What it does.
  public let help: String

  /// An example.
  public init(_ line: String, _ help: String) {
    self.line = line
    self.help = help
  }
}

/// One command.
public struct CommandSpec: Sendable {
  /// The word that calls it.
  public let name: String
  /// One phrase, without a full stop.
  public let summary: String
  /// Paragraphs; may be empty.
  public let discussion: String
  /// Positional arguments in order.
  public let arguments: [ArgumentSpec]
  /// Its own options; `--help` and `--quiet` belong to every command.
  public let options: [OptionSpec]
  /// Lines worth copying.
  public let examples: [ExampleSpec]
  /// Hands everything after the name on, unparsed.
  public let passesThrough: Bool

  /// A command.
  public init(
    name: String, summary: String, discussion: String = "", arguments: [ArgumentSpec] = [],
    options: [OptionSpec] = [], examples: [ExampleSpec] = [], passesThrough: Bool = false
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.arguments = arguments
    self.options = options
    self.examples = examples
    self.passesThrough = passesThrough
  }

  /// The options every command has.
  static let common: [OptionSpec] = [
    .flag("help", short: "h", "show this help"),
    .flag("quiet", short: "q", "print results and errors only"),
  ]

  var allOptions: [OptionSpec] { options + Self.common }

  /// The words after the program's name on the usage line.
  var usage: String {
    var text = name
    for option in options where option.isRequired {
      text += " --\(option.long) \(option.placeholder ?? "")"
    }
    if passesThrough { return text + " ..." }
    text += " [OPTIONS]"
    for argument in arguments { text += " " + argument.signature }
    return text
  }
}

/// Text compared byte by byte: never by Unicode equivalence, and without its tables on a device.
extension String {
  func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
