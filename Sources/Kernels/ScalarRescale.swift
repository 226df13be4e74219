import PlanFormat

/// A tensor brought to other parameters or another width.
public struct RescaleCall {
  let input: UnsafeRawPointer
  let inputIsWide: Bool
  let output: UnsafeMutableRawPointer
  let outputIsWide: Bool
  let count: Int
  let parameters: RescaleParameters
}

extension ScalarKernels {
  /// output[i] = clamp(z_out + once(input[i] − z_in)), clamped to the result's element.
  static func rescale(_ call: RescaleCall) {
    let scale = call.parameters.scale
    let words = call.input.assumingMemoryBound(to: Int16.self)
    let bytes = call.input.assumingMemoryBound(to: Int8.self)
    for position in 0..<call.count {
      let level = call.inputIsWide ? Int32(words[position]) : Int32(bytes[position])
      // Below 2^17 in, below 2^48 scaled: the sum stays in 64 bits.
      let value =
        FixedPoint.scaleWide(
          level &- call.parameters.inputZeroPoint, scale.multiplier, scale.shift)
        &+ Int64(call.parameters.outputZeroPoint)
      if call.outputIsWide {
        call.output.assumingMemoryBound(to: Int16.self)[position] =
          Int16(truncatingIfNeeded: min(max(value, -32768), 32767))
      } else {
        call.output.assumingMemoryBound(to: Int8.self)[position] =
          Int8(truncatingIfNeeded: min(max(value, -128), 127))
      }
    }
  }
}

extension ScalarBinder {
  func rescale(
    _ parameters: RescaleParameters, _ source: PlanTensor, _ result: PlanTensor
  ) -> RescaleCall {
    RescaleCall(
      input: UnsafeRawPointer(memory.elements(source)), inputIsWide: source.element == .int16,
      output: UnsafeMutableRawPointer(memory.elements(result)),
      outputIsWide: result.element == .int16, count: result.elementCount, parameters: parameters)
  }
}
