extension WindowCounts {
  /// The sum of windows of a contract; no windows give zeros.
  public static func merged(
    _ windows: [WindowCounts], of contract: TelemetryContract
  ) throws(TapError) -> WindowCounts {
    var sum = WindowCounts(
      items: 0,
      taps: contract.taps.map {
        TapCounts(bins: [UInt32](repeating: 0, count: $0.binCount), below: 0, above: 0)
      })
    for window in windows { try sum.merge(window) }
    return sum
  }
}
