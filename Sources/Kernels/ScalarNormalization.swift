import PlanFormat

/// Groups of elements brought to length or variance 1.
public struct NormalizationCall {
  let input: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  let gain: UnsafePointer<Int32>
  let bias: UnsafePointer<Int64>
  /// Where each group starts, and its first gain.
  let groups: AxisWalk
  /// The elements of a group, and their gains.
  let members: AxisWalk
  /// Elements of a group.
  let count: Int64
  let parameters: NormalizationParameters
}

extension ScalarBinder {
  func normalization(_ parameters: NormalizationParameters) -> NormalizationCall {
    let shape = layer.inputs[0].shape
    var affineStep = 1
    var affineSteps = [Int](repeating: 0, count: shape.count)
    for axis in shape.indices.reversed() where parameters.affineAxes.contains(axis) {
      affineSteps[axis] = affineStep
      affineStep *= shape[axis]
    }
    var (groups, members) = (AxisWalk(), AxisWalk())
    for (axis, step) in AxisWalk.steps(shape).enumerated() {
      if parameters.axes.contains(axis) {
        members.append(shape[axis], step: step, companion: affineSteps[axis])
      } else {
        groups.append(shape[axis], step: step, companion: affineSteps[axis])
      }
    }
    return NormalizationCall(
      input: UnsafePointer(memory.elements(layer.inputs[0])),
      output: memory.elements(layer.output), gain: constant(parameters.gain, as: Int32.self),
      bias: constant(parameters.bias, as: Int64.self), groups: groups, members: members,
      count: Int64(parameters.axes.count(in: shape)), parameters: parameters)
  }
}

extension ScalarKernels {
  /// t = d / √w in 20 bits of fraction, then gain · t + bias: see `NormalizationParameters`.
  static func normalization(_ call: NormalizationCall) {
    let parameters = call.parameters
    let zeroPoint = Int64(parameters.inputZeroPoint)
    let total = Int64(parameters.shift &+ NormalizationParameters.fractionBits)
    call.groups.forEach { group, firstGain in
      var (sum, squares): (Int64, Int64) = (0, 0)
      call.members.forEach { member, _ in
        let x = Int64(call.input[group &+ member]) &- zeroPoint
        sum &+= x
        squares &+= x &* x
      }
      // Multiplied by the count, a mean and a variance are integers.
      let factor = parameters.isCentered ? call.count : 1
      let offset = parameters.isCentered ? sum : 0
      let spread = UInt64(squares &* factor &- offset &* offset)
      let root = InverseRoot(spread &+ parameters.epsilon)
      call.members.forEach { member, gain in
        let x = Int64(call.input[group &+ member]) &- zeroPoint
        let normal = root.times(x &* factor &- offset)
        let entry = firstGain &+ gain
        let scaled = Int64(call.gain[entry]) &* normal &+ call.bias[entry]
        let level =
          (scaled &+ 1 &<< (total &- 1)) &>> total &+ Int64(parameters.outputZeroPoint)
        call.output[group &+ member] = Int8(
          truncatingIfNeeded: min(
            max(level, Int64(parameters.minimum)), Int64(parameters.maximum)))
      }
    }
  }
}

/// 1 / √w for w below 2^61 as factor · 2^-power, within 2^-29 of it; 0 for w = 0.
struct InverseRoot {
  /// From 2^30 to 2^31, or 0.
  let factor: Int64
  /// From 31 to 61.
  let power: Int64

  init(_ w: UInt64) {
    guard w > 0 else {
      factor = 0
      power = 61
      return
    }
    // w · 4^half has its highest bit at 60 or 61, its root at 30.
    let half = (UInt64(w.leadingZeroBitCount) &- 2) / 2
    let root = Self.squareRoot(w &<< (2 &* half))
    factor = Int64((1 &<< 61 &+ root / 2) / root)
    power = 61 &- Int64(half)
  }

  /// d · factor · 2^-power in 20 bits of fraction, halves upwards; |d| below 2^28.
  @inline(__always)
  func times(_ d: Int64) -> Int64 {
    let drop = power &- Int64(NormalizationParameters.fractionBits)
    return (d &* factor &+ 1 &<< (drop &- 1)) &>> drop
  }

  /// ⌊√w⌋, bit by bit.
  static func squareRoot(_ w: UInt64) -> UInt64 {
    var (rest, root, bit): (UInt64, UInt64, UInt64) = (w, 0, 1 &<< 62)
    while bit > w { bit &>>= 2 }
    while bit != 0 {
      if rest >= root &+ bit {
        rest &-= root &+ bit
        root = root &>> 1 &+ bit
      } else {
        root &>>= 1
      }
      bit &>>= 2
    }
    return root
  }
}
