public import BundleFormat
import CBOR
public import DriftStatistics
import Sealing
import Wire

/// A published release.
public struct PublishedRelease: Sendable {
  /// SHA-256 of the manifest: its identity.
  public let identifier: [UInt8]
  /// What the bundle says of itself, with the telemetry contract and the port labels.
  public let manifest: Manifest
  /// What live counts are held against; nil for a bundle packed without data.
  public let reference: ReferenceStatistics?
  /// Seconds since 1970.
  public let published: Int64

  /// The identity in hexadecimal.
  public var hex: String { Hex.encode(identifier) }
}

/// Why a bundle was not published.
public enum PublishError: Error, Equatable {
  /// It is damaged or not trusted.
  case bundle(BundleError)
  /// Its reference statistics cannot be read.
  case reference(String)
  /// The database refused.
  case store(StoreError)

  /// One line for a person.
  public var message: String {
    switch self {
    case .bundle(let error): error.message
    case .reference(let reason): "the bundle's reference statistics are not valid: \(reason)"
    case .store(let error): error.description
    }
  }
}

/// What publishing did.
public struct PublishOutcome: Sendable {
  /// The release.
  public let release: PublishedRelease
  /// True when it was published before; nothing changed.
  public let wasPublished: Bool
  /// Identifiers of the keys that are trusted from now on, because none was before.
  public let pinned: [String]
}

extension FleetStore {
  /// Publishes a bundle: verifies all of it and keeps what verdicts need. In a store without
  /// trusted keys the bundle's own signers become the trusted ones (trust on first use). Bundles
  /// signed with a development key are taken: a server only counts; devices decide what runs.
  public func publish(_ bytes: [UInt8], now: Int64) throws(PublishError) -> PublishOutcome {
    let verifier = BundleVerifier(opener: SodiumZstd())
    let pinned: [[UInt8]]
    let bundle: VerifiedBundle
    do throws(BundleError) {
      let known = try trusted()
      let signers = known.isEmpty ? try verifier.peek(bytes).signatures.map(\.publicKey) : []
      pinned = signers
      bundle = try verifier.verify(
        bytes, trust: TrustPolicy(keys: known + signers, allowsDevelopment: true))
    } catch {
      throw .bundle(error)
    }
    let reference = try reference(of: bundle)
    do throws(StoreError) {
      let isNew = try write { database throws(StoreError) in
        for key in pinned { try Self.trust(key, origin: "first-publish", in: database) }
        let manifest = bundle.manifest
        try database.query(
          "INSERT OR IGNORE INTO releases VALUES (?, ?, ?, ?, ?, ?, ?)",
          [
            .blob(bundle.release), .text(manifest.name), .text(manifest.version),
            .integer(Int64(clamping: manifest.sequence)), .blob(bundle.manifestBytes),
            reference.map { .blob($0.bytes) } ?? .null, .integer(now),
          ])
        return database.changes > 0
      }
      return PublishOutcome(
        release: PublishedRelease(
          identifier: bundle.release, manifest: bundle.manifest, reference: reference?.value,
          published: now),
        wasPublished: !isNew, pinned: pinned.map { verifier.identifier(of: $0) })
    } catch {
      throw .store(error)
    }
  }

  private func trusted() throws(BundleError) -> [[UInt8]] {
    do throws(StoreError) {
      return try trustedKeys()
    } catch {
      throw .corrupt(error.description)
    }
  }

  private func reference(
    of bundle: VerifiedBundle
  ) throws(PublishError) -> (bytes: [UInt8], value: ReferenceStatistics)? {
    guard let contract = bundle.manifest.telemetry, bundle.has(.reference) else { return nil }
    let bytes: [UInt8]
    do throws(BundleError) {
      bytes = try bundle.section(.reference)
    } catch {
      throw .bundle(error)
    }
    do throws(CBORError) {
      return (bytes, try Self.decodeReference(bytes, contract: contract))
    } catch {
      throw .reference(error.message)
    }
  }

  static func decodeReference(
    _ bytes: [UInt8], contract: TelemetryContract
  ) throws(CBORError) -> ReferenceStatistics {
    try ReferenceStatistics(
      cbor: try CBORValue.decode(bytes), contract: contract, path: "reference")
  }

  /// All releases, newest sequence first within a name.
  public func releases() throws(StoreError) -> [PublishedRelease] {
    try read { database throws(StoreError) in
      try Self.releases("1 = 1", [], in: database)
    }
  }

  /// The one release whose identity begins with `prefix` (hexadecimal, 4 digits or more); nil when
  /// none or several do.
  public func release(prefix: String) throws(StoreError) -> PublishedRelease? {
    let prefix = prefix.lowercased()
    guard (4...64).contains(prefix.utf8.count), prefix.utf8.allSatisfy({ Self.isHexDigit($0) })
    else { return nil }
    let found = try read { database throws(StoreError) in
      try Self.releases(
        "substr(lower(hex(release)), 1, ?) = ?",
        [.integer(Int64(prefix.utf8.count)), .text(prefix)], in: database)
    }
    return found.count == 1 ? found[0] : nil
  }

  static func isHexDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }

  static func releases(
    _ condition: String, _ parameters: [SQLValue], in database: Database
  ) throws(StoreError) -> [PublishedRelease] {
    let rows = try database.query(
      """
      SELECT release, manifest, reference, published FROM releases
      WHERE \(condition) ORDER BY name, sequence DESC, release
      """, parameters)
    var releases: [PublishedRelease] = []
    for row in rows { releases.append(try release(row)) }
    return releases
  }

  private static func release(_ row: [SQLValue]) throws(StoreError) -> PublishedRelease {
    let manifest: Manifest
    do throws(BundleError) {
      manifest = try Manifest(decoding: row[1].blob)
    } catch {
      throw StoreError(description: "a stored manifest cannot be read: \(error.message)")
    }
    var reference: ReferenceStatistics?
    if case .blob(let bytes) = row[2], let contract = manifest.telemetry {
      do throws(CBORError) {
        reference = try decodeReference(bytes, contract: contract)
      } catch {
        throw StoreError(
          description: "stored reference statistics cannot be read: \(error.message)")
      }
    }
    return PublishedRelease(
      identifier: row[0].blob, manifest: manifest, reference: reference, published: row[3].integer)
  }
}
