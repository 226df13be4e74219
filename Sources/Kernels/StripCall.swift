import CMicrokernels
import PlanFormat

/// A dense layer bound to its strip kernel.
public struct StripCall {
  /// Everything but what changes from band to band and group to group.
  private let strip: swl_strip
  private let input: UnsafePointer<Int8>
  private let scratch: UnsafeMutableRawPointer
  private let staging: StagingKernel
  private let staged: StagedRows?
  private let isFlat: Bool
  private let zeroPoint: Int32
  private let groups: StripGroups
  private let constants: UnsafeRawPointer
  private let vectors: Int
  private let lanes: Int
  /// Bytes of a vector's outputs.
  private let vectorBytes: Int
  private let scaleBytes: Int
  private let weightBytes: Int
  /// Output rows (or pixels of a flat layer) in all and in a band, and what one of them advances.
  private let total: Int
  private let band: Int
  private let outputStep: Int
  private let inputStep: Int

  init(
    _ dense: DenseLayer, _ geometry: StripGeometry, _ kernel: StripKernel,
    input: UnsafeMutablePointer<Int8>, output: UnsafeMutablePointer<Int8>, _ memory: LayerMemory
  ) {
    let depth = dense.input.channels
    let elementBytes = kernel.staging.elementBytes
    let pixelBytes = geometry.channels * dense.elementBytes
    let rowBytes = geometry.staged?.rowBytes ?? dense.input.width * depth * elementBytes
    let requantization = dense.requantization
    isFlat = dense.isPointwise
    strip = swl_strip(
      input: UnsafeRawPointer(input),
      pixel_step: isFlat
        ? depth * elementBytes
        : dense.window.strideWidth * geometry.fold * depth * elementBytes,
      row_step: isFlat ? 0 : rowBytes * dense.window.strideHeight,
      segments: (memory.constants + 64).assumingMemoryBound(to: Int32.self),
      segment_count: Int32(geometry.segments), steps: Int32(geometry.steps), weights: nil,
      constants: nil, output: output, output_step: pixelBytes,
      output_row_step: geometry.pixels * pixelBytes, rows: 1,
      pixels: Int32(geometry.pixels), channels: Int32(geometry.channels),
      rounding: memory.constants.load(as: Int32.self),
      zero_point: requantization.outputZeroPoint, minimum: requantization.minimum,
      maximum: requantization.maximum)
    self.input = UnsafePointer(input)
    scratch = memory.scratch
    staging = kernel.staging
    staged = geometry.staged
    zeroPoint = dense.inputZeroPoint
    groups = kernel.groups
    constants = memory.constants + 64 + (geometry.segments * 4).aligned
    vectors = geometry.vectors
    lanes = kernel.lanes
    vectorBytes = kernel.lanes * dense.elementBytes
    scaleBytes = kernel.scales.bytes(lanes: kernel.lanes)
    weightBytes = geometry.segments * geometry.steps * kernel.lanes * kernel.depth * elementBytes
    total = isFlat ? geometry.pixels : geometry.rows
    // What is read in place needs a band for the cache's sake only.
    let cached = Swift.max(StagedRows.bandLimit / (depth * elementBytes) & ~15, 16)
    band = geometry.staged?.band ?? (isFlat ? Swift.min(cached, total) : total)
    outputStep = isFlat ? pixelBytes : geometry.pixels * pixelBytes
    inputStep = isFlat ? depth * elementBytes : dense.window.strideHeight * rowBytes
  }

  /// Computes this thread's rows of the layer.
  @inline(__always)
  func run(_ share: WorkShare) {
    let range = share.range(total, step: isFlat ? 16 : 1)
    let scratch = scratch + share.scratchOffset
    var strip = strip
    strip.output += range.lowerBound &* outputStep
    if staged == nil { strip.input += range.lowerBound &* inputStep }
    var first = range.lowerBound
    while first < range.upperBound {
      let count = min(band, range.upperBound &- first)
      if let staged {
        staged.stage(input, staging, zeroPoint: zeroPoint, to: scratch, first: first, count: count)
        strip.input = UnsafeRawPointer(scratch)
      }
      if isFlat {
        strip.pixels = Int32(truncatingIfNeeded: count)
      } else {
        strip.rows = Int32(truncatingIfNeeded: count)
      }
      walkGroups(strip)
      strip.output += count &* outputStep
      if staged == nil { strip.input += count &* inputStep }
      first &+= count
    }
  }

  @inline(__always)
  private func walkGroups(_ template: swl_strip) {
    var strip = template
    var constants = constants
    var remaining = vectors
    var channels = strip.channels
    let isSinglePixel = strip.rows == 1 && strip.pixels == 1 && total == 1
    while remaining > 0 {
      let width = groups.widest(remaining, isSinglePixel: isSinglePixel)
      strip.constants = constants
      strip.weights = constants + (width &* scaleBytes).aligned
      constants = strip.weights + (width &* weightBytes).aligned
      strip.channels = min(channels, Int32(truncatingIfNeeded: width &* lanes))
      groups.loop(width)?(&strip)
      strip.output += width &* vectorBytes
      channels &-= strip.channels
      remaining &-= width
    }
  }
}
