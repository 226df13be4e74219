import PlanFormat

/// The position of the first largest element of each row.
public struct TopClassCall {
  let input: UnsafeRawPointer
  let output: UnsafeMutablePointer<Int32>
  let rows: Int
  let length: Int
  let element: PlanElement
}

extension ScalarKernels {
  /// output[row] = the first position of the row's largest element.
  static func topClass(_ call: TopClassCall) {
    switch call.element {
    case .int8: topClass(call, Int8.self)
    case .int16: topClass(call, Int16.self)
    case .int32: topClass(call, Int32.self)
    case .int64: topClass(call, Int64.self)
    }
  }

  private static func topClass<Score: FixedWidthInteger>(_ call: TopClassCall, _ type: Score.Type) {
    let scores = call.input.assumingMemoryBound(to: Score.self)
    for row in 0..<call.rows {
      let start = scores + row &* call.length
      var best = 0
      for position in 1..<max(call.length, 1) where start[position] > start[best] {
        best = position
      }
      call.output[row] = Int32(truncatingIfNeeded: best)
    }
  }
}

extension ScalarBinder {
  func topClass(_ source: PlanTensor, _ result: PlanTensor) -> TopClassCall {
    let length = source.shape[source.shape.count - 1]
    return TopClassCall(
      input: UnsafeRawPointer(memory.elements(source)),
      output: UnsafeMutableRawPointer(memory.elements(result)).assumingMemoryBound(to: Int32.self),
      rows: source.elementCount / length, length: length, element: source.element)
  }
}
