import Sealing
import System

/// A record read from files.
public struct LoadedRecord: Sendable, Equatable {
  /// SHA-256 of the key that signed it; empty for a spool's own records, which nobody signed yet.
  public var device: [UInt8]
  /// The record.
  public var record: WindowRecord
}

/// Telemetry as it lies in files: a device's spool, or the batches it signed.
public enum RecordFiles {
  /// Reads `path`: a spool's folder or one of its segments, a signed batch, or a folder of batches.
  /// Nothing is changed or locked; a damaged end of a segment is left out, as the spool itself
  /// would. The same record in two files counts once.
  ///
  /// - Returns: the records in order of time, then device, then sequence.
  /// - Throws: ``TelemetryError`` naming what cannot be read or believed.
  public static func load(_ path: String) throws(TelemetryError) -> [LoadedRecord] {
    var files = [path]
    if Directory.exists(path) {
      let names = try system { () throws(SystemError) in try Directory.list(path) }
      var segments: [String] = []
      var others: [String] = []
      for name in names {
        if name.utf8.starts(with: SpoolSegment.prefix.utf8) {
          segments.append(Path.join(path, name))
        } else if name.utf8.first != UInt8(ascii: ".") {
          others.append(Path.join(path, name))
        }
      }
      let isSpool = !segments.isEmpty || File.exists(Path.join(path, "state"))
      files = isSpool ? segments : others
    }
    var loaded: [LoadedRecord] = []
    for file in files {
      for (device, bytes) in try records(in: file) {
        loaded.append(LoadedRecord(device: device, record: try WindowRecord.decode(bytes)))
      }
    }
    guard !loaded.isEmpty else { throw TelemetryError.empty }
    loaded.sort { precedes($0, $1) }
    var distinct: [LoadedRecord] = []
    distinct.reserveCapacity(loaded.count)
    for record in loaded where !repeats(record, distinct) { distinct.append(record) }
    return distinct
  }

  /// True when the record is among the last, those of the same time, device and sequence.
  private static func repeats(_ record: LoadedRecord, _ before: [LoadedRecord]) -> Bool {
    for other in before.reversed() {
      if other == record { return true }
      if precedes(other, record) { return false }
    }
    return false
  }

  private static func records(
    in path: String
  ) throws(TelemetryError) -> [(device: [UInt8], bytes: [UInt8])] {
    let bytes = try system { () throws(SystemError) in
      try File.read(path, limit: Batch.byteLimit * 16)
    }
    var found: [(device: [UInt8], bytes: [UInt8])] = []
    if bytes.starts(with: SpoolSegment.magic) {
      for record in SpoolSegment.scan(bytes).records { found.append(([], record)) }
      return found
    }
    let batch = try Batch.verify(bytes, with: SodiumVerifier())
    let device = batch.deviceIdentifier
    for record in batch.encodedRecords { found.append((device, record)) }
    return found
  }

  private static func precedes(_ left: LoadedRecord, _ right: LoadedRecord) -> Bool {
    if left.record.content.start != right.record.content.start {
      return left.record.content.start < right.record.content.start
    }
    if left.device != right.device { return left.device.lexicographicallyPrecedes(right.device) }
    return left.record.sequence < right.record.sequence
  }
}
