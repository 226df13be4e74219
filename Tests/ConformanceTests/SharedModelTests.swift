import Foundation
import TestSupport
import Testing

/// Every shared model equals its goldens, or is refused by name. What does not is listed, with the
/// reason, in Expected: a test fails for a model that should be on a list and for one that need no
/// longer be. SWIFTLET_RECORD_MODELS=1 writes the lists anew.
@Suite(.requiresShared) struct SharedModelTests {
  @Test(arguments: ["onnx/real", "onnx/made", "tflite-testdata"])
  func equalsGoldensOrIsListed(_ folder: String) throws {
    let list = ExpectedList(folder)
    let isRecording = ProcessInfo.processInfo.environment["SWIFTLET_RECORD_MODELS"] != nil
    var complaints: [String: String] = [:]
    var tally = (matches: 0, fused: 0, goldens: 0, models: 0)
    let entries = try SharedManifest(folder).entries
    for entry in entries {
      let verdict = try SharedRun.judge(entry)
      tally.models += 1
      tally.goldens += entry.goldens.isEmpty ? 0 : 1
      tally.matches += verdict == .matches ? 1 : 0
      tally.fused += verdict == .matchesFused ? 1 : 0
      guard let complaint = verdict.complaint else { continue }
      #expect(!complaint.contains("\n"), "\(entry.file): more than one line")
      complaints[entry.file] = complaint
    }
    let fused = tally.fused > 0 ? ", \(tally.fused) with softmax as onnxruntime fuses it" : ""
    print(
      "\(folder): \(tally.matches + tally.fused) of \(tally.goldens) goldens match\(fused), "
        + "\(tally.models) models")
    if isRecording { try list.write(complaints) }
    let expected = try list.read()
    for entry in entries {
      switch (complaints[entry.file], expected[entry.file]) {
      case (nil, .some): Issue.record("\(entry.file) passes now: take it off the list")
      case (.some(let complaint), nil): Issue.record("\(entry.file): \(complaint)")
      default: break
      }
    }
    #expect(Set(expected.keys).isSubset(of: entries.map(\.file)))
  }
}

/// Models that do not equal their goldens yet: lines of `file: reason`.
struct ExpectedList {
  private let url: URL

  init(_ folder: String) {
    let name = folder.replacingOccurrences(of: "/", with: "-")
    url = Package.root.appendingPathComponent("Tests/ConformanceTests/Expected/\(name).txt")
  }

  func read() throws -> [String: String] {
    var list: [String: String] = [:]
    for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") {
      guard let colon = line.range(of: ": ") else { continue }
      list[String(line[..<colon.lowerBound])] = String(line[colon.upperBound...])
    }
    return list
  }

  func write(_ complaints: [String: String]) throws {
    let lines = complaints.sorted { $0.key < $1.key }.map { "\($0): \($1)\n" }
    try lines.joined().write(to: url, atomically: true, encoding: .utf8)
  }
}
