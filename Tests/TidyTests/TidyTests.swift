import Testing

/// House rules (Design, section 8) over every source. Each test first sees its rule fire.
@Suite("tidy") struct TidyTests {
  /// Modules that also compile in Embedded mode (Design, section 2).
  static let deviceModules: Set<String> = [
    "Arrays", "BundleFormat", "CBOR", "COSE", "CommandLineKit", "DeltaCoding", "DeviceCommands",
    "DeviceRuntime", "DriftStatistics", "Installing", "JSON", "Kernels", "PlanFormat", "Sealing",
    "System",
    "Telemetry", "Wire", "swiftletd",
  ]

  /// Nothing but these stands at the top level, dot-files apart (Design, section 3).
  static let topLevel: Set<String> = [
    "CHANGELOG.md", "LICENSE", "Makefile", "Package.swift", "README.md", "Sources", "Tests",
    "bundles", "targets",
  ]
  static let dotFiles: Set<String> = [".ci", ".gitignore", ".swift-format"]

  /// Words whose presence these tests forbid, written so that this file does not break the rule.
  static let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]

  private func check(_ rule: Rule, fires bad: Source, spares good: Source, on sources: [Source]) {
    #expect(!rule.violations(bad).isEmpty, "the rule does not fire")
    #expect(rule.violations(good) == [], "the rule fires on what is right")
    #expect(!sources.isEmpty, "no source was found")
    let violations = sources.flatMap(rule.violations)
    #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
  }

  private func sample(_ text: String, path: String = "Sources/Wire/Sample.swift") -> Source {
    Source(path: path, text)
  }

  @Test("files have at most 500 lines")
  func fileLength() throws {
    let line = "let a = 0\n"
    check(
      .fileLength(500), fires: sample(String(repeating: line, count: 501)),
      spares: sample(String(repeating: line, count: 500)),
      on: try Repository.sources(endings: [".swift", ".c", ".h", ".py"]))
  }

  @Test("functions have at most 70 lines")
  func functionLength() throws {
    func body(_ count: Int) -> String {
      let inner = String(repeating: "    step()\n", count: count - 4)
      return "  public static func long(\n    a: Int\n  ) {\n\(inner)  }\n  let b = 0\n"
    }
    check(
      .functionLength(70), fires: sample(body(71)), spares: sample(body(70)),
      on: try Repository.sources())
    let inner = body(69).split(separator: "\n").map { "  \($0)\n" }.joined()
    let outer = "  init(a: Int) {\n\(inner)\(String(repeating: "    a()\n", count: 9))  }\n"
    #expect(Rule.functionLength(70).violations(sample(outer)).count == 1)
    let twice = body(70) + body(70)
    #expect(Rule.functionLength(70).violations(sample(twice)) == [])
  }

  @Test("nothing is left for later")
  func marks() throws {
    let rule = Rule.line("a mark of unfinished work") { line in
      Self.marks.contains(where: line.contains)
    }
    check(
      rule, fires: sample("// \(Self.marks[0]): finish"), spares: sample("// todo list"),
      on: try Repository.sources(endings: [".swift", ".c", ".h", ".py", ".md"])
        + Repository.sources(["bundles"], endings: [".py", ".json5"])
        + Repository.sources(["targets", ".ci"], endings: [""]))
  }

  @Test("device modules import neither Foundation nor a C library")
  func deviceImports() throws {
    let rule = Rule { source in
      guard Self.deviceModules.contains(source.module) else { return [] }
      return Rule.line("a device module imports a library of the host") { line in
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "import"), index < 3 else { return false }
        return [
          "Foundation", "FoundationEssentials", "Glibc", "Musl", "Dispatch", "Synchronization",
        ]
        .contains(words.last)
      }.violations(source)
    }
    #expect(!rule.violations(sample("public import Glibc")).isEmpty)
    check(
      rule, fires: sample("import Foundation"),
      spares: sample("import Foundation", path: "Sources/Bundling/Sample.swift"),
      on: try Repository.sources(["Sources"]))
  }

  @Test("every device module exists")
  func deviceModulesExist() throws {
    let modules = Set(try Repository.sources(["Sources"]).map(\.module))
    #expect(Self.deviceModules.subtracting(modules).isEmpty)
  }

  @Test("a file's name says what is in it")
  func names() throws {
    let vague = ["Utils", "Utilities", "Util", "Helpers", "Helper", "Common", "Misc"]
    let rule = Rule { source in
      vague.contains { source.name.hasSuffix($0) } ? ["\(source.path): says nothing"] : []
    }
    check(
      rule, fires: sample("", path: "Sources/Wire/StringHelpers.swift"),
      spares: sample("", path: "Sources/Wire/Reader.swift"),
      on: try Repository.sources(endings: [".swift", ".c", ".h"]))
  }

  @Test("the package depends on no package")
  func dependencies() throws {
    let rule = Rule.line("a package dependency") { $0.contains(".package(") }
    check(
      rule, fires: sample("    .package(url: \"u\", from: \"1.0.0\"),"),
      spares: sample("let package = Package("), on: [try Repository.file("Package.swift")])
  }

  @Test("the top level holds what the design lists")
  func topLevel() throws {
    func strangers(_ names: [String]) -> [String] {
      names.filter { !Self.topLevel.contains($0) && !Self.dotFiles.contains($0) }
    }
    #expect(strangers(["Sources", "docs", ".env"]) == ["docs", ".env"])
    let names = try Repository.topLevel()
    #expect(strangers(names) == [])
    #expect(Self.topLevel.union(Self.dotFiles).subtracting(names).isEmpty)
  }

  @Test("tests see what a package sees")
  func testable() throws {
    let attribute = "@" + "testable"
    let rule = Rule.line("an import that lifts access control") { $0.contains(attribute) }
    check(
      rule, fires: sample("\(attribute) import Wire"), spares: sample("import Wire"),
      on: try Repository.sources())
  }

  @Test("no error is forced away")
  func forcedTry() throws {
    let forced = "try" + "!"
    let rule = Rule.line("a forced try") { $0.contains(forced) }
    check(
      rule, fires: sample("let a = \(forced) b()"), spares: sample("let a = try? b()"),
      on: try Repository.sources() + [Repository.file("Package.swift")])
  }
}
