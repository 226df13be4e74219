import Foundation
import TestSupport
import Testing

/// Every transcript in Transcripts/, against the built executables. `SNAPSHOT_UPDATE=1` rewrites
/// them; read the difference before keeping it.
@Suite struct TranscriptTests {
  @Test(arguments: Transcripts.names(device: false))
  func transcript(_ name: String) throws { try Transcripts.check(name) }
}

/// What a device does, with `swiftletd` alone: `SWIFTLET_DEVICE_COMMAND` names another build of it,
/// such as the static one of another architecture behind its emulator.
@Suite struct DeviceTranscriptTests {
  @Test(arguments: Transcripts.names(device: true))
  func transcript(_ name: String) throws { try Transcripts.check(name) }
}

enum Transcripts {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("Transcripts")

  /// `device-…` transcripts, or the others.
  static func names(device: Bool) -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".txt") && $0.hasPrefix("device-") == device }.sorted()
  }

  static func check(_ name: String) throws {
    let url = folder.appendingPathComponent(name)
    let transcript = Transcript(try String(contentsOf: url, encoding: .utf8))
    try #require(!transcript.steps.isEmpty, "\(name) has no command")
    let workshop = try Workshop()
    var results: [[String]] = []
    for step in transcript.steps {
      results.append(try workshop.run(step.command).lines(folder: workshop.folder.path))
    }
    if ProcessInfo.processInfo.environment["SNAPSHOT_UPDATE"] == "1" {
      try transcript.text(results: results).write(to: url, atomically: true, encoding: .utf8)
      return
    }
    for (step, result) in zip(transcript.steps, results) where step.result != result {
      Issue.record(
        """
        \(name): $ \(step.command)
        expected:
        \(step.result.joined(separator: "\n"))
        got:
        \(result.joined(separator: "\n"))
        """)
    }
  }
}
