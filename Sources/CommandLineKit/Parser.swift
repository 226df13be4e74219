/// A command line that does not fit its declaration.
public struct UsageError: Error, Equatable, Sendable {
  /// What is wrong.
  public let message: String
  /// What to do.
  public let hint: String?

  /// An error.
  public init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}

/// What a command was called with.
public struct ParsedArguments: Sendable {
  /// Positional arguments in order.
  public internal(set) var positionals: [String] = []
  private var given: [(long: String, value: String?)] = []
  private let spec: CommandSpec

  init(_ spec: CommandSpec) {
    self.spec = spec
  }

  mutating func add(_ option: OptionSpec, _ value: String?) {
    given.append((option.long, value))
  }

  /// The value of `--name`, the last one when repeated; nil when not given.
  public func value(_ option: String) -> String? { values(option).last }

  /// All values of `--name`, in order.
  public func values(_ option: String) -> [String] {
    let long = long(option)
    return given.compactMap { $0.long.isSame(as: long) ? $0.value : nil }
  }

  /// True when `--name` was given.
  public func flag(_ option: String) -> Bool {
    let long = long(option)
    return given.contains { $0.long.isSame(as: long) }
  }

  /// The positional argument `index`; nil when not given.
  public func positional(_ index: Int) -> String? {
    index < positionals.count ? positionals[index] : nil
  }

  /// The value of a required option or argument.
  public func required(_ option: String) throws(CommandFailure) -> String {
    guard let value = value(option) else {
      throw CommandFailure(.usage, "\(option) is missing")
    }
    return value
  }

  /// The whole number given to `--name`; nil when not given.
  public func integer(
    _ option: String, in range: ClosedRange<Int64> = Int64.min...Int64.max
  ) throws(CommandFailure) -> Int64? {
    guard let text = value(option) else { return nil }
    guard let value = Int64(text), range.contains(value) else {
      throw CommandFailure(
        .usage, "\(option) wants a whole number, not '\(text)'",
        hint: "between \(range.lowerBound) and \(range.upperBound)")
    }
    return value
  }

  /// The number given to `--name`; nil when not given.
  public func number(_ option: String) throws(CommandFailure) -> Double? {
    guard let text = value(option) else { return nil }
    guard let value = parseNumber(text), value.isFinite else {
      throw CommandFailure(.usage, "\(option) wants a number, not '\(text)'")
    }
    return value
  }

  /// The declared name; asking for an option never declared is a mistake of the program.
  private func long(_ option: String) -> String {
    let bytes = option.utf8.starts(with: "--".utf8) ? option.utf8.dropFirst(2) : option.utf8[...]
    let long = String(decoding: Array(bytes), as: UTF8.self)
    precondition(
      spec.allOptions.contains { $0.long.isSame(as: long) }, "option was never declared")
    return long
  }
}

/// Parses a command line by its declaration.
public enum Parser {
  /// - Parameter arguments: the words after the command's name.
  public static func parse(
    _ spec: CommandSpec, _ arguments: [String]
  ) throws(UsageError) -> ParsedArguments {
    var parsed = ParsedArguments(spec)
    if spec.passesThrough {
      parsed.positionals = arguments
      return parsed
    }
    var index = 0
    var optionsEnded = false
    while index < arguments.count {
      let word = arguments[index]
      index += 1
      let bytes = Array(word.utf8)
      if optionsEnded || bytes.first != UInt8(ascii: "-") || bytes.count == 1 {
        parsed.positionals.append(word)
      } else if word.isSame(as: "--") {
        optionsEnded = true
      } else {
        try take(word, bytes, spec, arguments, &index, &parsed)
      }
    }
    if !parsed.flag("--help") { try checkComplete(spec, parsed) }
    return parsed
  }

  private static func take(
    _ word: String, _ bytes: [UInt8], _ spec: CommandSpec, _ arguments: [String],
    _ index: inout Int, _ parsed: inout ParsedArguments
  ) throws(UsageError) {
    var name = bytes[...]
    var attached: String?
    let isLong = bytes.starts(with: "--".utf8)
    if isLong, let equals = bytes.firstIndex(of: UInt8(ascii: "=")) {
      name = bytes[..<equals]
      attached = String(decoding: bytes[(equals + 1)...], as: UTF8.self)
    } else if !isLong, bytes.count > 2 {
      name = bytes[..<2]
      attached = String(decoding: bytes[2...], as: UTF8.self)
    }
    let shown = String(decoding: name, as: UTF8.self)
    let key = name.dropFirst(isLong ? 2 : 1)
    let found = spec.allOptions.first { option in
      isLong
        ? option.long.utf8.elementsEqual(key)
        : option.short.map { $0.utf8.elementsEqual(key) } ?? false
    }
    guard let option = found else {
      var candidates: [String] = []
      for option in spec.allOptions { candidates.append("--" + option.long) }
      throw UsageError(
        "unknown option \(shown)",
        hint: NearestMatch.of(shown, among: candidates).map { "did you mean \($0)?" })
    }
    if !option.isRepeatable, parsed.flag(option.long) {
      throw UsageError("--\(option.long) is given twice")
    }
    guard let placeholder = option.placeholder else {
      if attached != nil {
        throw UsageError("--\(option.long) takes no value")
      }
      parsed.add(option, nil)
      return
    }
    if attached == nil {
      guard index < arguments.count else {
        throw UsageError("\(shown) needs a value: \(shown) \(placeholder)")
      }
      attached = arguments[index]
      index += 1
    }
    let value = attached ?? ""
    if !option.choices.isEmpty, !option.choices.contains(where: { $0.isSame(as: value) }) {
      throw UsageError(
        "--\(option.long) cannot be '\(value)'",
        hint: "one of: " + Text.join(option.choices, ", "))
    }
    parsed.add(option, value)
  }

  private static func checkComplete(
    _ spec: CommandSpec, _ parsed: ParsedArguments
  ) throws(UsageError) {
    for option in spec.options where option.isRequired && !parsed.flag(option.long) {
      throw UsageError(
        "--\(option.long) is missing",
        hint: "add --\(option.long) \(option.placeholder ?? "")")
    }
    var needed = 0
    for argument in spec.arguments where argument.isRequired { needed += 1 }
    if parsed.positionals.count < needed {
      let missing = spec.arguments[parsed.positionals.count]
      throw UsageError("\(missing.name) is missing: \(missing.help)")
    }
    let takesMore = spec.arguments.last?.isRepeatable ?? false
    if parsed.positionals.count > spec.arguments.count, !takesMore {
      throw UsageError("unexpected argument '\(parsed.positionals[spec.arguments.count])'")
    }
  }
}
