public import FleetStore
import JSON
import System

/// What the server answers, apart from how it listens.
public struct FleetService: Sendable {
  let store: FleetStore

  /// A service over a store.
  public init(store: FleetStore) { self.store = store }

  /// Answers a request.
  public func answer(_ request: HTTPRequest) -> HTTPReply {
    do throws(StoreError) {
      if request.path == "/v1/telemetry" {
        guard request.method == "POST" else { return .text(405, "POST a signed batch here") }
        return ingest(request.body)
      }
      guard request.method == "GET" || request.method == "HEAD" else {
        return .text(405, "only POST /v1/telemetry takes data")
      }
      switch request.path {
      case "/": return .html(try FleetPages(store: store).fleet())
      case "/healthz": return try health()
      case "/metrics": return try metrics()
      default: return try release(request.path)
      }
    } catch {
      return .text(500, error.description)
    }
  }

  private func ingest(_ body: [UInt8]) -> HTTPReply {
    do throws(IngestError) {
      let outcome = try store.ingest(body, now: Clock.wallSeconds)
      // Whatever was stored counts once; the device keeps the batch until its release is published.
      let status = outcome.refused.contains { $0.awaitsRelease } ? 409 : 200
      return HTTPReply(
        status: status, contentType: "application/json", body: Self.json(outcome) + [0x0a])
    } catch {
      switch error {
      case .batch: return .text(400, error.message)
      case .revoked: return .text(403, error.message)
      // The batch is not stored: the device keeps it and tries again.
      case .store: return .text(503, error.message)
      }
    }
  }

  /// The outcome as one JSON object.
  public static func json(_ outcome: IngestOutcome) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("accepted", outcome.accepted)
    writer.member("duplicates", outcome.duplicates)
    writer.member("state", outcome.isPending ? "pending" : "approved")
    writer.member("forks", outcome.forks)
    writer.name("refused")
    writer.beginArray()
    for record in outcome.refused {
      writer.beginObject()
      writer.name("sequence")
      writer.unsigned(record.sequence)
      writer.member("reason", record.reason)
      writer.endObject()
    }
    writer.endArray()
    writer.name("gaps")
    writer.beginArray()
    for gap in outcome.gaps {
      writer.beginArray()
      writer.unsigned(gap.lowerBound)
      writer.unsigned(gap.upperBound)
      writer.endArray()
    }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }

  private func release(_ path: String) throws(StoreError) -> HTTPReply {
    let prefix = "/release/"
    guard path.hasPrefix(prefix),
      let release = try store.release(prefix: String(path.dropFirst(prefix.count)))
    else { return .text(404, "no such page") }
    return .html(try FleetPages(store: store).release(release))
  }

  private func health() throws(StoreError) -> HTTPReply {
    _ = try store.totals()
    return .text(200, "ok")
  }

  private func metrics() throws(StoreError) -> HTTPReply {
    HTTPReply(
      status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8",
      body: Array(try FleetMetrics.text(store).utf8))
  }
}
