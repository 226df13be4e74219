public import CBOR

/// Bounds of everything that is read.
public enum DriftLimits {
  /// Taps of a contract.
  public static let taps = 128
  /// Bins of a tap.
  public static let bins = 64
  /// UTF-8 bytes of a name, a unit or a category.
  public static let textBytes = 255
  /// Items of a window.
  public static let windowItems = 1 << 24
  /// Position of a tapped tensor, and of a channel.
  public static let position = 1 << 24
  /// Quantiles kept per distribution: 2 for each halving down to 2⁻²⁰.
  public static let quantiles = 44
}

extension TelemetryContract {
  /// The contract as deterministic CBOR: keys `window`, `sampling`, `alarm`, `taps`.
  public func cbor() -> CBORValue {
    .map([
      "window": .count(windowItems), "sampling": .count(samplingPeriod),
      "alarm": .float64(alarmRate), "taps": .array(taps.map { $0.cbor() }),
    ])
  }

  /// Reads a contract, refusing anything out of bounds or unknown.
  public init(cbor value: CBORValue, path: String = "telemetry") throws(CBORError) {
    let record = try CBORRecord(value, path: path)
    try record.expectOnly(["window", "sampling", "alarm", "taps"])
    let alarm = try record.double(at: "alarm")
    guard alarm > 0, alarm < 1 else { throw CBORError.outOfRange(path: record.pathOf("alarm")) }
    var taps: [Tap] = []
    for tap in try record.records(at: "taps", limit: DriftLimits.taps) {
      taps.append(try Tap(record: tap))
    }
    self.init(
      windowItems: try record.count(at: "window", in: 1...DriftLimits.windowItems),
      samplingPeriod: try record.count(at: "sampling", in: 1...DriftLimits.windowItems),
      alarmRate: alarm, taps: taps)
  }
}

extension Tap {
  func cbor() -> CBORValue {
    .map([
      "name": .text(name), "unit": .text(unit), "stage": .count(Int(stage.rawValue)),
      "source": .count(source), "function": function.cbor(), "scale": .float64(displayScale),
      "offset": .float64(displayOffset), "edges": .array(edges.map { .int(Int64($0)) }),
      "lowest": .int(Int64(lowest)), "highest": .int(Int64(highest)),
      "categories": .array(categories.map { .text($0) }),
    ])
  }

  init(record: CBORRecord) throws(CBORError) {
    try record.expectOnly([
      "name", "unit", "stage", "source", "function", "scale", "offset", "edges", "lowest",
      "highest", "categories",
    ])
    let stageCode = try record.count(at: "stage", in: 1...3)
    guard let stage = Stage(rawValue: UInt8(stageCode)) else {
      throw CBORError.outOfRange(path: record.pathOf("stage"))
    }
    var edges: [Int32] = []
    for item in try record.ints(at: "edges", limit: DriftLimits.bins - 1) {
      guard let edge = Int32(exactly: item), edge > (edges.last ?? Int32.min) else {
        throw CBORError.outOfRange(path: record.pathOf("edges"))
      }
      edges.append(edge)
    }
    let lowest = try record.int32(at: "lowest")
    let highest = try record.int32(at: "highest")
    guard lowest <= highest else { throw CBORError.outOfRange(path: record.pathOf("highest")) }
    let categories = try record.texts(at: "categories", limit: DriftLimits.bins)
    guard categories.isEmpty || categories.count == edges.count + 1 else {
      throw CBORError.outOfRange(path: record.pathOf("categories"))
    }
    for category in categories where category.utf8.count > DriftLimits.textBytes {
      throw CBORError.outOfRange(path: record.pathOf("categories"))
    }
    self.init(
      name: try record.shortText(at: "name"), unit: try record.shortText(at: "unit"),
      stage: stage, source: try record.count(at: "source", in: 0...DriftLimits.position),
      function: try TapFunction(cbor: record.value(at: "function"), path: record.path),
      displayScale: try record.finite(at: "scale"), displayOffset: try record.finite(at: "offset"),
      edges: edges, lowest: lowest, highest: highest, categories: categories)
  }
}

extension TapFunction {
  /// [code] or [code, argument].
  func cbor() -> CBORValue {
    switch self {
    case .sum(let channel): return .array([.unsigned(1), .count(channel)])
    case .deviation(let channel): return .array([.unsigned(2), .count(channel)])
    case .roughness(let channel): return .array([.unsigned(3), .count(channel)])
    case .projection(let seed): return .array([.unsigned(4), .unsigned(seed)])
    case .margin: return .array([.unsigned(5)])
    case .topClass: return .array([.unsigned(6)])
    }
  }

  init(cbor value: CBORValue, path: String) throws(CBORError) {
    let path = path + ".function"
    guard case .array(let parts) = value, let first = parts.first,
      case .unsigned(let code) = first
    else { throw CBORError.mistyped(path: path, expected: "a tap function") }
    if parts.count == 1, code == 5 {
      self = .margin
      return
    }
    if parts.count == 1, code == 6 {
      self = .topClass
      return
    }
    guard parts.count == 2, case .unsigned(let argument) = parts[1] else {
      throw CBORError.mistyped(path: path, expected: "a tap function")
    }
    if code == 4 {
      self = .projection(seed: argument)
      return
    }
    guard let channel = Int(exactly: argument), channel <= DriftLimits.position else {
      throw CBORError.outOfRange(path: path)
    }
    switch code {
    case 1: self = .sum(channel: channel)
    case 2: self = .deviation(channel: channel)
    case 3: self = .roughness(channel: channel)
    default: throw CBORError.outOfRange(path: path)
    }
  }
}

extension CBORRecord {
  func int32(at key: String) throws(CBORError) -> Int32 {
    guard let value = Int32(exactly: try int(at: key)) else {
      throw CBORError.outOfRange(path: pathOf(key))
    }
    return value
  }

  func u32(at key: String) throws(CBORError) -> UInt32 {
    guard let value = UInt32(exactly: try unsigned(at: key)) else {
      throw CBORError.outOfRange(path: pathOf(key))
    }
    return value
  }

  func finite(at key: String) throws(CBORError) -> Double {
    let value = try double(at: key)
    guard value.isFinite else { throw CBORError.outOfRange(path: pathOf(key)) }
    return value
  }

  func shortText(at key: String) throws(CBORError) -> String {
    let text = try text(at: key)
    guard text.utf8.count <= DriftLimits.textBytes else {
      throw CBORError.outOfRange(path: pathOf(key))
    }
    return text
  }
}
