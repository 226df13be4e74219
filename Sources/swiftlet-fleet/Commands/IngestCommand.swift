import CommandLineKit
import FleetStore
import System
import Telemetry

/// `ingest`: takes batches that came as files.
enum IngestCommand {
  static let command = Command(
    CommandSpec(
      name: "ingest", summary: "take signed batches from files, as a server would",
      discussion: "For devices without a network: copy their signed batches and ingest them. The "
        + "same file again changes nothing. A spool's raw segments are not signed and are refused.",
      arguments: [ArgumentSpec("FILE", "a signed batch, or a folder of them", repeatable: true)],
      options: [StoreAccess.option],
      examples: [ExampleSpec("ingest --store fleet usb/*.cbor", "from a stick")]),
    run: run)

  private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws(CommandFailure) {
    let store = try StoreAccess.open(arguments)
    var paths: [String] = []
    for path in arguments.positionals {
      guard Directory.exists(path) else {
        paths.append(path)
        continue
      }
      let names = try StoreAccess.file { () throws(SystemError) in try Directory.list(path) }
      for name in names where !name.hasPrefix(".") { paths.append(Path.join(path, name)) }
    }
    for path in paths { try ingest(path, into: store, console) }
  }

  private static func ingest(
    _ path: String, into store: FleetStore, _ console: Console
  ) throws(CommandFailure) {
    let bytes = try StoreAccess.file { () throws(SystemError) in
      try File.read(path, limit: Batch.byteLimit)
    }
    let outcome: IngestOutcome
    do throws(IngestError) {
      outcome = try store.ingest(bytes, now: Clock.wallSeconds)
    } catch {
      if case .store = error { throw CommandFailure(.failed, error.message) }
      throw CommandFailure(.untrusted, "\(path): \(error.message)")
    }
    console.out(
      "\(path): \(outcome.accepted) accepted, \(outcome.duplicates) duplicates, device "
        + "\(outcome.deviceHex.prefix(16)) \(outcome.isPending ? "pending" : "approved")")
    for record in outcome.refused {
      console.warn("\(path): record \(record.sequence) is kept out: \(record.reason)")
    }
    if outcome.forks > 0 {
      console.warn(
        "\(path): \(outcome.forks) records contradict the device's history: its key was cloned")
    }
    for gap in outcome.gaps.prefix(3) {
      console.warn("windows \(gap.lowerBound) to \(gap.upperBound) have not arrived")
    }
    if outcome.gaps.count > 3 { console.warn("and \(outcome.gaps.count - 3) more gaps") }
  }
}
