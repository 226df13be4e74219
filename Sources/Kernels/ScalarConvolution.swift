/// The scalar kernels: the executable definition of the numerics. Every other tier equals them bit
/// for bit.
enum ScalarKernels {
  /// acc[o] = bias[o] + Σ over the window's valid taps of w · (x − zeroPoint).
  static func convolution(_ call: ConvolutionCall) {
    let (input, output, window) = (call.inputExtent, call.outputExtent, call.window)
    let taps = window.height &* window.width &* input.channels
    var target = call.output
    for row in 0..<output.height {
      let top = window.top(row)
      let rows = window.rows(from: top, size: input.height)
      for column in 0..<output.width {
        let left = window.left(column)
        let columns = window.columns(from: left, size: input.width)
        for filter in 0..<output.channels {
          let filterWeights = call.weights + filter &* taps
          var sum = call.bias[filter]
          for ky in rows {
            let line = (top &+ ky &* window.dilationHeight) &* input.width
            let kernelLine = ky &* window.width
            if window.dilationWidth == 1 {
              // Columns beside each other are one run in both the input and the weights.
              sum &+= dot(
                call.input + (line &+ left &+ columns.lowerBound) &* input.channels,
                filterWeights + (kernelLine &+ columns.lowerBound) &* input.channels,
                columns.count &* input.channels, call.inputZeroPoint)
            } else {
              for kx in columns {
                sum &+= dot(
                  call.input + (line &+ left &+ kx &* window.dilationWidth) &* input.channels,
                  filterWeights + (kernelLine &+ kx) &* input.channels, input.channels,
                  call.inputZeroPoint)
              }
            }
          }
          target[filter] = call.requantization.apply(sum, channel: filter)
        }
        target += output.channels
      }
    }
  }

  /// Σ w[i] · (x[i] − zeroPoint).
  @inline(__always)
  static func dot(
    _ x: UnsafePointer<Int8>, _ w: UnsafePointer<Int8>, _ count: Int, _ zeroPoint: Int32
  ) -> Int32 {
    var sum: Int32 = 0
    for index in 0..<count { sum &+= Int32(w[index]) &* (Int32(x[index]) &- zeroPoint) }
    return sum
  }

  /// Output channel c reads input channel c / multiplier; weights [KH, KW, C · multiplier].
  static func depthwiseConvolution(_ call: ConvolutionCall) {
    let (input, output, window) = (call.inputExtent, call.outputExtent, call.window)
    let multiplier = output.channels / input.channels
    var target = call.output
    for row in 0..<output.height {
      let top = window.top(row)
      let rows = window.rows(from: top, size: input.height)
      for column in 0..<output.width {
        let left = window.left(column)
        let columns = window.columns(from: left, size: input.width)
        var channel = 0
        if multiplier == 1 {
          while channel &+ 8 <= output.channels {
            depthwiseEight(call, channel, top, left, rows, columns, target)
            channel &+= 8
          }
        }
        while channel < output.channels {
          var sum = call.bias[channel]
          for ky in rows {
            for kx in columns {
              let position =
                (top &+ ky &* window.dilationHeight) &* input.width &+ left &+ kx
                &* window.dilationWidth
              let x = call.input[position &* input.channels &+ channel / multiplier]
              let w = call.weights[(ky &* window.width &+ kx) &* output.channels &+ channel]
              sum &+= Int32(w) &* (Int32(x) &- call.inputZeroPoint)
            }
          }
          target[channel] = call.requantization.apply(sum, channel: channel)
          channel &+= 1
        }
        target += output.channels
      }
    }
  }

  /// Eight channels at once, in the order of the scalar loop.
  @inline(__always)
  private static func depthwiseEight(
    _ call: ConvolutionCall, _ channel: Int, _ top: Int, _ left: Int, _ rows: Range<Int>,
    _ columns: Range<Int>, _ target: UnsafeMutablePointer<Int8>
  ) {
    let (width, window) = (call.inputExtent.width, call.window)
    let zero = SIMD8<Int32>(repeating: call.inputZeroPoint)
    var sums = UnsafeRawPointer(call.bias + channel).loadUnaligned(as: SIMD8<Int32>.self)
    for ky in rows {
      for kx in columns {
        let position =
          (top &+ ky &* window.dilationHeight) &* width &+ left &+ kx &* window.dilationWidth
        let x = UnsafeRawPointer(call.input + position &* call.inputExtent.channels + channel)
          .loadUnaligned(as: SIMD8<Int8>.self)
        let w = UnsafeRawPointer(
          call.weights + (ky &* window.width &+ kx) &* call.outputExtent.channels + channel
        ).loadUnaligned(as: SIMD8<Int8>.self)
        sums &+=
          SIMD8<Int32>(truncatingIfNeeded: w) &* (SIMD8<Int32>(truncatingIfNeeded: x) &- zero)
      }
    }
    for lane in 0..<8 {
      target[channel &+ lane] = call.requantization.apply(sums[lane], channel: channel &+ lane)
    }
  }
}
