import CMicrokernels
import PlanFormat

/// A depthwise convolution bound to its kernel.
public struct DepthwiseCall {
  private let strip: swl_strip
  private let input: UnsafePointer<Int8>
  private let inputRowBytes: Int
  private let inputRows: Int
  private let outputRows: Int
  private let outputRowBytes: Int
  private let window: WindowWalk
  private let scratch: UnsafeMutableRawPointer
  private let zeroPoint: Int32
  private let staging: StagingKernel
  private let depth: Int
  private let blocks: Int
  private let step: Int
  private let blockBytes: Int
  private let left: Int
  private let copied: Int
  private let right: Int
  private let sharing: Int
  private let band: Int
  private let bandBlocks: Int
  private let rowWeightBytes: Int
  /// Pixels that the folded ones leave over, and where the last fold begins again to cover them.
  private let remainder: Int
  private let lastFoldInput: Int
  private let lastFoldOutput: Int
  private let interleave: swl_interleave_kernel?
  private let loop: swl_strip_kernel?

  init(
    _ geometry: DepthwiseGeometry, _ kernel: DepthwiseKernel, input: UnsafeMutablePointer<Int8>,
    output: UnsafeMutablePointer<Int8>, _ memory: LayerMemory
  ) {
    let channels = geometry.input.channels
    let requantization = geometry.parameters.requantization
    let scales = memory.constants + 64 + (geometry.taps * 4).aligned
    let width = geometry.output.width
    let pixelBytes = channels * requantization.elementBytes
    window = WindowWalk(geometry.parameters.window)
    strip = swl_strip(
      input: UnsafeRawPointer(memory.scratch),
      pixel_step: geometry.columnBytes * window.strideWidth * geometry.fold,
      row_step: geometry.step * geometry.blockBytes,
      segments: (memory.constants + 64).assumingMemoryBound(to: Int32.self),
      segment_count: Int32(geometry.taps), steps: 1, weights: scales + geometry.scaleBytes,
      constants: scales, output: output, output_step: pixelBytes * geometry.fold,
      output_row_step: width * pixelBytes * geometry.sharing, rows: 1,
      pixels: Int32(width / geometry.fold),
      channels: Int32(channels * geometry.fold),
      rounding: memory.constants.load(as: Int32.self),
      zero_point: requantization.outputZeroPoint, minimum: requantization.minimum,
      maximum: requantization.maximum)
    self.input = UnsafePointer(input)
    inputRowBytes = geometry.input.width * pixelBytes
    inputRows = geometry.input.height
    outputRows = geometry.output.height
    outputRowBytes = width * pixelBytes
    scratch = memory.scratch
    zeroPoint = geometry.parameters.inputZeroPoint
    staging = kernel.staging
    depth = kernel.depth
    blocks = geometry.blocks
    step = geometry.step
    blockBytes = geometry.blockBytes
    left = geometry.left
    copied = geometry.copied
    right = geometry.right
    sharing = geometry.sharing
    band = geometry.band
    bandBlocks = geometry.bandBlocks
    rowWeightBytes = geometry.rowWeightBytes
    remainder = width % geometry.fold
    lastFoldInput = (width - geometry.fold) * geometry.columnBytes
    lastFoldOutput = (width - geometry.fold) * pixelBytes
    interleave = kernel.interleave
    loop = kernel.loop
  }

  /// Computes this thread's rows of the layer.
  @inline(__always)
  func run(_ share: WorkShare) {
    guard let interleave, let loop else { return }
    let range = share.range(outputRows, step: sharing)
    let scratch = scratch + share.scratchOffset
    let zeroRow = (scratch + bandBlocks &* blockBytes).assumingMemoryBound(to: Int8.self)
    // The zero point of words is 0, byte by byte.
    zeroRow.initialize(
      repeating: Int8(truncatingIfNeeded: zeroPoint), count: copied &* staging.inputBytes)
    let elementBytes = depth &* staging.elementBytes
    for block in 0..<bandBlocks {
      let target = scratch + block &* blockBytes
      fillBorder(interleave, target, left, zeroRow: zeroRow)
      fillBorder(interleave, target + (left &+ copied) &* elementBytes, right, zeroRow: zeroRow)
    }
    var strip = strip
    strip.input = UnsafeRawPointer(scratch)
    strip.output += range.lowerBound &* outputRowBytes
    var row = range.lowerBound
    while row < range.upperBound {
      let count = min(band &* sharing, range.upperBound &- row)
      var target = scratch + left &* elementBytes
      for first in stride(from: row, to: row &+ count, by: sharing) {
        for block in (first == row ? 0 : blocks &- step)..<blocks {
          interleaveBlock(
            interleave, firstLine: block &* depth, outputRow: first, zeroRow: zeroRow, target)
          target += blockBytes
        }
      }
      for shared in 0..<min(sharing, count) {
        var rows = strip
        rows.rows = Int32(truncatingIfNeeded: (count &- shared &+ sharing &- 1) / sharing)
        rows.weights += shared &* rowWeightBytes
        rows.output += shared &* outputRowBytes
        loop(&rows)
        if remainder > 0 {
          rows.input += lastFoldInput
          rows.output += lastFoldOutput
          rows.pixels = 1
          loop(&rows)
        }
      }
      strip.output += count &* outputRowBytes
      row &+= count
    }
  }

  /// Interleaves zero points, as far as there is a row of them: quicker than what a C library has for
  /// filling.
  @inline(__always)
  private func fillBorder(
    _ interleave: swl_interleave_kernel, _ target: UnsafeMutableRawPointer, _ count: Int,
    zeroRow: UnsafeMutablePointer<Int8>
  ) {
    guard count <= copied else { return staging.fill(target, count &* depth, with: zeroPoint) }
    let row: UnsafePointer<Int8>? = UnsafePointer(zeroRow)
    interleaveRows(interleave, (row, row, row, row), target, count)
  }

  /// Interleaves the input rows under `depth` lines of the window of an output row.
  @inline(__always)
  private func interleaveBlock(
    _ interleave: swl_interleave_kernel, firstLine: Int, outputRow: Int,
    zeroRow: UnsafeMutablePointer<Int8>, _ target: UnsafeMutableRawPointer
  ) {
    let top = window.top(outputRow)
    func line(_ place: Int) -> UnsafePointer<Int8>? {
      // Lines beyond the last shared window meet weights of zero.
      let row = top &+ (firstLine &+ place) &* window.dilationHeight
      return row >= 0 && row < inputRows ? input + row &* inputRowBytes : UnsafePointer(zeroRow)
    }
    interleaveRows(interleave, (line(0), line(1), line(2), line(3)), target, copied)
  }

  @inline(__always)
  private func interleaveRows(
    _ interleave: swl_interleave_kernel,
    _ rows: (
      UnsafePointer<Int8>?, UnsafePointer<Int8>?, UnsafePointer<Int8>?, UnsafePointer<Int8>?
    ), _ target: UnsafeMutableRawPointer, _ count: Int
  ) {
    var rows = rows
    withUnsafeMutablePointer(to: &rows) { tuple in
      tuple.withMemoryRebound(to: UnsafePointer<Int8>?.self, capacity: 4) {
        interleave($0, target, count)
      }
    }
  }
}
