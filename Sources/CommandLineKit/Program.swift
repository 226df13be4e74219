import System

/// A command: its declaration and its work.
public struct Command: Sendable {
  /// How it is called.
  public let spec: CommandSpec
  /// What it does.
  public let run: @Sendable (ParsedArguments, Console) throws(CommandFailure) -> Void

  /// A command.
  public init(
    _ spec: CommandSpec,
    run: @escaping @Sendable (ParsedArguments, Console) throws(CommandFailure) -> Void
  ) {
    self.spec = spec
    self.run = run
  }
}

/// An executable: its commands, and the four every program has (`help`, `version`, `completion`,
/// `manual`).
public struct Program {
  /// The executable's name.
  public let name: String
  /// One phrase, without a full stop.
  public let summary: String
  /// Its version.
  public let version: String
  /// Its own commands, in the order help lists them.
  public let commands: [Command]

  /// A program.
  public init(name: String, summary: String, version: String, commands: [Command]) {
    self.name = name
    self.summary = summary
    self.version = version
    self.commands = commands
  }

  static let builtIn: [CommandSpec] = [
    CommandSpec(
      name: "help", summary: "show how a command is called",
      arguments: [ArgumentSpec("COMMAND", "the command", required: false)]),
    CommandSpec(name: "version", summary: "print the version"),
    CommandSpec(
      name: "completion", summary: "print a completion script",
      arguments: [ArgumentSpec("SHELL", "bash, zsh or fish")]),
    CommandSpec(name: "manual", summary: "print the manual page (roff)"),
  ]

  var specs: [CommandSpec] {
    var specs: [CommandSpec] = []
    for command in commands { specs.append(command.spec) }
    return specs + Self.builtIn
  }

  /// The help of one command; nil when there is none of that name.
  public func helpText(_ command: String) -> String? {
    for spec in specs where spec.name.isSame(as: command) {
      return Help.command(spec, program: name)
    }
    return nil
  }

  /// The manual page, in roff.
  public var manualText: String { Manual.page(self) }

  /// The completion script of `shell`; nil for one we do not know.
  public func completionScript(_ shell: String) -> String? {
    Completion.script(self, shell: shell)
  }

  /// Runs the command that `arguments` (without the program's own name) ask for, and tells with
  /// which code to exit.
  public func run(arguments: [String]) -> Int32 {
    CurrentProcess.ignoreBrokenPipe()
    let console = Console(program: name)
    do throws(CommandFailure) {
      try dispatch(arguments, console)
    } catch {
      console.error(error.message, hint: error.hint)
      return error.code.rawValue
    }
    console.clearProgress()
    if let error = console.outputError {
      // Who reads has seen enough, as `| head` does: no news to anybody.
      if !error.isBrokenPipe { console.error(error.message) }
      return ExitCode.failed.rawValue
    }
    return ExitCode.success.rawValue
  }

  private func dispatch(_ arguments: [String], _ console: Console) throws(CommandFailure) {
    guard let word = arguments.first else {
      throw CommandFailure(.usage, "a command is missing", hint: "\(name) help lists the commands")
    }
    if word.isSame(as: "--help") || word.isSame(as: "-h") {
      console.write(Help.program(self))
      return
    }
    if word.isSame(as: "--version") {
      console.out("\(name) \(version)")
      return
    }
    let rest = Array(arguments.dropFirst())
    for spec in specs where spec.name.isSame(as: word) {
      let parsed = try parse(spec, rest)
      if parsed.flag("--help") {
        console.write(Help.command(spec, program: name))
        return
      }
      console.isQuiet = parsed.flag("--quiet")
      for command in commands where command.spec.name.isSame(as: word) {
        try command.run(parsed, console)
        return
      }
      try runBuiltIn(spec, parsed, console)
      return
    }
    throw unknown(word)
  }

  private func unknown(_ word: String) -> CommandFailure {
    var names: [String] = []
    for spec in specs { names.append(spec.name) }
    let kind = word.utf8.first == UInt8(ascii: "-") ? "option" : "command"
    return CommandFailure(
      .usage, "unknown \(kind) \(word)",
      hint: NearestMatch.of(word, among: names).map { "did you mean \($0)?" }
        ?? "\(name) help lists the commands")
  }

  private func parse(
    _ spec: CommandSpec, _ arguments: [String]
  ) throws(CommandFailure) -> ParsedArguments {
    do throws(UsageError) {
      return try Parser.parse(spec, arguments)
    } catch {
      throw CommandFailure(
        .usage, error.message, hint: error.hint ?? "\(name) \(spec.name) --help tells how")
    }
  }

  private func runBuiltIn(
    _ spec: CommandSpec, _ parsed: ParsedArguments, _ console: Console
  ) throws(CommandFailure) {
    let argument = parsed.positional(0)
    if spec.name.isSame(as: "version") {
      console.out("\(name) \(version)")
    } else if spec.name.isSame(as: "manual") {
      console.write(manualText)
    } else if spec.name.isSame(as: "completion") {
      guard let shell = argument, let script = completionScript(shell) else {
        throw CommandFailure(
          .usage, "no completion for shell '\(argument ?? "")'", hint: "one of: bash, zsh, fish")
      }
      console.write(script)
    } else if let argument {
      for spec in specs where spec.name.isSame(as: argument) {
        console.write(Help.command(spec, program: name))
        return
      }
      throw unknown(argument)
    } else {
      console.write(Help.program(self))
    }
  }
}
