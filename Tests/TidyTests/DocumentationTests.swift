import Foundation
import Testing

/// The pages follow the source: none is lost, none states an older format. Each test first sees its
/// rule fire.
@Suite("documentation") struct DocumentationTests {
  /// The documentation catalogue.
  static let catalogue = "Sources/swiftlet/Documentation.docc"

  /// A version a format page must state, and the declaration it must equal.
  struct Version: Sendable, CustomTestStringConvertible {
    let name: String
    let declaration: String
    let file: String
    let pages: [String]
    var testDescription: String { name }
  }

  static let versions = [
    Version(
      name: "Plan.formatVersion", declaration: "static let formatVersion: UInt16 = ",
      file: "Sources/PlanFormat/PlanEncoder.swift",
      pages: ["Numerics", "BundleFormat", "PlanFormat"]),
    Version(
      name: "Container.version", declaration: "static let version: UInt16 = ",
      file: "Sources/BundleFormat/Container.swift", pages: ["BundleFormat"]),
    Version(
      name: "Manifest.schemaVersion", declaration: "static let schemaVersion: UInt64 = ",
      file: "Sources/BundleFormat/Manifest.swift", pages: ["BundleFormat"]),
  ]

  private static func pages() throws -> [Source] {
    try Repository.sources([catalogue], endings: [".md"])
  }

  /// Targets of the links between pages, relative to the page.
  private static func links(_ page: Source) -> [String] {
    page.lines.flatMap { line in
      line.components(separatedBy: "](").dropFirst().compactMap { tail in
        tail.components(separatedBy: ")").first
      }
    }.filter { $0.hasSuffix(".md") }
  }

  /// Links of a page to which no path of the catalogue answers.
  private static func broken(_ page: Source, paths: Set<String>) -> [String] {
    let folder = URL(fileURLWithPath: "/" + page.path).deletingLastPathComponent()
    return links(page).filter { link in
      !paths.contains(String(folder.appendingPathComponent(link).standardized.path.dropFirst()))
    }
  }

  @Test("every linked page exists, and every page is linked from the first")
  func pagesAreLinked() throws {
    let sample = Source(path: "a/Documentation.md", "[x](Lost.md), [y](b/Page.md)")
    #expect(Self.broken(sample, paths: ["a/b/Page.md"]) == ["Lost.md"])
    let pages = try Self.pages()
    let paths = Set(pages.map(\.path))
    for page in pages { #expect(Self.broken(page, paths: paths) == [], "\(page.path)") }
    let first = try Repository.file("\(Self.catalogue)/Documentation.md")
    let linked = Set(Self.links(first).map { "\(Self.catalogue)/\($0)" })
    #expect(paths.subtracting(linked) == [first.path])
  }

  /// The number a file gives a declaration.
  private static func number(_ declaration: String, in source: Source) -> String? {
    let lines = source.lines.compactMap { line in
      line.range(of: declaration).map { line[$0.upperBound...].prefix { $0.isNumber } }
    }
    return lines.count == 1 ? String(lines[0]) : nil
  }

  private static func states(_ page: Source, _ name: String, _ number: String) -> Bool {
    page.lines.contains { $0.contains("`\(name) = \(number)`") }
  }

  @Test("format pages state the versions the code writes", arguments: versions)
  func statesVersion(_ version: Version) throws {
    #expect(!Self.states(Source(path: "a", "`\(version.name) = 1`"), version.name, "2"))
    let number = try #require(
      Self.number(version.declaration, in: try Repository.file(version.file)))
    for name in version.pages {
      let page = try Repository.file("\(Self.catalogue)/\(name).md")
      #expect(Self.states(page, version.name, number), "\(page.path): \(version.name) is \(number)")
    }
  }

  @Test("the map names every module")
  func modulesAreNamed() throws {
    func missing(_ modules: [String], on map: Source) -> [String] {
      modules.filter { module in !map.lines.contains { $0.contains("`\(module)`") } }
    }
    #expect(missing(["Wire", "Lost"], on: Source(path: "a", "| `Wire` | reads |")) == ["Lost"])
    let folders = Repository.root.appendingPathComponent("Sources")
    let modules = try FileManager.default.contentsOfDirectory(atPath: folders.path).sorted()
    #expect(!modules.isEmpty)
    #expect(missing(modules, on: try Repository.file("\(Self.catalogue)/Design.md")) == [])
  }

  @Test("pages are short, and their lines fit a screen")
  func pagesAreShort() throws {
    // A row of a table cannot be broken.
    let width = Rule.line("longer than 110 columns") { $0.count > 110 && !$0.hasPrefix("|") }
    let long = String(repeating: "a", count: 111)
    #expect(width.violations(Source(path: "a", "\(long)\n| \(long) |")).count == 1)
    for page in try Self.pages() {
      #expect(width.violations(page) + Rule.fileLength(150).violations(page) == [])
    }
  }
}
