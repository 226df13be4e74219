extension ScalarKernels {
  /// Mean of the valid taps, halves away from zero.
  static func averagePool(_ call: PoolCall) {
    pool(call, start: 0, fold: { $0 &+ $1 }) { sum, count in
      let half = count / 2
      return sum > 0 ? (sum &+ half) / count : (sum &- half) / count
    }
  }

  /// Largest of the valid taps.
  static func maximumPool(_ call: PoolCall) {
    pool(call, start: -128, fold: { max($0, $1) }, finish: { value, _ in value })
  }

  @inline(__always)
  private static func pool(
    _ call: PoolCall, start: Int32, fold: (Int32, Int32) -> Int32,
    finish: (Int32, Int32) -> Int32
  ) {
    let (input, output, window) = (call.inputExtent, call.outputExtent, call.window)
    var target = call.output
    for row in 0..<output.height {
      let top = window.top(row)
      let rows = window.rows(from: top, size: input.height)
      for column in 0..<output.width {
        let left = window.left(column)
        let columns = window.columns(from: left, size: input.width)
        let count = Int32(truncatingIfNeeded: max(rows.count &* columns.count, 1))
        for channel in 0..<output.channels {
          var value = start
          for ky in rows {
            let line = (top &+ ky &* window.dilationHeight) &* input.width &+ left
            for kx in columns {
              let position = line &+ kx &* window.dilationWidth
              value = fold(value, Int32(call.input[position &* input.channels &+ channel]))
            }
          }
          target[channel] = FixedPoint.clamp(finish(value, count), call.minimum, call.maximum)
        }
        target += output.channels
      }
    }
  }
}
