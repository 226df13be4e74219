import PlanFormat

/// Elements of one integer type to those of another: see `RescaleParameters`.
public struct RescaleCall {
  let input: UnsafeRawPointer
  let output: UnsafeMutableRawPointer
  let element: PlanElement
  let outputIsWide: Bool
  let count: Int
  let parameters: RescaleParameters
  /// 2^shift of the factor above and below zero where it is positive, else 1. A shift that differs from
  /// lane to lane would become a vector of powers of two on x86-64, which the compiler converts from
  /// floats.
  let above: Int32
  let below: Int32
}

extension ScalarKernels {
  static func rescale(_ call: RescaleCall) {
    switch call.element {
    case .int8: rescale(call, Int8.self)
    case .int16: rescale(call, Int16.self)
    case .int32: rescale(call, Int32.self)
    case .int64: break
    }
  }

  private static func rescale<Source: FixedWidthInteger>(
    _ call: RescaleCall, _ source: Source.Type
  ) {
    if call.outputIsWide {
      rescale(call, source, Int16.self)
    } else {
      rescale(call, source, Int8.self)
    }
  }

  private static func rescale<Source: FixedWidthInteger, Result: FixedWidthInteger>(
    _ call: RescaleCall, _ source: Source.Type, _ result: Result.Type
  ) {
    let input = call.input.assumingMemoryBound(to: source)
    let output = call.output.assumingMemoryBound(to: result)
    let parameters = call.parameters
    for index in 0..<call.count {
      let value = Int32(truncatingIfNeeded: input[index]) &- parameters.inputZeroPoint
      let factor = value >= 0 ? parameters.above : parameters.below
      let raised = value &* (value >= 0 ? call.above : call.below)
      let scaled =
        Int64(FixedPoint.lowerTwice(raised, factor.multiplier, min(factor.shift, 0)))
        &+ Int64(parameters.outputZeroPoint)
      output[index] = Result(
        truncatingIfNeeded: min(max(scaled, Int64(parameters.minimum)), Int64(parameters.maximum)))
    }
  }
}

extension ScalarBinder {
  func rescale(
    _ parameters: RescaleParameters, _ source: PlanTensor, _ result: PlanTensor
  ) -> RescaleCall {
    RescaleCall(
      input: UnsafeRawPointer(memory.elements(source)),
      output: UnsafeMutableRawPointer(memory.elements(result)),
      element: source.element, outputIsWide: result.element == .int16,
      count: result.elementCount, parameters: parameters,
      above: 1 &<< max(parameters.above.shift, 0), below: 1 &<< max(parameters.below.shift, 0))
  }
}
