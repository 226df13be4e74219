import PlanFormat

/// A fold over some axes.
public struct ReductionCall {
  let input: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  /// Where each group starts.
  let groups: AxisWalk
  /// The elements of a group.
  let members: AxisWalk
  let parameters: ReductionParameters
}

extension ScalarBinder {
  func reduction(_ parameters: ReductionParameters) -> ReductionCall {
    let source = layer.inputs[0]
    var (groups, members) = (AxisWalk(), AxisWalk())
    for (axis, step) in AxisWalk.steps(source.shape).enumerated() {
      if parameters.axes.contains(axis) {
        members.append(source.shape[axis], step: step)
      } else {
        groups.append(source.shape[axis], step: step)
      }
    }
    return ReductionCall(
      input: UnsafePointer(memory.elements(source)), output: memory.elements(layer.output),
      groups: groups, members: members, parameters: parameters)
  }
}

extension ScalarKernels {
  /// See `ReductionParameters`.
  static func reduction(_ call: ReductionCall) {
    let parameters = call.parameters
    switch parameters.kind {
    case .scaledSum:
      fold(call, start: 0, { $0 &+ $1 &- parameters.inputZeroPoint }) { sum in
        FixedPoint.scaleTwice(sum, parameters.scale.multiplier, parameters.scale.shift)
          &+ parameters.outputZeroPoint
      }
    case .maximum: fold(call, start: -128, { max($0, $1) }, finish: { $0 })
    case .minimum: fold(call, start: 127, { min($0, $1) }, finish: { $0 })
    }
  }

  @inline(__always)
  private static func fold(
    _ call: ReductionCall, start: Int32, _ next: (Int32, Int32) -> Int32,
    finish: (Int32) -> Int32
  ) {
    var target = call.output
    call.groups.forEach { group, _ in
      var value = start
      call.members.forEach { member, _ in
        value = next(value, Int32(call.input[group &+ member]))
      }
      target.pointee = FixedPoint.clamp(
        finish(value), call.parameters.minimum, call.parameters.maximum)
      target += 1
    }
  }
}
