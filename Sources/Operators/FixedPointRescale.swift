import PlanFormat

extension FixedPointScale {
  /// round(value · multiplier · 2^(shift − 31)), rounded twice as TFLite's
  /// MultiplyByQuantizedMultiplier does (Numerics), for tables made on the host.
  func appliedTwice(_ value: Int32) -> Int32 {
    let raised = Int64(value) << Int64(min(max(shift, 0), 22))
    let product = raised * Int64(multiplier)
    let high = (product + (product >= 0 ? 1 << 30 : 1 - (1 << 30))) / (1 << 31)
    let places = Int64(max(-shift, 0))
    guard places > 0 else { return Int32(clamping: high) }
    let half = Int64(1) << (places - 1)
    let magnitude = (Int64(high.magnitude) + half) >> places
    return Int32(clamping: high < 0 ? -magnitude : magnitude)
  }
}
