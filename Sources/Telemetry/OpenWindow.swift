import CBOR
import DriftStatistics

/// A window that a process left unfinished, as it stands in the spool's folder.
struct OpenWindow {
  var content: WindowContent
  /// The sequence the window's record would get: a file with another one is stale, its window was
  /// closed already.
  var sequence: UInt64

  func encoded() -> [UInt8] {
    WindowRecord(
      boot: 0, sequence: sequence, previous: [UInt8](repeating: 0, count: 32), lost: 0,
      content: content
    ).encoded()
  }

  static func decode(_ bytes: [UInt8]) throws(TelemetryError) -> OpenWindow {
    let record = try WindowRecord.decode(bytes)
    return OpenWindow(content: record.content, sequence: record.sequence)
  }
}
