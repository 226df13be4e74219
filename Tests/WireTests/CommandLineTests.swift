import CommandLineKit
import TestSupport
import Testing

@Suite("Command line")
struct CommandLineTests {
  let spec = CommandSpec(
    name: "pack", summary: "make a bundle", discussion: "First.\n\n.Second - with a dot.",
    arguments: [
      ArgumentSpec("MODEL", "the model"),
      ArgumentSpec("MORE", "others", required: false, repeatable: true),
    ],
    options: [
      .value("output", short: "o", "FILE", "where to write", required: true),
      .value("target", "T", "what to certify for", repeatable: true),
      .value("format", "F", "how to print", choices: ["text", "json"]),
      .flag("json", "print JSON"),
      .value("count", "N", "how many"),
    ],
    examples: [ExampleSpec("swiftlet pack m.onnx -o m.swb", "packs it")])

  private func parse(_ words: String...) throws(UsageError) -> ParsedArguments {
    try Parser.parse(spec, words)
  }

  @Test("every way to write an option")
  func forms() throws {
    let parsed = try parse(
      "m", "--target=a=b", "-o", "out", "--target", "-x", "--json", "--", "--not-an-option")
    #expect(parsed.positionals == ["m", "--not-an-option"])
    #expect(parsed.values("--target") == ["a=b", "-x"])
    #expect(parsed.value("--output") == "out")
    #expect(parsed.value("output") == "out")
    #expect(parsed.flag("--json"))
    #expect(!parsed.flag("--quiet"))
    #expect(parsed.value("--format") == nil)
    #expect(try parse("m", "-oout", "-").positionals == ["m", "-"])
    #expect(try parse("--output=", "m").value("--output") == "")
    #expect(throws: Never.self) { try parse("--help") }
  }

  @Test("mistakes are named, with a hint")
  func mistakes() {
    let cases: [([String], String, String?)] = [
      (["m", "-o", "x", "--targt", "a"], "unknown option --targt", "did you mean --target?"),
      (["m", "-o", "x", "--zzzzzzz"], "unknown option --zzzzzzz", nil),
      (["m", "-z"], "unknown option -z", nil),
      (["m", "-o", "x", "-o", "y"], "--output is given twice", nil),
      (["m", "-o", "x", "--json", "--json"], "--json is given twice", nil),
      (["m", "-o"], "-o needs a value: -o FILE", nil),
      (["m", "-o", "x", "--json=1"], "--json takes no value", nil),
      (["m"], "--output is missing", "add --output FILE"),
      (["-o", "x"], "MODEL is missing: the model", nil),
      (["m", "-o", "x", "--format", "xml"], "--format cannot be 'xml'", "one of: text, json"),
    ]
    for (words, message, hint) in cases {
      do throws(UsageError) {
        _ = try Parser.parse(spec, words)
        Issue.record("accepted \(words)")
      } catch {
        #expect(error.message == message)
        if let hint { #expect(error.hint == hint) }
      }
    }
    let plain = CommandSpec(name: "version", summary: "")
    #expect(throws: UsageError("unexpected argument 'x'")) { try Parser.parse(plain, ["x"]) }
  }

  @Test("numbers are checked")
  func numbers() throws {
    let parsed = try parse("m", "-o", "x", "--count", "12")
    #expect(try parsed.integer("--count") == 12)
    #expect(try parsed.number("--count") == 12)
    #expect(throws: CommandFailure.self) { try parsed.integer("--count", in: 0...9) }
    let bad = try parse("m", "-o", "x", "--count", "1x")
    #expect(throws: CommandFailure.self) { try bad.integer("--count") }
    #expect(throws: CommandFailure.self) { try bad.number("--count") }
    #expect(try parse("m", "-o", "x").integer("--count") == nil)
  }

  private var program: Program {
    Program(
      name: "swiftlet", summary: "a test", version: "1.2.3",
      commands: [
        Command(spec) { (parsed, _) throws(CommandFailure) in
          throw CommandFailure(.threshold, "seen \(parsed.positionals.count)")
        }
      ])
  }

  @Test("the program dispatches and gives the exit codes")
  func dispatch() {
    #expect(program.run(arguments: ["pack", "m", "-o", "x", "-q"]) == 13)
    #expect(program.run(arguments: ["pack", "m"]) == 2)
    #expect(program.run(arguments: ["pakc"]) == 2)
    #expect(program.run(arguments: []) == 2)
    #expect(program.run(arguments: ["completion", "tcsh"]) == 2)
  }

  @Test("help, manual and completions name every option, and the shells accept them")
  func texts() throws {
    let help = program.helpText("pack") ?? ""
    let manual = program.manualText
    for option in spec.options {
      #expect(help.contains("--\(option.long)"))
      #expect(manual.contains("\\-\\-\(option.long)"))
    }
    #expect(help.contains("(one of: text, json)"))
    #expect(manual.contains("\\&.Second"))
    let folder = try TemporaryFolder()
    for shell in ["bash", "zsh", "fish"] {
      let script = try #require(program.completionScript(shell))
      for option in spec.options { #expect(script.contains(option.long)) }
      let path = try folder.write("script", Array(script.utf8))
      let executable = shell == "bash" ? "/bin/bash" : "/usr/bin/\(shell)"
      guard shell == "bash" || Tool.isInstalled(executable) else { continue }
      let outcome = try Tool.run(path: executable, ["-n", path])
      #expect(outcome.code == 0, "\(outcome.errorText)")
    }
    let script = try #require(program.completionScript("bash"))
    let probe =
      script + "COMP_WORDS=(swiftlet pack --fo); COMP_CWORD=2; _swiftlet; echo ${COMPREPLY[@]}\n"
      + "COMP_WORDS=(swiftlet pack --format j); COMP_CWORD=3; _swiftlet; echo ${COMPREPLY[@]}\n"
      + "COMP_WORDS=(swiftlet pa); COMP_CWORD=1; _swiftlet; echo ${COMPREPLY[@]}\n"
    #expect(try Tool.run(path: "/bin/bash", ["-c", probe]).text == "--format\njson\npack\n")
  }

  @Test("a tool's large output and both streams are captured")
  func tool() throws {
    let outcome = try Tool.run(
      path: "/bin/sh",
      ["-c", "head -c 3000000 /dev/zero; head -c 200000 /dev/zero >&2; cat; exit 7"],
      input: Array("end".utf8))
    #expect(outcome.output.count == 3_000_003)
    #expect(outcome.error.count == 200_000)
    #expect(outcome.code == 7)
    #expect(throws: Tool.Failure.self) {
      try Tool.run(path: "/bin/sh", ["-c", "exec sleep 30"], seconds: 0.2)
    }
  }
}
