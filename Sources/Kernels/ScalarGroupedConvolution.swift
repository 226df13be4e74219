import PlanFormat

/// A convolution in groups, or a transposed one.
public struct GroupedConvolutionCall {
  let convolution: ConvolutionCall
  let groups: Int
}

extension ScalarKernels {
  /// Output channel o reads the channels of its group: see `GroupedConvolutionParameters`.
  static func groupedConvolution(_ grouped: GroupedConvolutionCall) {
    let call = grouped.convolution
    let (input, output, window) = (call.inputExtent, call.outputExtent, call.window)
    let depth = input.channels / grouped.groups
    let filters = output.channels / grouped.groups
    var target = call.output
    for row in 0..<output.height {
      let top = window.top(row)
      let rows = window.rows(from: top, size: input.height)
      for column in 0..<output.width {
        let left = window.left(column)
        let columns = window.columns(from: left, size: input.width)
        for filter in 0..<output.channels {
          let source = call.input + filter / filters &* depth
          let weights = call.weights + filter &* window.height &* window.width &* depth
          var sum = call.bias[filter]
          for ky in rows {
            let line = (top &+ ky &* window.dilationHeight) &* input.width &+ left
            for kx in columns {
              sum &+= dot(
                source + (line &+ kx &* window.dilationWidth) &* input.channels,
                weights + (ky &* window.width &+ kx) &* depth, depth, call.inputZeroPoint)
            }
          }
          target[filter] = call.requantization.apply(sum, channel: filter)
        }
        target += output.channels
      }
    }
  }

  /// Every input spreads a window over the output; padding is cut off. Each output gathers the taps that
  /// reach it: those where row + padding − ky · dilation is a multiple of the stride.
  static func transposedConvolution(_ grouped: GroupedConvolutionCall) {
    let call = grouped.convolution
    let (input, output, window) = (call.inputExtent, call.outputExtent, call.window)
    let depth = input.channels / grouped.groups
    let filters = output.channels / grouped.groups
    var target = call.output
    for row in 0..<output.height {
      for column in 0..<output.width {
        for filter in 0..<output.channels {
          let source = call.input + filter / filters &* depth
          let weights = call.weights + filter &* window.height &* window.width &* depth
          var sum = call.bias[filter]
          for ky in 0..<window.height {
            let y = row &+ window.paddingTop &- ky &* window.dilationHeight
            guard y >= 0, y % window.strideHeight == 0, y / window.strideHeight < input.height
            else { continue }
            let line = y / window.strideHeight &* input.width
            for kx in 0..<window.width {
              let x = column &+ window.paddingLeft &- kx &* window.dilationWidth
              guard x >= 0, x % window.strideWidth == 0, x / window.strideWidth < input.width
              else { continue }
              sum &+= dot(
                source + (line &+ x / window.strideWidth) &* input.channels,
                weights + (ky &* window.width &+ kx) &* depth, depth, call.inputZeroPoint)
            }
          }
          target[filter] = call.requantization.apply(sum, channel: filter)
        }
        target += output.channels
      }
    }
  }
}
