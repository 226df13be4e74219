import PlanFormat

/// Elements of one integer type to those of another: see `RescaleParameters`.
public struct RescaleCall {
  let input: UnsafeRawPointer
  let output: UnsafeMutableRawPointer
  let element: PlanElement
  let outputIsWide: Bool
  let count: Int
  let parameters: RescaleParameters
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
      let scaled =
        Int64(FixedPoint.scaleTwice(value, factor.multiplier, factor.shift))
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
      count: result.elementCount, parameters: parameters)
  }
}
