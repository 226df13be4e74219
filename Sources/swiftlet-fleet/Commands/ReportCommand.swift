import BundleFormat
import CommandLineKit
import DriftStatistics
import FleetStore
import JSON

/// `report`: the verdicts.
enum ReportCommand {
  static let command = Command(
    CommandSpec(
      name: "report", summary: "tell whether what the fleet sees is still what was trained on",
      discussion: "Exits with 13 when a release drifted.",
      options: [
        StoreAccess.option,
        .value("release", "ID", "this release only, with all its evidence"),
        StoreAccess.json,
      ],
      examples: [ExampleSpec("report --store fleet", "one line a release")]),
    run: run)

  private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws(CommandFailure) {
    let store = try StoreAccess.open(arguments)
    let releases: [PublishedRelease]
    if let prefix = arguments.value("--release") {
      releases = [try StoreAccess.release(prefix, in: store)]
    } else {
      releases = try StoreAccess.stored { () throws(StoreError) in try store.releases() }
    }
    var judgements: [ReleaseJudgement] = []
    for release in releases {
      judgements.append(
        try StoreAccess.stored { () throws(StoreError) in try store.judge(release) })
    }
    if arguments.flag("--json") {
      console.write(json(judgements) + [0x0a])
    } else {
      let withEvidence = arguments.flag("--release") || judgements.count == 1
      for judgement in judgements { write(judgement, evidence: withEvidence, console) }
      if judgements.isEmpty { console.note("nothing is published yet") }
    }
    let drifted = judgements.filter { $0.verdict?.state == .drifted }.count
    if drifted > 0 {
      throw CommandFailure(
        .threshold, "\(drifted) of \(judgements.count) releases drifted",
        hint: "look at the page of the release: swiftlet fleet serve")
    }
  }

  private static func write(_ judgement: ReleaseJudgement, evidence: Bool, _ console: Console) {
    let manifest = judgement.release.manifest
    let sentence = judgement.verdict?.sentence ?? "no telemetry contract"
    console.out(
      "\(judgement.release.hex.prefix(16))  \(manifest.name) \(manifest.version)  "
        + "\(judgement.devices) devices, \(judgement.windows) windows  \(sentence)")
    guard evidence, let verdict = judgement.verdict else { return }
    for tap in verdict.taps {
      let mark = tap.alarmed ? console.bad("drifted") : "quiet  "
      console.out("  \(mark)  \(tap.sentence)")
    }
    console.out("  \(verdict.promise.text)")
    if judgement.pendingWindows > 0 {
      console.note(
        "\(judgement.pendingWindows) windows are of devices nobody approved: fleet devices")
    }
  }

  private static func json(_ judgements: [ReleaseJudgement]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginArray()
    for judgement in judgements {
      writer.beginObject()
      writer.member("release", judgement.release.hex)
      writer.member("name", judgement.release.manifest.name)
      writer.member("version", judgement.release.manifest.version)
      writer.member("devices", judgement.devices)
      writer.member("windows", judgement.windows)
      writer.member("pendingWindows", judgement.pendingWindows)
      writer.name("verdict")
      if let verdict = judgement.verdict {
        write(verdict, to: &writer)
      } else {
        writer.null()
      }
      writer.endObject()
    }
    writer.endArray()
    return writer.bytes
  }

  private static func write(_ verdict: Verdict, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("state", verdict.state.text)
    writer.member("p", verdict.probability)
    writer.member("pIsBound", verdict.probabilityIsBound)
    writer.member("alarmRate", verdict.alarmRate)
    writer.member("items", Int(verdict.items))
    writer.member("sentence", verdict.sentence)
    writer.name("taps")
    writer.beginArray()
    for tap in verdict.taps {
      writer.beginObject()
      writer.member("name", tap.name)
      writer.member("alarmed", tap.alarmed)
      writer.member("p", tap.adjustedProbability)
      writer.member("pIsBound", tap.adjustedIsBound)
      writer.member("shift", tap.shift)
      writer.member("psi", tap.stabilityIndex)
      writer.member("sentence", tap.sentence)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
  }
}
