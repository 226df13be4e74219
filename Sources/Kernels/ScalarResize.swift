import PlanFormat

/// A row or column of an operand and its weight in 2^-10; little-endian hosts read it as it stands.
struct ResizeTap {
  let position: UInt16
  let weight: Int16
}

/// A resize bound to memory.
public struct ResizeCall {
  let input: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  let rows: UnsafePointer<ResizeTap>
  let columns: UnsafePointer<ResizeTap>
  let rowTaps: Int
  let columnTaps: Int
  let width: Int
  let outputHeight: Int
  let outputWidth: Int
  let channels: Int
}

extension ScalarBinder {
  func resize(
    _ parameters: ResizeParameters, _ input: UnsafePointer<Int8>,
    _ output: UnsafeMutablePointer<Int8>
  ) -> ResizeCall {
    ResizeCall(
      input: input, output: output, rows: constant(parameters.rows, as: ResizeTap.self),
      columns: constant(parameters.columns, as: ResizeTap.self), rowTaps: parameters.rowTaps,
      columnTaps: parameters.columnTaps, width: parameters.width,
      outputHeight: parameters.outputHeight, outputWidth: parameters.outputWidth,
      channels: parameters.channels)
  }
}

extension ScalarKernels {
  /// Σ weight · weight · x / 2^20, halves away from zero.
  static func resize(_ call: ResizeCall) {
    var target = call.output
    for row in 0..<call.outputHeight {
      let rows = call.rows + row &* call.rowTaps
      for column in 0..<call.outputWidth {
        let columns = call.columns + column &* call.columnTaps
        if call.rowTaps == 1 && call.columnTaps == 1 {
          // A single tap has the whole weight.
          let position = Int(rows[0].position) &* call.width &+ Int(columns[0].position)
          target.update(from: call.input + position &* call.channels, count: call.channels)
        } else {
          for channel in 0..<call.channels {
            target[channel] = resample(call, rows, columns, channel)
          }
        }
        target += call.channels
      }
    }
  }

  @inline(__always)
  private static func resample(
    _ call: ResizeCall, _ rows: UnsafePointer<ResizeTap>, _ columns: UnsafePointer<ResizeTap>,
    _ channel: Int
  ) -> Int8 {
    var sum: Int32 = 0
    for row in 0..<call.rowTaps {
      let line = call.input + (Int(rows[row].position) &* call.width &* call.channels &+ channel)
      var partial: Int32 = 0
      for column in 0..<call.columnTaps {
        let value = Int32(line[Int(columns[column].position) &* call.channels])
        partial &+= Int32(columns[column].weight) &* value
      }
      sum &+= Int32(rows[row].weight) &* partial
    }
    let half: Int32 = sum > 0 ? 1 &<< 19 : 0 &- 1 &<< 19
    return FixedPoint.clamp((sum &+ half) / (1 &<< 20), -128, 127)
  }
}
