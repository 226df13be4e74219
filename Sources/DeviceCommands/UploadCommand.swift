public import CommandLineKit
import Installing
import Sealing
import System
import Telemetry

#if Networked
  import Transport
#endif

/// `upload --root DIR --to URL|FOLDER`: signed batches to a fleet server, or into files any transport
/// can carry.
public enum UploadCommand {
  private static let batchBytesMax = 1 << 20

  /// The command.
  public static var command: Command {
    let spec = CommandSpec(
      name: "upload", summary: "send spooled telemetry, signed by this device's key",
      discussion:
        "To a URL each batch is posted and dropped from the spool once the server has it. To a folder each becomes a file for fleet ingest or drift. Nothing is lost when sending fails: the next upload tries again.",
      options: [
        RootAccess.option, RootAccess.modelOption,
        .value("to", "URL|DIR", "fleet server, or a folder for batch files", required: true),
        .value("authority", "FILE", "PEM file of a private certificate authority"),
      ])
    return Command(spec) { (parsed, console) throws(CommandFailure) in
      let root = try RootAccess.open(parsed)
      let model = try RootAccess.modelName(parsed, in: root)
      let destination = try Destination(
        try parsed.required("--to"), authority: parsed.value("--authority"))
      let spool = try SpoolFolder.open(root: root.path, model: model)
      var (records, batches) = (0, 0)
      while let pending = try RootAccess.telemetry({ () throws(TelemetryError) in
        try spool.peekBatch(maxBytes: batchBytesMax)
      }) {
        let batch = try RootAccess.telemetry { () throws(TelemetryError) in
          try Batch.sign(
            records: pending.records, deviceKey: root.deviceKey.publicKey, with: root.deviceKey)
        }
        try destination.send(batch, first: pending.first, last: pending.last)
        try RootAccess.telemetry { () throws(TelemetryError) in
          try spool.acknowledge(upTo: pending.last)
        }
        records += pending.records.count
        batches += 1
      }
      console.out(
        "sent \(records) \(records == 1 ? "window" : "windows") in \(batches) \(batches == 1 ? "batch" : "batches")"
      )
    }
  }
}

/// Where batches go.
private enum Destination {
  case server(url: String, authority: String?)
  case folder(String)

  init(_ text: String, authority: String?) throws(CommandFailure) {
    if text.utf8.starts(with: "http://".utf8) || text.utf8.starts(with: "https://".utf8) {
      #if Networked
        let slash = text.utf8.last == UInt8(ascii: "/") ? "" : "/"
        self = .server(url: "\(text)\(slash)v1/telemetry", authority: authority)
      #else
        throw CommandFailure(
          .failed, "this build has no network",
          hint: "upload --to DIR writes files; carry them to swiftlet fleet ingest")
      #endif
    } else {
      do throws(SystemError) {
        try Directory.create(text, parents: true)
      } catch {
        throw CommandFailure(.failed, error.message)
      }
      self = .folder(text)
    }
  }

  /// Returns when the batch is safe at its destination.
  func send(_ batch: [UInt8], first: UInt64, last: UInt64) throws(CommandFailure) {
    switch self {
    case .folder(let path):
      try Files.write(Path.join(path, "telemetry-\(first)-\(last).batch"), batch)
    case .server(let url, let authority):
      #if Networked
        let reply: HTTPClient.Reply
        do throws(TransportError) {
          reply = try HTTPClient.post(
            url: url, contentType: "application/cbor", body: batch, authority: authority)
        } catch {
          throw CommandFailure(
            .failed, "\(url): \(error.reason)", hint: "the telemetry is kept; upload again later")
        }
        guard reply.status == 200 else {
          let text = String(decoding: reply.body.prefix(200), as: UTF8.self)
          throw CommandFailure(
            .failed, "\(url) answered \(reply.status): \(text)",
            hint: "the telemetry is kept; upload again later")
        }
      #endif
    }
  }
}
