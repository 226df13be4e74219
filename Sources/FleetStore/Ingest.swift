import BundleFormat
import DriftStatistics
import Sealing
public import Telemetry
import Wire

/// Why a whole batch was refused.
public enum IngestError: Error, Equatable {
  /// Its bytes or its signature do not hold.
  case batch(TelemetryError)
  /// It is from a revoked device.
  case revoked(device: String)
  /// The database refused; nothing of the batch was stored.
  case store(StoreError)

  /// One line for a person.
  public var message: String {
    switch self {
    case .batch(let error): error.message
    case .revoked(let device): "device \(device) is revoked"
    case .store(let error): error.description
    }
  }
}

/// A record kept out, and why.
public struct RefusedRecord: Sendable, Equatable {
  /// True when publishing its release would let it in: the device should keep it.
  public let awaitsRelease: Bool
  /// Its place in the device's chain.
  public let sequence: UInt64
  /// One line for a person.
  public let reason: String
}

/// What came of a batch. It is on disk when the caller has this.
public struct IngestOutcome: Sendable, Equatable {
  /// SHA-256 of the device's public key.
  public let device: [UInt8]
  /// Records stored.
  public internal(set) var accepted = 0
  /// Records that were there already, byte for byte.
  public internal(set) var duplicates = 0
  /// Records that contradict the device's stored history: evidence of a cloned key.
  public internal(set) var forks = 0
  /// Records of unknown releases, or with counts that do not fit the release's contract.
  public internal(set) var refused: [RefusedRecord] = []
  /// Sequences not received, in ranges; at most ``gapLimit`` ranges, oldest first.
  public internal(set) var gaps: [ClosedRange<UInt64>] = []
  /// Nobody has approved the device yet: stored, not judged.
  public internal(set) var isPending = true

  /// Most gaps named.
  public static let gapLimit = 100

  /// The device in hexadecimal.
  public var deviceHex: String { Hex.encode(device) }
}

extension FleetStore {
  /// Takes a signed batch: verifies it, then stores all of it in one transaction.
  ///
  /// - The same record again is counted once, whatever batch brings it and in whatever order.
  /// - A record at a stored sequence with another hash, or not chained to its stored neighbours, is
  ///   a fork: two holders of one key. It is kept as evidence, not counted, and the device is
  ///   flagged as cloned; what was stored first still counts.
  /// - A record of a release never published, or with counts that its contract does not allow, is
  ///   refused by itself and named in the outcome; the rest of the batch is stored.
  ///
  /// - Parameter now: seconds since 1970 by the server's clock.
  public func ingest(_ bytes: [UInt8], now: Int64) throws(IngestError) -> IngestOutcome {
    let batch: Batch
    do throws(TelemetryError) {
      batch = try Batch.verify(bytes, with: SodiumVerifier())
    } catch {
      throw .batch(error)
    }
    let outcome: IngestOutcome?
    do throws(StoreError) {
      outcome = try write { database throws(StoreError) -> IngestOutcome? in
        var ingestion = Ingestion(batch: batch, database: database, now: now)
        return try ingestion.run()
      }
    } catch {
      throw .store(error)
    }
    guard let outcome else { throw .revoked(device: Hex.encode(batch.deviceIdentifier)) }
    return outcome
  }
}

/// One batch on its way into the database, inside a transaction.
private struct Ingestion {
  let batch: Batch
  let database: Database
  let now: Int64
  var outcome: IngestOutcome
  private var contracts: [[UInt8]: TelemetryContract?] = [:]

  init(batch: Batch, database: Database, now: Int64) {
    self.batch = batch
    self.database = database
    self.now = now
    outcome = IngestOutcome(device: batch.deviceIdentifier)
  }

  /// Nil for a revoked device.
  mutating func run() throws(StoreError) -> IngestOutcome? {
    guard try admit() else { return nil }
    for (record, bytes) in zip(batch.records, batch.encodedRecords) {
      try take(record, bytes, hash: SHA256.digest(bytes))
    }
    if outcome.forks > 0 {
      try database.query(
        "UPDATE devices SET cloned = 1 WHERE device = ?", [.blob(outcome.device)])
    }
    outcome.gaps = try gaps()
    try FleetStore.count("accepted", outcome.accepted, in: database)
    try FleetStore.count("duplicates", outcome.duplicates, in: database)
    try FleetStore.count("forks", outcome.forks, in: database)
    try FleetStore.count("refused", outcome.refused.count, in: database)
    return outcome
  }

  private mutating func admit() throws(StoreError) -> Bool {
    try database.query(
      """
      INSERT INTO devices (device, public_key, state, first_seen, last_seen)
      VALUES (?, ?, 0, ?, ?)
      ON CONFLICT (device) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)
      WHERE state <> 2
      """, [.blob(outcome.device), .blob(batch.deviceKey), .integer(now), .integer(now)])
    let rows = try database.query(
      "SELECT state FROM devices WHERE device = ?", [.blob(outcome.device)])
    let state = FleetDevice.State(rawValue: Int(rows[0][0].integer)) ?? .revoked
    outcome.isPending = state == .pending
    return state != .revoked
  }

  private mutating func take(
    _ record: WindowRecord, _ bytes: [UInt8], hash: [UInt8]
  ) throws(StoreError) {
    let sequence = Int64(record.sequence)
    let neighbours = try database.query(
      "SELECT sequence, hash, previous FROM records WHERE device = ? AND sequence BETWEEN ? AND ?",
      [.blob(outcome.device), .integer(sequence - 1), .integer(sequence + 1)])
    var isFork = false
    for row in neighbours {
      switch row[0].integer {
      case sequence:
        if row[1].blob == hash {
          outcome.duplicates += 1
          return
        }
        isFork = true
      case sequence - 1: isFork = isFork || row[1].blob != record.previous
      default: isFork = isFork || row[2].blob != hash
      }
    }
    if let refusal = try refusal(of: record) {
      outcome.refused.append(refusal)
      return
    }
    if isFork {
      try keepEvidence(record, bytes, hash: hash)
      return
    }
    try database.query(
      "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        .blob(outcome.device), .integer(sequence), .blob(hash), .blob(record.previous),
        .blob(record.content.release), .integer(record.content.start),
        .integer(Int64(record.content.counts.items)), .integer(now), .blob(bytes),
      ])
    outcome.accepted += 1
  }

  private mutating func keepEvidence(
    _ record: WindowRecord, _ bytes: [UInt8], hash: [UInt8]
  ) throws(StoreError) {
    try database.query(
      "INSERT OR IGNORE INTO forks VALUES (?, ?, ?, ?, ?)",
      [
        .blob(outcome.device), .integer(Int64(record.sequence)), .blob(hash), .integer(now),
        .blob(bytes),
      ])
    if database.changes > 0 { outcome.forks += 1 } else { outcome.duplicates += 1 }
  }

  private mutating func refusal(of record: WindowRecord) throws(StoreError) -> RefusedRecord? {
    func refused(_ reason: String, awaitsRelease: Bool = false) -> RefusedRecord {
      RefusedRecord(awaitsRelease: awaitsRelease, sequence: record.sequence, reason: reason)
    }
    let release = record.content.release
    if contracts[release] == nil {
      let found = try FleetStore.releases("release = ?", [.blob(release)], in: database)
      guard let published = found.first else {
        return refused("release \(Hex.encode(release)) is not published here", awaitsRelease: true)
      }
      contracts[release] = .some(published.manifest.telemetry)
    }
    guard let contract = contracts[release] ?? nil else {
      return refused("release \(Hex.encode(release)) has no telemetry contract")
    }
    let counts = record.content.counts
    let fits =
      counts.items <= contract.windowItems
      && counts.taps.map(\.bins.count) == contract.taps.map(\.binCount)
    return fits ? nil : refused("its counts do not fit the telemetry contract of its release")
  }

  private func gaps() throws(StoreError) -> [ClosedRange<UInt64>] {
    let rows = try database.query(
      """
      SELECT before + 1, sequence - 1 FROM (
        SELECT sequence, lag(sequence, 1, 0) OVER (ORDER BY sequence) AS before
        FROM records WHERE device = ?)
      WHERE sequence > before + 1 ORDER BY sequence LIMIT ?
      """, [.blob(outcome.device), .integer(Int64(IngestOutcome.gapLimit))])
    return rows.map { UInt64($0[0].integer)...UInt64($0[1].integer) }
  }
}
