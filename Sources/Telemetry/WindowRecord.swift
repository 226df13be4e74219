import CBOR
public import DriftStatistics

/// A number the application reported, such as a KPI.
public struct NamedValue: Sendable, Equatable {
  /// Its name.
  public var name: String
  /// Its value, finite.
  public var value: Double

  /// Creates a value.
  public init(name: String, value: Double) {
    self.name = name
    self.value = value
  }
}

/// A property the application gave the window, such as `line = 3`.
public struct SliceLabel: Sendable, Equatable {
  /// What it names.
  public var name: String
  /// Its value.
  public var value: String

  /// Creates a label.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// What one window measured; the spool adds the chain.
public struct WindowContent: Sendable, Equatable {
  /// The release: SHA-256 of its manifest.
  public var release: [UInt8]
  /// First item, seconds since 1970 as the device believed.
  public var start: Int64
  /// Last item.
  public var end: Int64
  /// Inferences, sampled or not.
  public var seen: UInt64
  /// Counts of the sampled ones.
  public var counts: WindowCounts
  /// Latencies of all inferences.
  public var latency: LatencyHistogram
  /// Closed before the contract's number of items.
  public var isPartial: Bool
  /// Numbers the application reported.
  public var indicators: [NamedValue] = []
  /// Labels the application gave.
  public var slices: [SliceLabel] = []

  /// Creates a window's content.
  public init(
    release: [UInt8], start: Int64, end: Int64, seen: UInt64, counts: WindowCounts,
    latency: LatencyHistogram, isPartial: Bool
  ) {
    self.release = release
    self.start = start
    self.end = end
    self.seen = seen
    self.counts = counts
    self.latency = latency
    self.isPartial = isPartial
  }
}

/// One record of a device's chain.
public struct WindowRecord: Sendable, Equatable {
  /// The schema this program writes.
  public static let schema: UInt64 = 1
  /// The largest record, bytes.
  public static let byteLimit = 128 * 1024
  /// Entries of the KPI and slice maps.
  public static let entryLimit = 32

  /// Times the spool was opened on this device.
  public var boot: UInt64
  /// Position in the chain, from 1.
  public var sequence: UInt64
  /// SHA-256 of the record before; zeros for the first.
  public var previous: [UInt8]
  /// Records lost on the device since its spool was made: dropped for space or torn.
  public var lost: UInt64
  /// What was measured.
  public var content: WindowContent

  /// Creates a record.
  public init(
    boot: UInt64, sequence: UInt64, previous: [UInt8], lost: UInt64, content: WindowContent
  ) {
    self.boot = boot
    self.sequence = sequence
    self.previous = previous
    self.lost = lost
    self.content = content
  }

  /// Deterministic CBOR (RFC 8949 section 4.2).
  public func encoded() -> [UInt8] {
    var indicators = CBORMap()
    for entry in content.indicators { indicators[entry.name] = .float64(entry.value) }
    var slices = CBORMap()
    for entry in content.slices { slices[entry.name] = .text(entry.value) }
    return CBORValue.map([
      "schema": .unsigned(Self.schema), "release": .bytes(content.release),
      "boot": .unsigned(boot), "sequence": .unsigned(sequence), "previous": .bytes(previous),
      "lost": .unsigned(lost), "start": .int(content.start), "end": .int(content.end),
      "seen": .unsigned(content.seen), "items": .unsigned(UInt64(content.counts.items)),
      "taps": .array(content.counts.taps.map { $0.cbor() }),
      "latency": .array(content.latency.trimmed.map { .unsigned(UInt64($0)) }),
      "partial": .bool(content.isPartial), "kpis": .map(indicators), "slices": .map(slices),
    ]).encoded()
  }

  /// Reads one record; unknown keys, loose counts and other schemas are refused.
  public static func decode(_ bytes: [UInt8]) throws(TelemetryError) -> WindowRecord {
    guard bytes.count <= byteLimit else {
      throw TelemetryError.tooLarge(bytes: bytes.count, limit: byteLimit)
    }
    let record = try parsed { () throws(CBORError) -> CBORRecord in
      try CBORRecord(try CBORValue.decode(bytes, depth: 4), path: "record")
    }
    let schema = try parsed { () throws(CBORError) -> UInt64 in try record.unsigned(at: "schema") }
    guard schema == Self.schema else { throw TelemetryError.unknownSchema(schema) }
    return try parsed { () throws(CBORError) -> WindowRecord in try WindowRecord(record) }
  }

  private init(_ record: CBORRecord) throws(CBORError) {
    try record.expectOnly([
      "schema", "release", "boot", "sequence", "previous", "lost", "start", "end", "seen",
      "items", "taps", "latency", "partial", "kpis", "slices",
    ])
    guard let items = UInt32(exactly: try record.unsigned(at: "items")) else {
      throw CBORError.outOfRange(path: record.pathOf("items"))
    }
    let seen = try record.unsigned(at: "seen")
    guard seen >= UInt64(items) else { throw CBORError.outOfRange(path: record.pathOf("seen")) }
    var buckets: [UInt32] = []
    for value in try record.ints(at: "latency", limit: LatencyHistogram.bucketCount) {
      guard let count = UInt32(exactly: value) else {
        throw CBORError.outOfRange(path: record.pathOf("latency"))
      }
      buckets.append(count)
    }
    guard buckets.last != 0, let latency = LatencyHistogram(counts: buckets) else {
      throw CBORError.outOfRange(path: record.pathOf("latency"))
    }
    var content = WindowContent(
      release: try record.bytes(at: "release", count: 32), start: try record.int(at: "start"),
      end: try record.int(at: "end"), seen: seen,
      counts: WindowCounts(
        items: items, taps: try TapCounts.list(record, at: "taps", items: items)),
      latency: latency, isPartial: try record.bool(at: "partial"))
    content.indicators = try Self.indicators(record)
    content.slices = try Self.slices(record)
    let sequence = try record.unsigned(at: "sequence")
    guard sequence > 0, sequence < UInt64(Int64.max) else {
      throw CBORError.outOfRange(path: record.pathOf("sequence"))
    }
    self.init(
      boot: try record.unsigned(at: "boot"), sequence: sequence,
      previous: try record.bytes(at: "previous", count: 32),
      lost: try record.unsigned(at: "lost"), content: content)
  }

  private static func indicators(_ record: CBORRecord) throws(CBORError) -> [NamedValue] {
    let map = try record.record(at: "kpis").map
    var values: [NamedValue] = []
    guard map.count <= entryLimit else { throw CBORError.outOfRange(path: record.pathOf("kpis")) }
    for entry in map.entries {
      guard case .text(let name) = entry.key, case .float64(let value) = entry.value,
        value.isFinite, name.utf8.count <= DriftLimits.textBytes
      else { throw CBORError.outOfRange(path: record.pathOf("kpis")) }
      values.append(NamedValue(name: name, value: value))
    }
    return values
  }

  private static func slices(_ record: CBORRecord) throws(CBORError) -> [SliceLabel] {
    let map = try record.record(at: "slices").map
    var labels: [SliceLabel] = []
    guard map.count <= entryLimit else {
      throw CBORError.outOfRange(path: record.pathOf("slices"))
    }
    for entry in map.entries {
      guard case .text(let name) = entry.key, case .text(let value) = entry.value,
        name.utf8.count <= DriftLimits.textBytes, value.utf8.count <= DriftLimits.textBytes
      else { throw CBORError.outOfRange(path: record.pathOf("slices")) }
      labels.append(SliceLabel(name: name, value: value))
    }
    return labels
  }
}
