/// Signal and quantisation noise summed over values in order.
public struct NoiseMeter: Sendable {
  /// Σ reference².
  public private(set) var signal = 0.0
  /// Σ (reference − actual)².
  public private(set) var noise = 0.0

  /// Creates an empty sum.
  public init() {}

  /// Adds the values of one item, as many of both.
  public mutating func add(_ reference: [Float], _ actual: [Float]) {
    for (expected, got) in zip(reference, actual) {
      let difference = Double(expected) - Double(got)
      signal += Double(expected) * Double(expected)
      noise += difference * difference
    }
  }

  /// 10·log10(signal / noise), rounded to hundredths so that a report does not depend on the last
  /// bit of a library's logarithm. 120 when there is no noise, −120 when there is no signal.
  public var decibels: Double {
    guard noise > 0 else { return 120 }
    guard signal > 0 else { return -120 }
    return (Decibels.of(signal / noise) * 100).rounded() / 100
  }
}
