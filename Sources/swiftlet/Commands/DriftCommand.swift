import BundleFormat
import CBOR
import CommandLineKit
import DeviceCommands
import DriftStatistics
import Foundation
import JSON
import Sealing
import Telemetry

/// `drift --bundle B --telemetry PATH [--json]`: the verdict, offline, from batch files.
enum DriftCommand {
  static let command = Command(
    CommandSpec(
      name: "drift", summary: "judge telemetry against a bundle's training data; exit 13 on drift",
      discussion:
        "PATH is a batch file or a folder of them, as swiftletd upload --to DIR writes. Batches of other releases are left out and counted.",
      options: [
        .value("bundle", "FILE", "the bundle that ran", required: true),
        .value("telemetry", "PATH", "batch files", repeatable: true, required: true),
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
    let loaded = try TelemetryFiles.load(parsed.values("--telemetry"), release: bundle.release)
    let verdict = try judge(bundle, contract, loaded.windows)
    if parsed.flag("--json") {
      printJSON(verdict, bundle.manifest, console)
    } else {
      printText(verdict, loaded, console)
    }
    if verdict.state == .drifted { throw CommandFailure(.threshold, verdict.sentence) }
  }

  private static func judge(
    _ bundle: VerifiedBundle, _ contract: TelemetryContract, _ windows: [WindowCounts]
  ) throws(CommandFailure) -> Verdict {
    let section: [UInt8]
    do throws(BundleError) {
      section = try bundle.section(.reference, plan: "")
    } catch {
      throw CommandFailure(.failed, error.message)
    }
    let reference: ReferenceStatistics
    do throws(CBORError) {
      reference = try ReferenceStatistics(
        cbor: try CBORValue.decode(section), contract: contract)
    } catch {
      throw CommandFailure(.failed, "the bundle's reference is not valid: \(error.message)")
    }
    do throws(TapError) {
      return try Verdict.evaluate(contract: contract, reference: reference, windows: windows)
    } catch {
      throw CommandFailure(.failed, error.message)
    }
  }

  private static func printText(
    _ verdict: Verdict, _ loaded: TelemetryFiles, _ console: Console
  ) {
    let state = verdict.state.text
    console.out(
      "\(verdict.state == .drifted ? console.bad(state) : console.good(state))  \(verdict.items) items in \(verdict.windows) windows from \(loaded.devices) devices"
    )
    console.out(verdict.sentence)
    for tap in verdict.taps { console.out("  \(tap.sentence)") }
    console.note(verdict.promise.text)
    if loaded.otherReleases > 0 {
      console.note("note: \(loaded.otherReleases) windows of other releases are left out")
    }
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
