import Wire

/// A device that sent telemetry.
public struct FleetDevice: Sendable, Equatable {
  /// What its data is worth.
  public enum State: Int, Sendable, CaseIterable {
    /// Seen, and nobody has said yet that it belongs here: kept, not judged.
    case pending = 0
    /// Counts in verdicts.
    case approved = 1
    /// Its batches are refused and what it sent no longer counts.
    case revoked = 2

    /// `pending`, `approved` or `revoked`.
    public var text: String {
      switch self {
      case .pending: "pending"
      case .approved: "approved"
      case .revoked: "revoked"
      }
    }
  }

  /// SHA-256 of its public key.
  public let identifier: [UInt8]
  /// Ed25519, 32 bytes.
  public let publicKey: [UInt8]
  /// State.
  public let state: State
  /// Two histories were signed with its key: see ``FleetStore/ingest(_:now:)``.
  public let isCloned: Bool
  /// First batch, seconds since 1970 by the server's clock.
  public let firstSeen: Int64
  /// Last batch.
  public let lastSeen: Int64
  /// Windows stored.
  public let windows: Int
  /// Sequences between 1 and the highest stored that are not there.
  public let missing: Int

  /// The identifier in hexadecimal.
  public var hex: String { Hex.encode(identifier) }
}

extension FleetStore {
  /// All devices, the last seen first.
  public func devices() throws(StoreError) -> [FleetDevice] {
    try read { database throws(StoreError) in
      let rows = try database.query(
        """
        SELECT d.device, d.public_key, d.state, d.cloned, d.first_seen, d.last_seen,
          count(r.sequence), coalesce(max(r.sequence), 0)
        FROM devices d LEFT JOIN records r ON r.device = d.device
        GROUP BY d.device ORDER BY d.last_seen DESC, d.device
        """)
      return rows.map { row in
        FleetDevice(
          identifier: row[0].blob, publicKey: row[1].blob,
          state: FleetDevice.State(rawValue: Int(row[2].integer)) ?? .revoked,
          isCloned: row[3].integer != 0, firstSeen: row[4].integer, lastSeen: row[5].integer,
          windows: Int(row[6].integer), missing: Int(row[7].integer - row[6].integer))
      }
    }
  }

  /// Approves the device whose identifier begins with `name`, or with `all` every pending one.
  /// Approving a revoked device by name takes it back. Returns what was changed.
  @discardableResult
  public func approve(_ name: String) throws(StoreError) -> [String] {
    try change(name, to: .approved, from: .pending)
  }

  /// Revokes the device whose identifier begins with `name`, or with `all` every one.
  @discardableResult
  public func revoke(_ name: String) throws(StoreError) -> [String] {
    try change(name, to: .revoked, from: nil)
  }

  private func change(
    _ name: String, to state: FleetDevice.State, from only: FleetDevice.State?
  ) throws(StoreError) -> [String] {
    let all = name == "all"
    let prefix = name.lowercased()
    guard all || (4...64).contains(prefix.utf8.count) && prefix.utf8.allSatisfy(Self.isHexDigit)
    else {
      throw StoreError(
        description: "'\(name)' is no device: give 4 or more hexadecimal digits, or all")
    }
    let devices = try self.devices().filter { all || $0.hex.hasPrefix(prefix) }
    if !all {
      guard !devices.isEmpty else { throw StoreError(description: "no device begins with \(name)") }
      guard devices.count == 1 else {
        throw StoreError(
          description: "\(devices.count) devices begin with \(name): give more digits")
      }
    }
    let changed = devices.filter { $0.state != state && (!all || only == nil || $0.state == only) }
    try write { database throws(StoreError) in
      for device in changed {
        try database.query(
          "UPDATE devices SET state = ? WHERE device = ?",
          [.integer(Int64(state.rawValue)), .blob(device.identifier)])
      }
    }
    return changed.map(\.hex)
  }
}
