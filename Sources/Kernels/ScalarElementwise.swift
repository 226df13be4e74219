import PlanFormat

/// An element-wise function of two operands, each walked along at most six axes, outermost first;
/// missing axes have size 1, and a step of 0 repeats.
public struct ElementwiseCall {
  let left: UnsafeRawPointer
  let right: UnsafeRawPointer
  let output: UnsafeMutableRawPointer
  let isWide: Bool
  let sizes: SIMD8<Int32>
  let leftSteps: SIMD8<Int32>
  let rightSteps: SIMD8<Int32>
  let arithmetic: ElementwiseArithmetic
}

/// The definition for two elements: see `ElementwiseParameters.Function`.
struct ElementwiseArithmetic {
  let function: ElementwiseParameters.Function
  let parameters: AdditionParameters

  /// The result of two values, in minimum…maximum.
  @inline(__always)
  func apply(_ left: Int32, _ right: Int32) -> Int32 {
    let a = left &- parameters.leftZeroPoint
    let b = right &- parameters.rightZeroPoint
    switch function {
    case .add: return stored(term(a, parameters.left) &+ term(b, parameters.right))
    case .subtract: return stored(term(a, parameters.left) &- term(b, parameters.right))
    case .multiply: return stored(a &* b)
    case .divide: return quotient(a, b)
    case .maximum: return stored(max(term(a, parameters.left), term(b, parameters.right)))
    case .minimum: return stored(min(term(a, parameters.left), term(b, parameters.right)))
    case .squaredDifference:
      let difference = term(a, parameters.left) &- term(b, parameters.right)
      return stored(difference &* difference)
    case .slope: return a >= 0 ? stored(a, parameters.left) : stored(a &* b)
    }
  }

  @inline(__always)
  private func term(_ value: Int32, _ scale: FixedPointScale) -> Int32 {
    FixedPoint.scaleTwice(value &<< parameters.leftShift, scale.multiplier, scale.shift)
  }

  @inline(__always)
  private func stored(_ sum: Int32) -> Int32 { stored(sum, parameters.output) }

  @inline(__always)
  private func stored(_ sum: Int32, _ scale: FixedPointScale) -> Int32 {
    let scaled = FixedPoint.scaleTwice(sum, scale.multiplier, scale.shift)
    return min(max(scaled &+ parameters.outputZeroPoint, parameters.minimum), parameters.maximum)
  }

  /// Below 2^30 before the division, so that half of the divisor may be added.
  @inline(__always)
  private func quotient(_ a: Int32, _ b: Int32) -> Int32 {
    if b == 0 {
      return a < 0 ? parameters.minimum : a > 0 ? parameters.maximum : stored(0)
    }
    let half = abs(b) / 2
    let raised = a &<< parameters.leftShift
    return stored((raised < 0 ? raised &- half : raised &+ half) / b)
  }
}

extension ScalarKernels {
  /// Walks the result in order and both operands beside it.
  static func elementwise(_ call: ElementwiseCall) {
    if call.isWide {
      elementwise(call, of: Int16.self)
    } else {
      elementwise(call, of: Int8.self)
    }
  }

  private static func elementwise<Element: FixedWidthInteger>(
    _ call: ElementwiseCall, of type: Element.Type
  ) {
    let left = call.left.assumingMemoryBound(to: type)
    let right = call.right.assumingMemoryBound(to: type)
    var target = call.output.assumingMemoryBound(to: type)
    let (sizes, arithmetic) = (call.sizes, call.arithmetic)
    let (leftStep, rightStep) = (Int(call.leftSteps[5]), Int(call.rightSteps[5]))
    for a in 0..<sizes[0] {
      for b in 0..<sizes[1] {
        for c in 0..<sizes[2] {
          for d in 0..<sizes[3] {
            for e in 0..<sizes[4] {
              let place = SIMD8<Int32>(a, b, c, d, e, 0, 0, 0)
              var x = left + Int((place &* call.leftSteps).wrappedSum())
              var y = right + Int((place &* call.rightSteps).wrappedSum())
              for _ in 0..<sizes[5] {
                target.pointee = Element(
                  truncatingIfNeeded: arithmetic.apply(
                    Int32(truncatingIfNeeded: x.pointee), Int32(truncatingIfNeeded: y.pointee)))
                target += 1
                x += leftStep
                y += rightStep
              }
            }
          }
        }
      }
    }
  }
}

extension ScalarBinder {
  func elementwise(
    _ parameters: ElementwiseParameters, _ result: PlanTensor
  ) -> ElementwiseCall {
    var shapes = layer.inputs.map { $0.shape }
    var operands = layer.inputs.map { UnsafeRawPointer(memory.elements($0)) }
    if let fixed = parameters.constant {
      let place = fixed.isLeft ? 0 : 1
      shapes.insert(fixed.shape, at: place)
      operands.insert(UnsafeRawPointer(constant(fixed.elements, as: Int8.self)), at: place)
    }
    let axes = Self.axes(result.shape, shapes[0], shapes[1])
    var sizes = SIMD8<Int32>(repeating: 1)
    var (leftSteps, rightSteps) = (SIMD8<Int32>(repeating: 0), SIMD8<Int32>(repeating: 0))
    for (axis, run) in axes.enumerated() {
      let place = PlanLimits.rank - axes.count + axis
      sizes[place] = Int32(run.size)
      leftSteps[place] = Int32(run.left)
      rightSteps[place] = Int32(run.right)
    }
    return ElementwiseCall(
      left: operands[0], right: operands[1],
      output: UnsafeMutableRawPointer(memory.elements(result)),
      isWide: result.element == .int16, sizes: sizes, leftSteps: leftSteps,
      rightSteps: rightSteps,
      arithmetic: ElementwiseArithmetic(
        function: parameters.function, parameters: parameters.arithmetic))
  }

  /// The result's axes with both operands' steps; neighbours that step as one are joined.
  private static func axes(
    _ result: [Int], _ left: [Int], _ right: [Int]
  ) -> [(size: Int, left: Int, right: Int)] {
    var axes: [(size: Int, left: Int, right: Int)] = []
    var (leftStep, rightStep) = (1, 1)
    for axis in result.indices.reversed() {
      let a = axis - (result.count - left.count)
      let b = axis - (result.count - right.count)
      let (inLeft, inRight) = (a < 0 ? 1 : left[a], b < 0 ? 1 : right[b])
      let size = result[axis]
      if size > 1 {
        let steps = (inLeft == 1 ? 0 : leftStep, inRight == 1 ? 0 : rightStep)
        if let inner = axes.first, steps.0 == inner.left * inner.size,
          steps.1 == inner.right * inner.size
        {
          axes[0].size *= size
        } else {
          axes.insert((size, steps.0, steps.1), at: 0)
        }
      }
      leftStep *= inLeft
      rightStep *= inRight
    }
    return axes
  }
}
