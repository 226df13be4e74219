import CBOR
import Sealing
import System
import Wire

/// The device's bounded store of records that no server has acknowledged, in a folder of its own.
///
/// A record is on the medium when ``append(_:)`` returns. After a power cut every such record is
/// there again, the chain goes on from the last of them, and what was lost is counted in
/// ``WindowRecord/lost`` of the next. One process at a time: the folder is locked.
public final class Spool {
  /// The folder.
  public let path: String
  /// The most bytes of records kept; the oldest segment goes first.
  public let byteLimit: Int
  private let lock: FileLock
  private var state = SpoolState()
  private var segments: [SpoolSegment] = []
  /// Bytes cut from damaged segments when the spool was opened.
  public private(set) var truncatedBytes = 0

  /// A limit that holds about a year of hourly windows.
  public static let defaultByteLimit = 4 * 1024 * 1024

  /// Opens the spool in `path`, making the folder when absent and repairing what a power cut
  /// left. Counts as a boot. Throws ``SystemError/locked(path:)`` when another process has it.
  public init(path: String, byteLimit: Int = Spool.defaultByteLimit) throws(TelemetryError) {
    self.path = path
    self.byteLimit = byteLimit
    try system { () throws(SystemError) in
      try Directory.create(path, mode: 0o700, parents: true)
    }
    lock = try system { () throws(SystemError) in try FileLock(Path.join(path, "lock")) }
    try loadState()
    try recover()
    state.boot += 1
    try saveState()
  }

  /// Times this spool was opened.
  public var boot: UInt64 { state.boot }
  /// The sequence the next record gets.
  public var nextSequence: UInt64 { state.nextSequence }
  /// SHA-256 of the last record; zeros before the first.
  public var head: [UInt8] { state.head }
  /// Records lost so far.
  public var lost: UInt64 { state.lost }
  /// The last sequence a server acknowledged.
  public var acknowledged: UInt64 { state.acknowledged }
  /// Records waiting.
  public var pendingCount: Int {
    var count = 0
    for segment in segments where segment.last > state.acknowledged {
      count += Int(segment.last - max(segment.first, state.acknowledged + 1) + 1)
    }
    return count
  }

  /// Chains and stores a window; returns its record once it is on the medium. On failure (a full
  /// disk) nothing is stored and the chain stays.
  @discardableResult
  public func append(_ content: WindowContent) throws(TelemetryError) -> WindowRecord {
    var record = WindowRecord(
      boot: state.boot, sequence: state.nextSequence, previous: state.head, lost: state.lost,
      content: content)
    var bytes = record.encoded()
    guard bytes.count <= WindowRecord.byteLimit else {
      throw TelemetryError.tooLarge(bytes: bytes.count, limit: WindowRecord.byteLimit)
    }
    // `lost` may grow by eight bytes when room is made.
    try makeRoom(bytes.count + SpoolSegment.frameOverhead + SpoolSegment.magic.count + 8)
    record.lost = state.lost
    bytes = record.encoded()
    try write(bytes)
    state.nextSequence += 1
    state.head = SHA256.digest(bytes)
    return record
  }

  /// The oldest waiting records, together at most `maxBytes` (but one at least); nil when none
  /// waits.
  public func peekBatch(maxBytes: Int) throws(TelemetryError) -> PendingRecords? {
    var records: [[UInt8]] = []
    var total = 0
    var first: UInt64 = 0
    var last: UInt64 = 0
    for segment in segments where segment.last > state.acknowledged {
      for bytes in SpoolSegment.scan(try content(of: segment.path)).records {
        let sequence = try WindowRecord.decode(bytes).sequence
        guard sequence > state.acknowledged else { continue }
        if !records.isEmpty,
          total + bytes.count > maxBytes || records.count >= Batch.recordLimit
        {
          return PendingRecords(records: records, first: first, last: last)
        }
        if records.isEmpty { first = sequence }
        last = sequence
        total += bytes.count
        records.append(bytes)
      }
    }
    return records.isEmpty ? nil : PendingRecords(records: records, first: first, last: last)
  }

  /// Forgets the records up to and including `sequence`: a server has them.
  public func acknowledge(upTo sequence: UInt64) throws(TelemetryError) {
    let upTo = min(sequence, state.nextSequence - 1)
    guard upTo > state.acknowledged else { return }
    state.acknowledged = upTo
    try saveState()
    while let oldest = segments.first, oldest.last <= upTo { try removeOldest() }
  }

  // MARK: Files

  private var statePath: String { Path.join(path, "state") }

  private func loadState() throws(TelemetryError) {
    guard File.exists(statePath) else { return }
    let bytes = try system { () throws(SystemError) in try File.read(statePath, limit: 4096) }
    state = try parsed { () throws(CBORError) -> SpoolState in try SpoolState.decode(bytes) }
  }

  private func saveState() throws(TelemetryError) {
    let bytes = state.encoded()
    try system { () throws(SystemError) in
      try File.writeAtomically(statePath, bytes, mode: 0o600)
    }
  }

  private func content(of path: String) throws(TelemetryError) -> [UInt8] {
    let limit = byteLimit + WindowRecord.byteLimit
    return try system { () throws(SystemError) in try File.read(path, limit: limit) }
  }

  /// Reads every segment, cuts damaged ends, and continues the chain from the last good record.
  private func recover() throws(TelemetryError) {
    let names = try system { () throws(SystemError) in try Directory.list(path) }
    for name in names where name.utf8.starts(with: SpoolSegment.prefix.utf8) {
      try recover(segment: Path.join(path, name))
    }
  }

  private func recover(segment path: String) throws(TelemetryError) {
    let bytes = try content(of: path)
    let scan = SpoolSegment.scan(bytes)
    if scan.good < bytes.count {
      truncatedBytes += bytes.count - scan.good
      // A damaged end held a record, or the beginning of one.
      if bytes.count > SpoolSegment.magic.count { state.lost += 1 }
    }
    guard !scan.records.isEmpty else {
      try system { () throws(SystemError) in
        try File.remove(path)
        try Directory.sync(self.path)
      }
      return
    }
    if scan.good < bytes.count {
      try system { () throws(SystemError) in
        let file = try OpenFile(path, .readWrite)
        try file.truncate(to: UInt64(scan.good))
        try file.sync()
      }
    }
    var segment = SpoolSegment(path: path, bytes: scan.good, first: 0, last: 0)
    for content in scan.records {
      let record = try WindowRecord.decode(content)
      if segment.first == 0 { segment.first = record.sequence }
      segment.last = record.sequence
      state.lost = max(state.lost, record.lost)
      if record.sequence >= state.nextSequence {
        state.nextSequence = record.sequence + 1
        state.head = SHA256.digest(content)
      }
    }
    segments.append(segment)
  }

  private func makeRoom(_ needed: Int) throws(TelemetryError) {
    guard needed <= byteLimit else { throw TelemetryError.spoolTooSmall(bytes: byteLimit) }
    var total = 0
    for segment in segments { total += segment.bytes }
    while total + needed > byteLimit, let oldest = segments.first {
      if oldest.last > state.acknowledged {
        state.lost += oldest.last - max(oldest.first, state.acknowledged + 1) + 1
        state.acknowledged = oldest.last
      }
      // The loss is on the medium before the records go.
      try saveState()
      try removeOldest()
      total -= oldest.bytes
    }
  }

  private func removeOldest() throws(TelemetryError) {
    guard let oldest = segments.first else { return }
    try system { () throws(SystemError) in
      try File.remove(oldest.path)
      try Directory.sync(path)
    }
    segments.removeFirst()
  }

  /// Appends a frame to the last segment, or begins one. A failed write is cut off again.
  private func write(_ bytes: [UInt8]) throws(TelemetryError) {
    let frame = SpoolSegment.frame(bytes)
    if let last = segments.last, last.bytes + frame.count <= max(byteLimit / 8, 4096) {
      try system { () throws(SystemError) in
        let file = try OpenFile(last.path, .append)
        do throws(SystemError) {
          try file.write(frame)
          try file.sync()
        } catch {
          try file.truncate(to: UInt64(last.bytes))
          throw error
        }
      }
      segments[segments.count - 1].bytes += frame.count
      segments[segments.count - 1].last = state.nextSequence
      return
    }
    let name = Path.join(path, SpoolSegment.name(first: state.nextSequence))
    let content = SpoolSegment.magic + frame
    try system { () throws(SystemError) in try File.create(name, content, mode: 0o600) }
    segments.append(
      SpoolSegment(
        path: name, bytes: content.count, first: state.nextSequence, last: state.nextSequence))
  }
}

/// Records waiting to be sent.
public struct PendingRecords: Sendable, Equatable {
  /// The records as they are on the medium.
  public var records: [[UInt8]]
  /// Sequence of the first.
  public var first: UInt64
  /// Sequence of the last: what to acknowledge.
  public var last: UInt64
}
