import CBOR
import SignalChain

extension PlanEntry {
  /// True when raw data passes through anything but a scale: such manifests are of schema 2.
  var usesChain: Bool { (inputs + outputs).contains { $0.normalization != nil } }
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
    var elements = 1
    for size in shape {
      let (product, overflows) = elements.multipliedReportingOverflow(by: Int(size))
      guard !overflows else { throw CBORError.outOfRange(path: record.pathOf("stride")) }
      elements = product
    }
    guard normalization.fits(elements: elements) else {
      throw CBORError.outOfRange(path: record.pathOf("stride"))
    }
    self = normalization
  }
}
