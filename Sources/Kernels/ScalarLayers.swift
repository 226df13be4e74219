import PlanFormat

extension ScalarKernels {
  /// acc[o] = bias[o] + Σ w[o, i] · (x[i] − zeroPoint).
  static func fullyConnected(_ call: FullyConnectedCall) {
    for item in 0..<call.items {
      let input = call.input + item &* call.features
      let output = call.output + item &* call.outputs
      for index in 0..<call.outputs {
        let sum =
          call.bias[index]
          &+ dot(input, call.weights + index &* call.features, call.features, call.inputZeroPoint)
        output[index] = call.requantization.apply(sum, channel: index)
      }
    }
  }

  /// TFLite's ADD: see `AdditionParameters`.
  static func addition(_ call: AdditionCall) {
    let sum = ScaledSum(call.parameters)
    for index in 0..<call.count {
      call.output[index] = Int8(
        truncatingIfNeeded: sum.apply(Int32(call.left[index]), Int32(call.right[index])))
    }
  }

  /// acc[c] = Σ over positions of (x − zeroPoint), scaled.
  static func spatialMean(_ call: SpatialMeanCall) {
    let parameters = call.parameters
    for channel in 0..<call.channels {
      var sum: Int32 = 0
      var position = channel
      for _ in 0..<call.positions {
        sum &+= Int32(call.input[position]) &- parameters.inputZeroPoint
        position &+= call.channels
      }
      let scaled = FixedPoint.scaleTwice(sum, parameters.scale.multiplier, parameters.scale.shift)
      call.output[channel] = FixedPoint.clamp(
        scaled &+ parameters.outputZeroPoint, parameters.minimum, parameters.maximum)
    }
  }

  /// q = −128 + round(256 · e / Σ e), halves upwards. Σ e < 2^60 by the limit on a row's length.
  static func softmax(_ call: SoftmaxCall) {
    for row in 0..<call.rows {
      let input = call.input + row &* call.length
      let output = call.output + row &* call.length
      var largest = input[0]
      for index in 0..<call.length { largest = max(largest, input[index]) }
      var sum: UInt64 = 0
      for index in 0..<call.length { sum &+= call.table[Int(largest) &- Int(input[index])] }
      for index in 0..<call.length {
        let power = call.table[Int(largest) &- Int(input[index])]
        let level = (power &* 512 &+ sum) / (sum &* 2)
        output[index] = Int8(truncatingIfNeeded: min(Int32(truncatingIfNeeded: level) &- 128, 127))
      }
    }
  }

  /// Walks the output in order and gathers.
  static func transpose(_ call: TransposeCall) {
    let (sizes, steps) = (call.sizes, call.steps)
    var target = call.output
    for a in 0..<sizes[0] {
      for b in 0..<sizes[1] {
        for c in 0..<sizes[2] {
          let outer = a &* steps[0] &+ b &* steps[1] &+ c &* steps[2]
          for d in 0..<sizes[3] {
            for e in 0..<sizes[4] {
              var source = call.input + Int(outer &+ d &* steps[3] &+ e &* steps[4])
              for _ in 0..<sizes[5] {
                target.pointee = source.pointee
                target += 1
                source += Int(steps[5])
              }
            }
          }
        }
      }
    }
  }

  /// output = table[input + 128].
  static func lookup(_ call: LookupCall) {
    for index in 0..<call.count { call.output[index] = call.table[Int(call.input[index]) &+ 128] }
  }
}

/// The definition of the sum of two elements.
struct ScaledSum {
  let parameters: AdditionParameters

  init(_ parameters: AdditionParameters) { self.parameters = parameters }

  /// The sum of two values, in minimum…maximum.
  @inline(__always)
  func apply(_ left: Int32, _ right: Int32) -> Int32 {
    let a = (left &- parameters.leftZeroPoint) &<< parameters.leftShift
    let b = (right &- parameters.rightZeroPoint) &<< parameters.leftShift
    // Operands are never scaled up. Two shifts to the left by different amounts become a vector of
    // powers of two on x86-64, which the compiler converts from floats.
    let sum =
      FixedPoint.lowerTwice(a, parameters.left.multiplier, parameters.left.shift)
      &+ FixedPoint.lowerTwice(b, parameters.right.multiplier, parameters.right.shift)
    let scaled = FixedPoint.scaleTwice(
      sum, parameters.output.multiplier, parameters.output.shift)
    return min(max(scaled &+ parameters.outputZeroPoint, parameters.minimum), parameters.maximum)
  }
}
