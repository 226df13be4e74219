public import CBOR

extension TapCounts {
  /// A flat array: below, above, then the bins.
  public func cbor() -> CBORValue {
    var items: [CBORValue] = [.unsigned(UInt64(below)), .unsigned(UInt64(above))]
    for count in bins { items.append(.unsigned(UInt64(count))) }
    return .array(items)
  }

  /// Reads counts of `items` items: the bins sum to it, and no guard is larger.
  public init(cbor value: CBORValue, items: UInt32, path: String) throws(CBORError) {
    guard case .array(let parts) = value else {
      throw CBORError.mistyped(path: path, expected: "an array of counts")
    }
    guard parts.count >= 3, parts.count <= DriftLimits.bins + 2 else {
      throw CBORError.outOfRange(path: path)
    }
    var counts: [UInt32] = []
    for part in parts {
      guard case .unsigned(let number) = part else {
        throw CBORError.mistyped(path: path, expected: "an array of counts")
      }
      guard let count = UInt32(exactly: number), count <= items else {
        throw CBORError.outOfRange(path: path)
      }
      counts.append(count)
    }
    self.init(bins: Array(counts[2...]), below: counts[0], above: counts[1])
    guard total == UInt64(items), UInt64(below) + UInt64(above) <= UInt64(items) else {
      throw CBORError.outOfRange(path: path)
    }
  }

  /// Reads the counts of all taps of `items` items.
  public static func list(
    _ record: CBORRecord, at key: String, items: UInt32
  ) throws(CBORError) -> [TapCounts] {
    var taps: [TapCounts] = []
    for value in try record.array(at: key, limit: DriftLimits.taps) {
      taps.append(try TapCounts(cbor: value, items: items, path: record.pathOf(key)))
    }
    return taps
  }
}

extension ReferenceStatistics {
  /// The reference as deterministic CBOR: keys `items`, `taps`, `null`.
  public func cbor() -> CBORValue {
    .map([
      "items": .unsigned(UInt64(items)), "taps": .array(taps.map { $0.cbor() }),
      "null": null.cbor(),
    ])
  }

  /// Reads a reference for `contract`; refuses one whose taps or bins are others.
  public init(
    cbor value: CBORValue, contract: TelemetryContract, path: String = "reference"
  ) throws(CBORError) {
    let record = try CBORRecord(value, path: path)
    try record.expectOnly(["items", "taps", "null"])
    let items = try record.u32(at: "items")
    let taps = try TapCounts.list(record, at: "taps", items: items)
    guard taps.count == contract.taps.count else {
      throw CBORError.outOfRange(path: record.pathOf("taps"))
    }
    for index in taps.indices where taps[index].bins.count != contract.taps[index].binCount {
      throw CBORError.outOfRange(path: record.pathOf("taps"))
    }
    let null = try NullDistribution(
      record: try record.record(at: "null"), taps: taps.count)
    self.init(items: items, taps: taps, null: null)
  }
}

extension NullDistribution {
  func cbor() -> CBORValue {
    .map([
      "window": .unsigned(UInt64(windowItems)), "draws": .unsigned(UInt64(draws)),
      "taps": .array(tapQuantiles.map { .array($0.map { .float64($0) }) }),
      "family": .array(familyQuantiles.map { .float64($0) }),
    ])
  }

  init(record: CBORRecord, taps: Int) throws(CBORError) {
    try record.expectOnly(["window", "draws", "taps", "family"])
    let draws = try record.u32(at: "draws")
    guard draws <= UInt32(Self.drawLimit) else {
      throw CBORError.outOfRange(path: record.pathOf("draws"))
    }
    let levels = Self.levels(draws: draws).count
    var tapQuantiles: [[Double]] = []
    for value in try record.array(at: "taps", limit: DriftLimits.taps) {
      tapQuantiles.append(
        try Self.ascending(value, count: levels, path: record.pathOf("taps")))
    }
    guard tapQuantiles.count == taps else {
      throw CBORError.outOfRange(path: record.pathOf("taps"))
    }
    let family = try Self.ascending(
      try record.value(at: "family"), count: levels, path: record.pathOf("family"))
    self.init(
      windowItems: try record.u32(at: "window"), draws: draws, tapQuantiles: tapQuantiles,
      familyQuantiles: family)
  }

  /// `count` finite numbers, none negative, none below the one before; or none at all.
  private static func ascending(
    _ value: CBORValue, count: Int, path: String
  ) throws(CBORError) -> [Double] {
    guard case .array(let items) = value else {
      throw CBORError.mistyped(path: path, expected: "an array of numbers")
    }
    guard items.isEmpty || items.count == count else { throw CBORError.outOfRange(path: path) }
    var numbers: [Double] = []
    for item in items {
      guard case .float64(let number) = item else {
        throw CBORError.mistyped(path: path, expected: "an array of numbers")
      }
      guard number.isFinite, number >= (numbers.last ?? 0) else {
        throw CBORError.outOfRange(path: path)
      }
      numbers.append(number)
    }
    return numbers
  }
}
