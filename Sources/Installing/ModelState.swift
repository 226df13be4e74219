import CBOR
import Sealing

/// A release as a root keeps it: what it is, and the objects that hold it.
public struct InstalledRelease: Sendable, Equatable {
  /// SHA-256 of the manifest.
  public var release: [UInt8]
  /// The manifest's sequence number.
  public var sequence: UInt64
  /// The manifest's version.
  public var version: String
  /// True when a development signature was accepted for it.
  public var isDevelopment: Bool
  /// Bytes of activations.
  public var arenaBytes: UInt64
  /// Bytes resident while it runs: arena, image, tables.
  public var peakBytes: UInt64
  /// Bytes of the prepared image.
  public var imageBytes: UInt64
  /// SHA-256 of the prepared image.
  package var image: [UInt8]
  /// SHA-256 of the signed manifest file.
  package var manifest: [UInt8]
  /// SHA-256 of the golden vectors.
  package var golden: [UInt8]
  /// SHA-256 of the reference statistics, if the bundle has them.
  package var reference: [UInt8]?

  /// Every object it needs.
  var objects: [[UInt8]] {
    var objects = [image, manifest, golden]
    if let reference { objects.append(reference) }
    return objects
  }
}

/// The record of a model in a root: one file, replaced by one rename.
public struct ModelState: Sendable, Equatable {
  /// Why a root went back by itself.
  public struct Return: Sendable, Equatable {
    /// The release it left.
    public var release: [UInt8]
    /// What was wrong with it.
    public var reason: String
  }

  /// The release that runs.
  public var active: InstalledRelease?
  /// The one to go back to.
  public var previous: InstalledRelease?
  /// Staged, not yet running.
  public var candidate: InstalledRelease?
  /// The first release ever activated: the last resort when the others are damaged.
  public var recovery: InstalledRelease?
  /// The highest sequence number ever activated. It never falls.
  public var floor: UInt64 = 0
  /// The release that set the floor: the only one of that number this root accepts.
  public var floorRelease: [UInt8]?
  /// The last automatic return.
  public var lastReturn: Return?

  /// Every object the record names.
  var objects: [[UInt8]] {
    var objects: [[UInt8]] = []
    for release in [active, previous, candidate, recovery] {
      if let release { objects += release.objects }
    }
    return objects
  }

  /// Makes `release` the active one.
  mutating func activate(_ release: InstalledRelease) {
    if let active, active.release != release.release { previous = active }
    if let kept = previous, kept.release == release.release { previous = nil }
    active = release
    candidate = nil
    if recovery == nil { recovery = release }
    if floorRelease == nil || release.sequence > floor {
      floor = release.sequence
      floorRelease = release.release
    }
    // A release that was installed anew replaces every record of it: the old objects may be damaged.
    if let kept = recovery, kept.release == release.release { recovery = release }
  }
}

extension ModelState {
  static let sizeLimit = 64 << 10

  /// Deterministic CBOR of the record beside its SHA-256: a flipped bit must not pass for a lower floor.
  func encoded() -> [UInt8] {
    var map: CBORMap = ["schema": .unsigned(1), "floor": .unsigned(floor)]
    if let active { map["active"] = active.cbor() }
    if let previous { map["previous"] = previous.cbor() }
    if let candidate { map["candidate"] = candidate.cbor() }
    if let recovery { map["recovery"] = recovery.cbor() }
    if let floorRelease { map["floor_release"] = .bytes(floorRelease) }
    if let lastReturn {
      map["return"] = .map([
        "release": .bytes(lastReturn.release), "reason": .text(lastReturn.reason),
      ])
    }
    let record = CBORValue.map(map).encoded()
    return CBORValue.map(["record": .bytes(record), "sha256": .bytes(SHA256.digest(record))])
      .encoded()
  }

  init(decoding bytes: [UInt8]) throws(CBORError) {
    let file = try CBORRecord(try CBORValue.decode(bytes, depth: 2, items: 8))
    try file.expectOnly(["record", "sha256"])
    let content = try file.bytes(at: "record")
    guard SHA256.digest(content) == (try file.bytes(at: "sha256", count: SHA256.size)) else {
      throw CBORError.outOfRange(path: "sha256")
    }
    let record = try CBORRecord(try CBORValue.decode(content, depth: 4, items: 256))
    try record.expectOnly([
      "schema", "active", "previous", "candidate", "recovery", "floor", "floor_release", "return",
    ])
    guard try record.unsigned(at: "schema") == 1 else {
      throw CBORError.outOfRange(path: "schema")
    }
    active = try InstalledRelease(record, "active")
    previous = try InstalledRelease(record, "previous")
    candidate = try InstalledRelease(record, "candidate")
    recovery = try InstalledRelease(record, "recovery")
    floor = try record.unsigned(at: "floor")
    if record.has("floor_release") {
      floorRelease = try record.bytes(at: "floor_release", count: SHA256.size)
    }
    if record.has("return") {
      let left = try record.record(at: "return")
      try left.expectOnly(["release", "reason"])
      lastReturn = Return(
        release: try left.bytes(at: "release", count: SHA256.size),
        reason: try left.text(at: "reason"))
    }
  }
}

extension InstalledRelease {
  fileprivate func cbor() -> CBORValue {
    var map: CBORMap = [
      "release": .bytes(release), "sequence": .unsigned(sequence), "version": .text(version),
      "development": .bool(isDevelopment), "arena_bytes": .unsigned(arenaBytes),
      "peak_bytes": .unsigned(peakBytes), "image_bytes": .unsigned(imageBytes),
      "image": .bytes(image), "manifest": .bytes(manifest), "golden": .bytes(golden),
    ]
    if let reference { map["reference"] = .bytes(reference) }
    return .map(map)
  }

  /// The release under `key`; nil when the record has none.
  fileprivate init?(_ state: CBORRecord, _ key: String) throws(CBORError) {
    guard state.has(key) else { return nil }
    let record = try state.record(at: key)
    try record.expectOnly([
      "release", "sequence", "version", "development", "arena_bytes", "peak_bytes", "image_bytes",
      "image", "manifest", "golden", "reference",
    ])
    release = try record.bytes(at: "release", count: SHA256.size)
    sequence = try record.unsigned(at: "sequence")
    version = try record.text(at: "version")
    isDevelopment = try record.bool(at: "development")
    arenaBytes = try record.unsigned(at: "arena_bytes")
    peakBytes = try record.unsigned(at: "peak_bytes")
    imageBytes = try record.unsigned(at: "image_bytes")
    image = try record.bytes(at: "image", count: SHA256.size)
    manifest = try record.bytes(at: "manifest", count: SHA256.size)
    golden = try record.bytes(at: "golden", count: SHA256.size)
    reference =
      record.has("reference") ? try record.bytes(at: "reference", count: SHA256.size) : nil
  }
}
