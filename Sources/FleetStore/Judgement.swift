import BundleFormat
public import DriftStatistics
import Synchronization
public import Telemetry
import Wire

/// A stored window.
public struct StoredWindow: Sendable {
  /// SHA-256 of the device's public key.
  public let device: [UInt8]
  /// The record.
  public let record: WindowRecord
}

/// What is known of a release in the field.
public struct ReleaseJudgement: Sendable {
  /// The release.
  public let release: PublishedRelease
  /// Over the windows of approved devices in order of time; nil for a release without contract.
  public let verdict: Verdict?
  /// Those windows' counts, summed; nil likewise.
  public let live: WindowCounts?
  /// Approved devices with windows of this release.
  public let devices: Int
  /// Their windows.
  public let windows: Int
  /// Start of the first window, seconds since 1970 as its device believed.
  public let firstStart: Int64?
  /// End of the last window.
  public let lastEnd: Int64?
  /// Start of the first window that alarmed by itself.
  public let driftedSince: Int64?
  /// Windows of devices that nobody has approved: not judged.
  public let pendingWindows: Int
}

/// A judgement and the store's generation it holds for.
struct CachedVerdict {
  let generation: Int
  let judgement: ReleaseJudgement
}

extension FleetStore {
  /// The windows of a release, of one device or of all, in order of device and sequence.
  public func windows(
    release: [UInt8], device: [UInt8]? = nil
  ) throws(StoreError) -> [StoredWindow] {
    let rows = try read { database throws(StoreError) in
      try database.query(
        """
        SELECT device, content FROM records WHERE release = ?1 AND (?2 IS NULL OR device = ?2)
        ORDER BY device, sequence
        """, [.blob(release), device.map { .blob($0) } ?? .null])
    }
    return try Self.decode(rows)
  }

  /// Judges a release over the windows of its approved devices in order of time. The answer is kept
  /// until the store changes.
  public func judge(_ release: PublishedRelease) throws(StoreError) -> ReleaseJudgement {
    let (generation, rows, pending) = try read { database throws(StoreError) in
      let generation = try Self.counter("generation", in: database)
      if let known = verdicts.withLock({ $0[release.identifier] }), known.generation == generation {
        return (generation, [[SQLValue]]?.none, 0)
      }
      let rows = try database.query(
        """
        SELECT r.device, r.content FROM records r JOIN devices d ON d.device = r.device
        WHERE r.release = ? AND d.state = 1 ORDER BY r.start, r.device, r.sequence
        """, [.blob(release.identifier)])
      let pending = try database.query(
        """
        SELECT count(*) FROM records r JOIN devices d ON d.device = r.device
        WHERE r.release = ? AND d.state = 0
        """, [.blob(release.identifier)])
      return (generation, rows, Int(pending[0][0].integer))
    }
    guard let rows else {
      if let known = verdicts.withLock({ $0[release.identifier] }) { return known.judgement }
      return try judge(release)
    }
    let judgement = try Self.judgement(release, try Self.decode(rows), pending: pending)
    verdicts.withLock {
      $0[release.identifier] = CachedVerdict(generation: generation, judgement: judgement)
    }
    return judgement
  }

  private static func judgement(
    _ release: PublishedRelease, _ windows: [StoredWindow], pending: Int
  ) throws(StoreError) -> ReleaseJudgement {
    var verdict: Verdict?
    var live: WindowCounts?
    if let contract = release.manifest.telemetry, let reference = release.reference {
      do throws(TapError) {
        let counts = windows.map(\.record.content.counts)
        verdict = try Verdict.evaluate(contract: contract, reference: reference, windows: counts)
        live = try WindowCounts.merged(counts, of: contract)
      } catch {
        throw StoreError(description: "release \(release.hex): \(error.message)")
      }
    }
    return ReleaseJudgement(
      release: release, verdict: verdict, live: live,
      devices: Set(windows.map(\.device)).count, windows: windows.count,
      firstStart: windows.map(\.record.content.start).min(),
      lastEnd: windows.map(\.record.content.end).max(),
      driftedSince: verdict?.since.map { windows[$0].record.content.start },
      pendingWindows: pending)
  }

  private static func decode(_ rows: [[SQLValue]]) throws(StoreError) -> [StoredWindow] {
    var windows: [StoredWindow] = []
    windows.reserveCapacity(rows.count)
    for row in rows {
      do throws(TelemetryError) {
        windows.append(
          StoredWindow(device: row[0].blob, record: try WindowRecord.decode(row[1].blob)))
      } catch {
        throw StoreError(description: "a stored record cannot be read: \(error.message)")
      }
    }
    return windows
  }

  /// Sums over the store's life, for monitoring.
  public func totals() throws(StoreError) -> FleetTotals {
    try read { database throws(StoreError) in
      FleetTotals(
        accepted: try Self.counter("accepted", in: database),
        duplicates: try Self.counter("duplicates", in: database),
        forks: try Self.counter("forks", in: database),
        refused: try Self.counter("refused", in: database))
    }
  }
}

/// Records by what came of them.
public struct FleetTotals: Sendable, Equatable {
  /// Stored.
  public let accepted: Int
  /// There already.
  public let duplicates: Int
  /// Contradicting the stored history.
  public let forks: Int
  /// Kept out.
  public let refused: Int
}
