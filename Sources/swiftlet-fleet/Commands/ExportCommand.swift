import BundleFormat
import CommandLineKit
import DriftStatistics
import FleetStore
import JSON
import System
import Telemetry
import Wire

/// `export`: the windows of a release as JSON lines.
enum ExportCommand {
  static let command = Command(
    CommandSpec(
      name: "export", summary: "write the windows of a release as JSON lines",
      options: [
        StoreAccess.option,
        .value("release", "ID", "the release", required: true),
        .value("output", short: "o", "FILE", "where to write", required: true),
      ],
      examples: [ExampleSpec("export --store fleet --release 3fa2 -o windows.jsonl", "one a line")]),
    run: run)

  private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws(CommandFailure) {
    let store = try StoreAccess.open(arguments)
    let release = try StoreAccess.release(try arguments.required("--release"), in: store)
    let windows = try StoreAccess.stored { () throws(StoreError) in
      try store.windows(release: release.identifier)
    }
    let names = release.manifest.telemetry?.taps.map(\.name) ?? []
    var bytes: [UInt8] = []
    for window in windows { bytes += line(window, names) + [0x0a] }
    let path = try arguments.required("--output")
    try StoreAccess.file { () throws(SystemError) in try File.writeAtomically(path, bytes) }
    console.note("\(windows.count) windows")
  }

  private static func line(_ window: StoredWindow, _ names: [String]) -> [UInt8] {
    let record = window.record
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("device", Hex.encode(window.device))
    writer.name("sequence")
    writer.unsigned(record.sequence)
    writer.name("boot")
    writer.unsigned(record.boot)
    writer.name("start")
    writer.integer(record.content.start)
    writer.name("end")
    writer.integer(record.content.end)
    writer.name("seen")
    writer.unsigned(record.content.seen)
    writer.member("items", Int(record.content.counts.items))
    writer.member("partial", record.content.isPartial)
    writer.name("taps")
    writer.beginArray()
    for (name, counts) in zip(names, record.content.counts.taps) {
      writer.beginObject()
      writer.member("name", name)
      writer.member("below", Int(counts.below))
      writer.member("above", Int(counts.above))
      writer.name("bins")
      writer.beginArray()
      for count in counts.bins { writer.integer(Int(count)) }
      writer.endArray()
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }
}
