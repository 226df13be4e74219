import PlanFormat

/// A requantisation of 64-bit accumulators with its constants' addresses. `step` is 1 for one entry
/// per channel, 0 for one entry in all.
public struct Requantization16x8Call {
  let multipliers: UnsafePointer<Int32>
  let shifts: UnsafePointer<Int8>
  let step: Int
  let isWhole: Bool
  let minimum: Int64
  let maximum: Int64

  /// The output for an accumulator of a channel.
  @inline(__always)
  func apply(_ accumulator: Int64, channel: Int) -> Int16 {
    let entry = channel &* step
    let multiplier = multipliers[entry]
    let shift = Int32(shifts[entry])
    let scaled =
      isWhole
      ? FixedPoint.scaleWhole(accumulator, multiplier, shift)
      : FixedPoint.scaleReduced(accumulator, multiplier, shift)
    return Int16(truncatingIfNeeded: min(max(scaled, minimum), maximum))
  }
}

/// Either convolution of int16.
public struct Convolution16x8Call {
  let input: UnsafePointer<Int16>
  let output: UnsafeMutablePointer<Int16>
  let weights: UnsafePointer<Int8>
  let bias: UnsafePointer<Int64>
  let inputExtent: Extent
  let outputExtent: Extent
  let window: WindowWalk
  let requantization: Requantization16x8Call
}

/// A dense layer of int16 over `items` rows.
public struct FullyConnected16x8Call {
  let input: UnsafePointer<Int16>
  let output: UnsafeMutablePointer<Int16>
  let weights: UnsafePointer<Int8>
  let bias: UnsafePointer<Int64>
  let items: Int
  let features: Int
  let outputs: Int
  let requantization: Requantization16x8Call
}

/// An element-wise sum of int16.
public struct Addition16Call {
  let left: UnsafePointer<Int16>
  let right: UnsafePointer<Int16>
  let output: UnsafeMutablePointer<Int16>
  let count: Int
  let parameters: AdditionParameters
}

extension ScalarKernels {
  /// acc[o] = bias[o] + Σ over the window's valid taps of w · x, in 64 bits.
  static func convolution16x8(_ call: Convolution16x8Call) {
    let (input, output, window) = (call.inputExtent, call.outputExtent, call.window)
    let depth = input.channels
    var target = call.output
    for row in 0..<output.height {
      let top = window.top(row)
      let rows = window.rows(from: top, size: input.height)
      for column in 0..<output.width {
        let left = window.left(column)
        let columns = window.columns(from: left, size: input.width)
        for filter in 0..<output.channels {
          let weights = call.weights + filter &* window.height &* window.width &* depth
          var sum = call.bias[filter]
          for ky in rows {
            let line = (top &+ ky &* window.dilationHeight) &* input.width &+ left
            for kx in columns {
              sum &+= dot(
                call.input + (line &+ kx &* window.dilationWidth) &* depth,
                weights + (ky &* window.width &+ kx) &* depth, depth)
            }
          }
          target[filter] = call.requantization.apply(sum, channel: filter)
        }
        target += output.channels
      }
    }
  }

  /// Σ w[i] · x[i]. A product is at most 2^22, so that runs of 256 add up in 32 bits.
  @inline(__always)
  private static func dot(_ x: UnsafePointer<Int16>, _ w: UnsafePointer<Int8>, _ count: Int)
    -> Int64
  {
    var sum: Int64 = 0
    var start = 0
    while start < count {
      let end = min(start &+ 256, count)
      var part: Int32 = 0
      for index in start..<end { part &+= Int32(w[index]) &* Int32(x[index]) }
      sum &+= Int64(part)
      start = end
    }
    return sum
  }

  /// Output channel c reads input channel c / multiplier; weights [KH, KW, C · multiplier].
  static func depthwiseConvolution16x8(_ call: Convolution16x8Call) {
    let (input, output, window) = (call.inputExtent, call.outputExtent, call.window)
    let multiplier = output.channels / input.channels
    var target = call.output
    for row in 0..<output.height {
      let top = window.top(row)
      let rows = window.rows(from: top, size: input.height)
      for column in 0..<output.width {
        let left = window.left(column)
        let columns = window.columns(from: left, size: input.width)
        for channel in 0..<output.channels {
          var sum = call.bias[channel]
          for ky in rows {
            let line = (top &+ ky &* window.dilationHeight) &* input.width &+ left
            for kx in columns {
              let position = line &+ kx &* window.dilationWidth
              let x = call.input[position &* input.channels &+ channel / multiplier]
              let w = call.weights[(ky &* window.width &+ kx) &* output.channels &+ channel]
              sum &+= Int64(Int32(w) &* Int32(x))
            }
          }
          target[channel] = call.requantization.apply(sum, channel: channel)
        }
        target += output.channels
      }
    }
  }

  /// acc[o] = bias[o] + Σ w[o, i] · x[i], in 64 bits.
  static func fullyConnected16x8(_ call: FullyConnected16x8Call) {
    for item in 0..<call.items {
      let input = call.input + item &* call.features
      let output = call.output + item &* call.outputs
      for index in 0..<call.outputs {
        let sum =
          call.bias[index] &+ dot(input, call.weights + index &* call.features, call.features)
        output[index] = call.requantization.apply(sum, channel: index)
      }
    }
  }

  /// TFLite's ADD of int16: see `AdditionParameters`.
  static func addition16(_ call: Addition16Call) {
    let sum = ScaledSum(call.parameters)
    for index in 0..<call.count {
      call.output[index] = Int16(
        truncatingIfNeeded: sum.apply(Int32(call.left[index]), Int32(call.right[index])))
    }
  }
}

extension ScalarBinder {
  func convolution16x8(
    _ parameters: Convolution16x8Parameters, _ source: PlanTensor, _ result: PlanTensor
  ) -> Convolution16x8Call {
    Convolution16x8Call(
      input: UnsafePointer(memory.elements(source, as: Int16.self)),
      output: memory.elements(result, as: Int16.self),
      weights: constant(parameters.weights, as: Int8.self),
      bias: constant(parameters.bias, as: Int64.self), inputExtent: Extent(source.shape),
      outputExtent: Extent(result.shape), window: WindowWalk(parameters.window),
      requantization: requantization(parameters.requantization))
  }

  func fullyConnected16x8(
    _ parameters: FullyConnected16x8Parameters, _ source: PlanTensor, _ result: PlanTensor
  ) -> FullyConnected16x8Call {
    let features = source.shape[source.shape.count - 1]
    return FullyConnected16x8Call(
      input: UnsafePointer(memory.elements(source, as: Int16.self)),
      output: memory.elements(result, as: Int16.self),
      weights: constant(parameters.weights, as: Int8.self),
      bias: constant(parameters.bias, as: Int64.self), items: source.elementCount / features,
      features: features, outputs: result.shape[result.shape.count - 1],
      requantization: requantization(parameters.requantization))
  }

  func addition16(
    _ parameters: AdditionParameters, _ source: PlanTensor, _ result: PlanTensor
  ) -> Addition16Call {
    Addition16Call(
      left: UnsafePointer(memory.elements(source, as: Int16.self)),
      right: UnsafePointer(memory.elements(layer.inputs[1], as: Int16.self)),
      output: memory.elements(result, as: Int16.self), count: result.elementCount,
      parameters: parameters)
  }

  private func requantization(_ parameters: Requantization16x8) -> Requantization16x8Call {
    Requantization16x8Call(
      multipliers: constant(parameters.multipliers, as: Int32.self),
      shifts: constant(parameters.shifts, as: Int8.self),
      step: parameters.shifts.byteCount == 1 ? 0 : 1, isWhole: parameters.rounding == .whole,
      minimum: Int64(parameters.minimum), maximum: Int64(parameters.maximum))
  }
}

extension LayerMemory {
  func elements<Element>(
    _ tensor: PlanTensor, as type: Element.Type
  ) -> UnsafeMutablePointer<Element> {
    (arena + tensor.arenaOffset).assumingMemoryBound(to: Element.self)
  }
}
