import CMicrokernels
import PlanFormat
import Wire

/// What a kernel's input is turned into before it runs.
struct StagingKernel {
  enum Element {
    /// int8 as in the arena, which can then be read without staging.
    case signed8
    /// int8 + 128.
    case unsigned8
    /// int8, widened.
    case signed16
    /// int16 as in the arena.
    case words
  }

  let element: Element
  let copy: swl_stage_kernel?

  init(_ element: Element, _ copy: swl_stage_kernel?) {
    self.element = element
    self.copy = copy
  }

  var isDirect: Bool { element == .signed8 || element == .words }
  /// Bytes of an element in the arena, and of a staged one.
  var inputBytes: Int { element == .words ? 2 : 1 }
  var elementBytes: Int { element == .signed16 || element == .words ? 2 : 1 }
  /// What is added to each input element.
  var offset: Int32 { element == .unsigned8 ? 128 : 0 }

  /// Appends a weight: as wide as the element it meets.
  func append(_ weight: Int8, to writer: inout ByteWriter) {
    if elementBytes == 2 { writer.i16(Int16(weight)) } else { writer.i8(weight) }
  }

  /// Stages elements; without a C loop, as they are.
  @inline(__always)
  func stage(_ input: UnsafePointer<Int8>, to target: UnsafeMutableRawPointer, _ count: Int) {
    if let copy {
      copy(input, target, count)
    } else {
      target.copyMemory(from: input, byteCount: count &* inputBytes)
    }
  }

  /// Fills elements with a value of the arena.
  @inline(__always)
  func fill(_ target: UnsafeMutableRawPointer, _ count: Int, with value: Int32) {
    if elementBytes == 2 {
      let elements = target.assumingMemoryBound(to: Int16.self)
      for index in 0..<count { elements[index] = Int16(truncatingIfNeeded: value) }
    } else {
      let byte = UInt8(truncatingIfNeeded: value &+ offset)
      target.initializeMemory(as: UInt8.self, repeating: byte, count: count)
    }
  }
}

/// A band of input rows with its border, channels last, in scratch.
struct StagedRows {
  /// Bytes of scratch that a band may take, so that it stays in the first-level cache; one output
  /// row is always taken.
  static let bandLimit = 16 << 10

  /// Bytes up to which a row's border is dearer than its inside.
  private static let shortRow = 256

  /// Elements of a row: border, copied from the input, border.
  let left: Int
  let copied: Int
  let right: Int
  let rowBytes: Int
  /// Input rows, the first of which lies `top` rows above the input.
  let top: Int
  let inputRows: Int
  /// Elements of an input row.
  let inputRowElements: Int
  /// Rows of the window, and between two windows.
  let reach: Int
  let stride: Int
  /// Output rows of a band; where the layer is flat, output pixels, and rows are pixels.
  let band: Int
  let scratchBytes: Int

  init(
    _ window: Window, _ input: Extent, _ output: Extent, isFlat: Bool = false, elementBytes: Int,
    band: Int? = nil
  ) {
    if isFlat {
      (left, copied, right, top, reach, stride) = (0, input.channels, 0, 0, 1, 1)
      inputRows = input.height * input.width
      inputRowElements = input.channels
    } else {
      let columns =
        (output.width - 1) * window.strideWidth + (window.width - 1) * window.dilationWidth + 1
      let inner = Swift.min(input.width, Swift.max(columns - window.paddingLeft, 0))
      left = window.paddingLeft * input.channels
      copied = inner * input.channels
      right = Swift.max(columns - window.paddingLeft - inner, 0) * input.channels
      top = window.paddingTop
      inputRows = input.height
      inputRowElements = input.width * input.channels
      reach = (window.height - 1) * window.dilationHeight + 1
      stride = window.strideHeight
    }
    rowBytes = (left + copied + right) * elementBytes
    let total = isFlat ? inputRows : output.height
    let fitting = (Self.bandLimit / rowBytes - reach) / stride + 1
    self.band = band ?? Swift.min(Swift.max(fitting, 1), total)
    scratchBytes = (((self.band - 1) * stride + reach) * rowBytes).aligned + 64
  }

  /// Stages the rows that output rows `first ..< first + count` read.
  @inline(__always)
  func stage(
    _ input: UnsafePointer<Int8>, _ kernel: StagingKernel, zeroPoint: Int32,
    to scratch: UnsafeMutableRawPointer, first: Int, count: Int
  ) {
    let inputRowBytes = inputRowElements &* kernel.inputBytes
    if left &+ right == 0, top == 0, stride == 1, copied == inputRowElements,
      first &+ count &- 1 &+ reach <= inputRows
    {
      kernel.stage(input + first &* inputRowBytes, to: scratch, (count &- 1 &+ reach) &* copied)
      return
    }
    var target = scratch
    let begin = first &* stride &- top
    let rows = (count &- 1) &* stride &+ reach
    if rowBytes <= Self.shortRow {
      // One fill of everything costs less than two of every row.
      kernel.fill(scratch, rows &* (left &+ copied &+ right), with: zeroPoint)
      for row in max(begin, 0)..<max(min(begin &+ rows, inputRows), max(begin, 0)) {
        kernel.stage(
          input + row &* inputRowBytes,
          to: target + (row &- begin) &* rowBytes + left &* kernel.elementBytes, copied)
      }
      return
    }
    for row in begin..<begin &+ rows {
      if row < 0 || row >= inputRows {
        kernel.fill(target, left &+ copied &+ right, with: zeroPoint)
      } else {
        kernel.fill(target, left, with: zeroPoint)
        kernel.stage(
          input + row &* inputRowBytes, to: target + left &* kernel.elementBytes, copied)
        kernel.fill(
          target + (left &+ copied) &* kernel.elementBytes, right, with: zeroPoint)
      }
      target += rowBytes
    }
  }
}
