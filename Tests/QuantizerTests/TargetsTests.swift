import Foundation
import Targets
import Testing

/// Target descriptions and the certificate's sentences.
@Suite struct TargetsTests {
  private static let complete = """
    { name: "tiny", // JSON5: comments, bare keys, trailing commas
      description: "a board", triple: "t", sdk: "s", unknown: [1, 2],
      cpu: { required: ["neon"], optional: [] },
      budgets: { arena_bytes: 262144, flash_bytes: 131072, ram_bytes: 524288, },
      tiers: ["scalar"],
    }
    """

  private func load(_ text: String) throws -> Target {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("swiftlet-targets-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(text.utf8).write(to: folder.appendingPathComponent("tiny.json5"))
    return try TargetCatalogue.load("tiny", from: [folder])
  }

  private func reason(_ text: String) -> String {
    do {
      _ = try load(text)
      return "accepted"
    } catch {
      return (error as? TargetError)?.reason ?? "\(error)"
    }
  }

  @Test func readsATarget() throws {
    let target = try load(Self.complete)
    #expect(target.name == "tiny" && target.cpu.required == ["neon"] && target.tiers == ["scalar"])
    #expect(target.budgets.arenaBytes == 262_144 && target.budgets.ramBytes == 524_288)
    #expect(target.fileBytes == Array(Self.complete.utf8))
  }

  @Test func saysWhatIsWrong() {
    let start = "tiny.json5 is not a target description: "
    #expect(
      reason(Self.complete.replacingOccurrences(of: "ram_bytes", with: "ram"))
        == start + "add the field budgets.ram_bytes")
    #expect(
      reason(Self.complete.replacingOccurrences(of: "262144", with: "'much'"))
        == start + "the field budgets.arena_bytes should be Int")
    #expect(
      reason(Self.complete.replacingOccurrences(of: "131072", with: "0"))
        == start + "a budget is not positive")
    #expect(reason("{ name: ") == start + "it is not valid JSON5")
    #expect(reason("") == start + "it is not valid JSON5")
  }

  @Test func unknownNamesListTheKnown() {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appendingPathComponent("targets")
    #expect(
      throws: TargetError.self, performing: { try TargetCatalogue.load("nothing", from: [folder]) })
    for name in TargetCatalogue.names(in: [folder]) {
      #expect(throws: Never.self) {
        let target = try TargetCatalogue.load(name, from: [folder])
        #expect(target.name == name)
      }
    }
  }

  @Test func violationsSayHowMuch() throws {
    let target = try load(Self.complete)
    #expect(
      target.violations(
        of: ResourceFigures(arenaBytes: 262_144, imageBytes: 131_072, peakBytes: 524_288)) == [])
    #expect(
      target.violations(
        of: ResourceFigures(arenaBytes: 393_216, imageBytes: 131_073, peakBytes: 1_524_288)) == [
          "arena needs 393,216 B, target tiny allows 262,144 B: 131,072 B over",
          "flash needs 131,073 B, target tiny allows 131,072 B: 1 B over",
          "RAM needs 1,524,288 B, target tiny allows 524,288 B: 1,000,000 B over",
        ])
  }
}
