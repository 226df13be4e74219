import BundleFormat
import CBOR
import CommandLineKit
import Dashboard
import DeviceCommands
import DriftStatistics
import Foundation
import JSON
import Sealing
import Telemetry
import Wire

/// `drift --bundle B --telemetry PATH [--json]`: the verdict, offline, from batch files.
enum DriftCommand {
  static let command = Command(
    CommandSpec(
      name: "drift", summary: "judge telemetry against a bundle's training data; exit 13 on drift",
      discussion:
        "PATH is a batch file or a folder of them, as swiftletd upload --to DIR writes, or a device's spool folder. Windows of other releases are left out and counted.",
      options: [
        .value("bundle", "FILE", "the bundle that ran", required: true),
        .value("telemetry", "PATH", "batch files or a spool folder", required: true),
        .value("html", "FILE", "write a page that draws reference against live"),
        .flag("json", "one JSON document with the evidence"),
      ] + BundleLoading.options)
  ) { (parsed, console) throws(CommandFailure) in
    let bundle = try BundleLoading.open(
      try parsed.required("--bundle"), parsed, HostEnvironment.environment)
    guard let contract = bundle.manifest.telemetry else {
      throw CommandFailure(
        .failed, "the bundle has no drift contract",
        hint: "pack it with --calibration or --reference")
    }
    let loaded = try load(try parsed.required("--telemetry"))
    let records = loaded.filter { $0.record.content.release == bundle.release }
    let reference = try reference(of: bundle, contract)
    let verdict = try judged { () throws(TapError) in
      try Verdict.evaluate(
        contract: contract, reference: reference, windows: records.map(\.record.content.counts))
    }
    if let path = parsed.value("--html") {
      try Files.write(
        path, Array(try page(bundle, contract, reference, verdict, records).utf8))
    }
    if parsed.flag("--json") {
      printJSON(verdict, bundle.manifest, console)
    } else {
      printText(verdict, devices: Set(records.map(\.device)).count, console)
      if records.count < loaded.count {
        console.note("note: \(loaded.count - records.count) windows of other releases are left out")
      }
    }
    if verdict.state == .drifted {
      throw CommandFailure(.threshold, "the live data has drifted from the training data")
    }
  }

  private static func load(_ path: String) throws(CommandFailure) -> [LoadedRecord] {
    do throws(TelemetryError) {
      return try RecordFiles.load(path)
    } catch {
      throw CommandFailure(
        error.isUntrusted ? .untrusted : .failed, error.message,
        hint: "swiftletd upload --to DIR writes batch files")
    }
  }

  private static func reference(
    of bundle: VerifiedBundle, _ contract: TelemetryContract
  ) throws(CommandFailure) -> ReferenceStatistics {
    let section: [UInt8]
    do throws(BundleError) {
      section = try bundle.section(.reference, plan: "")
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    do throws(CBORError) {
      return try ReferenceStatistics(cbor: try CBORValue.decode(section), contract: contract)
    } catch {
      throw CommandFailure(.failed, "the bundle's reference is not valid: \(error.message)")
    }
  }

  private static func judged<Result>(
    _ body: () throws(TapError) -> Result
  ) throws(CommandFailure) -> Result {
    do throws(TapError) {
      return try body()
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  private static func page(
    _ bundle: VerifiedBundle, _ contract: TelemetryContract, _ reference: ReferenceStatistics,
    _ verdict: Verdict, _ records: [LoadedRecord]
  ) throws(CommandFailure) -> String {
    let live = try judged { () throws(TapError) in
      try WindowCounts.merged(records.map(\.record.content.counts), of: contract)
    }
    let manifest = bundle.manifest
    var view = ReleaseView(
      name: manifest.name, version: manifest.version, sequence: manifest.sequence,
      identifier: Hex.encode(bundle.release), contract: contract, reference: reference,
      verdict: verdict, live: live, devices: Set(records.map(\.device)).count,
      windows: records.count)
    view.firstStart = records.first?.record.content.start
    view.lastEnd = records.last?.record.content.end
    view.driftedSince = verdict.since.map { records[$0].record.content.start }
    return DriftReport.page(view)
  }

  private static func printText(
    _ verdict: Verdict, devices: Int, _ console: Console
  ) {
    let state = verdict.state.text
    console.out(
      "\(verdict.state == .drifted ? console.bad(state) : console.good(state))  \(verdict.items) items in \(verdict.windows) windows from \(devices) \(devices == 1 ? "device" : "devices")"
    )
    console.out(verdict.sentence)
    for tap in verdict.taps { console.out("  \(tap.sentence)") }
    console.note(verdict.promise.text)
  }

  private static func printJSON(_ verdict: Verdict, _ manifest: Manifest, _ console: Console) {
    var writer = JSONWriter(indented: true)
    writer.beginObject()
    writer.member("schema", "swiftlet.drift/1")
    writer.member("model", manifest.name)
    writer.member("version", manifest.version)
    writer.member("state", verdict.state.text)
    writer.member("sentence", verdict.sentence)
    writer.member("p", verdict.probability)
    writer.member("p_is_upper_bound", verdict.probabilityIsBound)
    writer.member("alarm_rate", verdict.alarmRate)
    writer.member("promise", verdict.promise.text)
    writer.member("items", Int(verdict.items))
    writer.member("windows", verdict.windows)
    if let since = verdict.since { writer.member("since_window", since + 1) }
    writer.name("taps")
    writer.beginArray()
    for tap in verdict.taps {
      writer.beginObject()
      writer.member("name", tap.name)
      writer.member("unit", tap.unit)
      writer.member("alarmed", tap.alarmed)
      writer.member("p", tap.probability)
      writer.member("adjusted_p", tap.adjustedProbability)
      writer.member("chi_square", tap.chiSquare)
      writer.member("guard_p", tap.guardProbability)
      writer.member("reference_mean", tap.reference.mean)
      writer.member("live_mean", tap.live.mean)
      writer.member("shift", tap.shift)
      writer.member("psi", tap.stabilityIndex)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    console.out(writer.string)
  }
}
