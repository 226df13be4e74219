import CBOR
import SignalChain

extension PlanEntry {
  /// True when raw data passes through anything but a scale: such manifests are of schema 2.
  var usesChain: Bool {
    audio != nil || stream != nil || decision != nil || boxes != nil || !roles.isEmpty
      || (inputs + outputs).contains { $0.normalization != nil }
  }
}

/// Elements of a shape; nil where an Int cannot count them.
func elementCount(_ shape: [UInt64]) -> Int? {
  var elements = 1
  for size in shape {
    let (product, overflows) = elements.multipliedReportingOverflow(by: Int(size))
    guard !overflows else { return nil }
    elements = product
  }
  return elements
}

extension CBORRecord {
  /// A number that a Float holds: any other would be another one here than where it was signed.
  fileprivate func float(at key: String) throws(CBORError) -> Float {
    try Self.float(try double(at: key), pathOf(key))
  }

  fileprivate func floats(at key: String, limit: Int) throws(CBORError) -> [Float] {
    var floats: [Float] = []
    for value in try doubles(at: key, limit: limit) {
      floats.append(try Self.float(value, pathOf(key)))
    }
    return floats
  }

  private static func float(_ stated: Double, _ path: String) throws(CBORError) -> Float {
    let float = Float(stated)
    guard Double(float) == stated else { throw CBORError.outOfRange(path: path) }
    return float
  }
}

extension Normalization {
  func cbor() -> CBORValue {
    .map([
      "factor": .float64(Double(factor)),
      "means": .array(means.map { .float64(Double($0)) }),
      "deviations": .array(deviations.map { .float64(Double($0)) }),
      "stride": .unsigned(UInt64(stride)),
    ])
  }

  init(_ record: CBORRecord, shape: [UInt64]) throws(CBORError) {
    try record.expectOnly(["factor", "means", "deviations", "stride"])
    let limit = Normalization.channelsMax
    let stride = try record.unsigned(at: "stride")
    guard stride <= 1 << 26,
      let normalization = Normalization(
        factor: try record.float(at: "factor"), means: try record.floats(at: "means", limit: limit),
        deviations: try record.floats(at: "deviations", limit: limit), stride: Int(stride))
    else { throw CBORError.outOfRange(path: record.pathOf("deviations")) }
    guard let elements = elementCount(shape), normalization.fits(elements: elements) else {
      throw CBORError.outOfRange(path: record.pathOf("stride"))
    }
    self = normalization
  }
}

extension DecisionRule {
  func cbor() -> CBORValue {
    var map: CBORMap = [
      "output": .unsigned(UInt64(output)), "needed": .unsigned(UInt64(needed)),
      "window": .unsigned(UInt64(window)),
    ]
    switch judgement {
    case .topClass(let thresholds, let alarms):
      map[.text("thresholds")] = .array(thresholds.map { .int(Int64($0)) })
      map[.text("alarms")] = .array(alarms.map { .unsigned(UInt64($0)) })
    case .reconstruction(let error, let input, let threshold):
      map[.text("input")] = .unsigned(UInt64(input))
      map[.text("input_weight")] = .int(Int64(error.inputWeight))
      map[.text("output_weight")] = .int(Int64(error.outputWeight))
      map[.text("threshold")] = .unsigned(threshold)
    }
    return .map(map)
  }

  /// Reads a rule; it must fit the ports it speaks of.
  init(_ record: CBORRecord, inputs: [Port], outputs: [Port]) throws(CBORError) {
    let output = try record.count(at: "output")
    guard output < outputs.count else { throw CBORError.outOfRange(path: record.pathOf("output")) }
    let elements = elementCount(outputs[output].shape)
    let judgement: Judgement
    if record.has("thresholds") {
      try record.expectOnly(["output", "needed", "window", "thresholds", "alarms"])
      // The integer above all others is never reached.
      let isWide = outputs[output].element.utf8.elementsEqual("int16".utf8)
      judgement = try .classes(
        record, elements: elements, thresholds: isWide ? -32768...32768 : -128...128)
    } else {
      try record.expectOnly([
        "output", "needed", "window", "input", "input_weight", "output_weight", "threshold",
      ])
      let input = try record.count(at: "input")
      guard input < inputs.count, let elements, elements == elementCount(inputs[input].shape),
        elements <= ReconstructionError.elementsMax
      else { throw CBORError.outOfRange(path: record.pathOf("input")) }
      guard let weight = Int32(exactly: try record.int(at: "input_weight")),
        let other = Int32(exactly: try record.int(at: "output_weight")),
        let error = ReconstructionError(inputWeight: weight, outputWeight: other)
      else { throw CBORError.outOfRange(path: record.pathOf("input_weight")) }
      let threshold = try record.unsigned(at: "threshold")
      judgement = .reconstruction(error, input: input, threshold: threshold)
    }
    guard
      let rule = DecisionRule(
        judgement: judgement, output: output, needed: try record.count(at: "needed"),
        window: try record.count(at: "window"))
    else { throw CBORError.outOfRange(path: record.pathOf("needed")) }
    self = rule
  }
}

extension DecisionRule.Judgement {
  fileprivate static func classes(
    _ record: CBORRecord, elements: Int?, thresholds range: ClosedRange<Int64>
  ) throws(CBORError) -> Self {
    var thresholds: [Int32] = []
    for threshold in try record.ints(at: "thresholds", limit: BundleLimits.labels) {
      guard range.contains(threshold) else {
        throw CBORError.outOfRange(path: record.pathOf("thresholds"))
      }
      thresholds.append(Int32(threshold))
    }
    guard thresholds.count == elements else {
      throw CBORError.outOfRange(path: record.pathOf("thresholds"))
    }
    var alarms: [Int] = []
    for alarm in try record.ints(at: "alarms", limit: BundleLimits.labels) {
      guard alarm >= 0, alarm < Int64(thresholds.count),
        alarms.last.map({ $0 < Int(alarm) }) ?? true
      else { throw CBORError.outOfRange(path: record.pathOf("alarms")) }
      alarms.append(Int(alarm))
    }
    return .topClass(thresholds: thresholds, alarms: alarms)
  }
}

extension StreamRule {
  func cbor() -> CBORValue {
    .map([
      "rows": .unsigned(UInt64(rows)), "channels": .unsigned(UInt64(channels)),
      "hop": .unsigned(UInt64(hop)), "channels_first": .bool(isChannelsFirst),
    ])
  }

  /// Reads a rule; it must fit the only input.
  init(_ record: CBORRecord, inputs: [Port]) throws(CBORError) {
    try record.expectOnly(["rows", "channels", "hop", "channels_first"])
    guard
      let rule = StreamRule(
        rows: try record.count(at: "rows"), channels: try record.count(at: "channels"),
        hop: try record.count(at: "hop"), isChannelsFirst: try record.bool(at: "channels_first"))
    else { throw CBORError.outOfRange(path: record.pathOf("rows")) }
    guard inputs.count == 1, elementCount(inputs[0].shape) == rule.elements,
      inputs[0].normalization.map({ rule.allows($0) }) ?? true
    else { throw CBORError.outOfRange(path: record.pathOf("channels")) }
    self = rule
  }
}

extension AudioRule {
  private static let keys = [
    "rate", "frame", "hop", "transform", "window", "spectrum", "bands", "low", "high", "offset",
    "coefficients",
  ]

  func cbor() -> CBORValue {
    .map([
      "rate": .unsigned(UInt64(rate)), "frame": .unsigned(UInt64(frame)),
      "hop": .unsigned(UInt64(hop)), "transform": .unsigned(UInt64(transform)),
      "window": .text(window.rawValue), "spectrum": .text(spectrum.rawValue),
      "bands": .unsigned(UInt64(bands)), "low": .unsigned(UInt64(low)),
      "high": .unsigned(UInt64(high)), "offset": .unsigned(UInt64(offset)),
      "coefficients": .unsigned(UInt64(coefficients)),
    ])
  }

  /// Reads a rule; its rows must be those of the stream.
  init(_ record: CBORRecord, stream: StreamRule?) throws(CBORError) {
    try record.expectOnly(Self.keys)
    guard let window = Window(rawValue: try record.text(at: "window")) else {
      throw CBORError.outOfRange(path: record.pathOf("window"))
    }
    guard let spectrum = Spectrum(rawValue: try record.text(at: "spectrum")) else {
      throw CBORError.outOfRange(path: record.pathOf("spectrum"))
    }
    let rule = AudioRule(
      rate: try record.count(at: "rate"), frame: try record.count(at: "frame"),
      hop: try record.count(at: "hop"), transform: try record.count(at: "transform"),
      window: window, spectrum: spectrum, bands: try record.count(at: "bands"),
      low: try record.count(at: "low"), high: try record.count(at: "high"),
      offset: try record.count(at: "offset"), coefficients: try record.count(at: "coefficients"))
    guard rule.fault == nil else { throw CBORError.outOfRange(path: record.pathOf("rate")) }
    guard rule.features == stream?.channels else {
      throw CBORError.outOfRange(path: record.pathOf("coefficients"))
    }
    self = rule
  }
}
