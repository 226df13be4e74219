import PlanFormat

/// A move bound to memory. `blocks` is the call's own.
public struct MoveCall {
  let output: UnsafeMutableRawPointer
  let count: Int
  let element: PlanElement
  let fill: Int32
  /// False when the blocks are known to write everything.
  let fills: Bool
  let blocks: UnsafeMutablePointer<MoveBlockCall>
  let blockCount: Int
}

/// A block with the addresses of its first elements; missing axes have size 1.
struct MoveBlockCall {
  let source: UnsafeRawPointer
  let target: UnsafeMutableRawPointer
  let sizes: SIMD8<Int32>
  let sourceSteps: SIMD8<Int32>
  let targetSteps: SIMD8<Int32>
  let table: UnsafePointer<Int8>?
}

extension ScalarBinder {
  func move(_ parameters: MoveParameters, _ result: PlanTensor) -> MoveCall {
    let blocks = UnsafeMutablePointer<MoveBlockCall>.allocate(capacity: parameters.blocks.count)
    let output = UnsafeMutableRawPointer(memory.elements(result))
    let width = result.element.byteCount
    for (position, block) in parameters.blocks.enumerated() {
      var sizes = SIMD8<Int32>(repeating: 1)
      var sourceSteps = SIMD8<Int32>(repeating: 0)
      var targetSteps = SIMD8<Int32>(repeating: 0)
      let lead = PlanLimits.moveAxes - block.axes.count
      for (index, axis) in block.axes.enumerated() {
        sizes[lead + index] = Int32(axis.size)
        sourceSteps[lead + index] = Int32(axis.sourceStep)
        targetSteps[lead + index] = Int32(axis.resultStep)
      }
      let source = UnsafeRawPointer(memory.elements(layer.inputs[block.operand]))
      (blocks + position).initialize(
        to: MoveBlockCall(
          source: source + block.sourceStart * width, target: output + block.resultStart * width,
          sizes: sizes, sourceSteps: sourceSteps, targetSteps: targetSteps,
          table: block.table.map { constant($0, as: Int8.self) }))
    }
    return MoveCall(
      output: output, count: result.elementCount, element: result.element, fill: parameters.fill,
      fills: !Self.isWhole(parameters, count: result.elementCount), blocks: blocks,
      blockCount: parameters.blocks.count)
  }

  /// Whether a single block writes every element of the result in order.
  private static func isWhole(_ parameters: MoveParameters, count: Int) -> Bool {
    guard parameters.blocks.count == 1, parameters.blocks[0].resultStart == 0 else { return false }
    var written = 1
    for axis in parameters.blocks[0].axes.reversed() {
      guard axis.resultStep == written else { return false }
      written *= axis.size
    }
    return written == count
  }
}

extension ScalarKernels {
  /// Fills, then copies block by block.
  static func move(_ call: MoveCall) {
    switch call.element {
    case .int8: move(call, of: Int8.self)
    case .int16: move(call, of: Int16.self)
    case .int32: move(call, of: Int32.self)
    case .int64: move(call, of: Int64.self)
    }
  }

  @inline(__always)
  private static func move<Element: FixedWidthInteger>(_ call: MoveCall, of type: Element.Type) {
    let output = call.output.assumingMemoryBound(to: Element.self)
    if call.fills {
      output.update(repeating: Element(truncatingIfNeeded: call.fill), count: call.count)
    }
    for position in 0..<call.blockCount { copy(call.blocks + position, of: type) }
  }

  /// Walks the outer axes as an odometer does, the innermost in a loop.
  @inline(__always)
  private static func copy<Element: FixedWidthInteger>(
    _ block: UnsafePointer<MoveBlockCall>, of type: Element.Type
  ) {
    let sizes = block.pointee.sizes
    let (sourceSteps, targetSteps) = (block.pointee.sourceSteps, block.pointee.targetSteps)
    var source = block.pointee.source.assumingMemoryBound(to: Element.self)
    var target = block.pointee.target.assumingMemoryBound(to: Element.self)
    var counters = SIMD8<Int32>(repeating: 0)
    var axis = 6
    while axis >= 0 {
      row(
        source, target, Int(sizes[7]), Int(sourceSteps[7]), Int(targetSteps[7]),
        block.pointee.table)
      axis = 6
      while axis >= 0 {
        counters[axis] &+= 1
        source += Int(sourceSteps[axis])
        target += Int(targetSteps[axis])
        if counters[axis] < sizes[axis] { break }
        source -= Int(sizes[axis]) &* Int(sourceSteps[axis])
        target -= Int(sizes[axis]) &* Int(targetSteps[axis])
        counters[axis] = 0
        axis &-= 1
      }
    }
  }

  @inline(__always)
  private static func row<Element: FixedWidthInteger>(
    _ source: UnsafePointer<Element>, _ target: UnsafeMutablePointer<Element>, _ count: Int,
    _ sourceStep: Int, _ targetStep: Int, _ table: UnsafePointer<Int8>?
  ) {
    if let table {
      // The validator lets tables through for int8 only.
      for index in 0..<count {
        let value = Int(truncatingIfNeeded: source[index &* sourceStep])
        target[index &* targetStep] = Element(truncatingIfNeeded: table[value &+ 128])
      }
    } else if sourceStep == 1 && targetStep == 1 {
      target.update(from: source, count: count)
    } else {
      for index in 0..<count { target[index &* targetStep] = source[index &* sourceStep] }
    }
  }
}
