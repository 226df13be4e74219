import CMicrokernels
import PlanFormat

/// A convolution bound to its Winograd kernel.
public struct WinogradCall {
  /// Everything but what changes from band to band and group to group.
  private let template: swl_winograd
  private let input: UnsafePointer<Int8>
  private let scratch: UnsafeMutableRawPointer
  private let factorOffset: Int
  private let productOffset: Int
  private let staging: StagingKernel
  private let staged: StagedRows
  private let zeroPoint: Int32
  private let groups: Int
  private let groupChannels: Int32
  private let scaleBytes: Int
  private let weightBytes: Int
  private let outputRows: Int
  private let down: Int
  private let inputs: swl_winograd_kernel?
  private let loop: swl_winograd_kernel?

  init(
    _ geometry: WinogradGeometry, _ kernel: WinogradKernel, input: UnsafeMutablePointer<Int8>,
    output: UnsafeMutablePointer<Int8>, _ memory: LayerMemory
  ) {
    let dense = geometry.dense
    let (depth, channels, width) = (dense.input.channels, dense.channels, dense.output.width)
    let strip = swl_strip(
      input: nil, pixel_step: WinogradKernel.side * depth * kernel.staging.elementBytes,
      row_step: geometry.staged.rowBytes, segments: nil, segment_count: 0,
      steps: Int32(depth / kernel.depth),
      weights: nil, constants: memory.constants + 64, output: output, output_step: channels,
      output_row_step: width * channels, rows: 0, pixels: Int32(width), channels: Int32(channels),
      rounding: memory.constants.load(as: Int32.self),
      zero_point: dense.requantization.outputZeroPoint, minimum: dense.requantization.minimum,
      maximum: dense.requantization.maximum)
    template = swl_winograd(strip: strip, factors: nil, products: nil)
    self.input = UnsafePointer(input)
    scratch = memory.scratch
    factorOffset = geometry.staged.scratchBytes
    productOffset = geometry.staged.scratchBytes + geometry.factorBytes
    staging = kernel.staging
    staged = geometry.staged
    zeroPoint = dense.inputZeroPoint
    groups = geometry.groups
    groupChannels = Int32(geometry.groupChannels)
    scaleBytes = geometry.scaleBytes
    weightBytes = geometry.weightBytes
    outputRows = dense.output.height
    down = geometry.down
    inputs = kernel.inputs
    loop = kernel.loop
  }

  /// Computes this thread's rows of the layer.
  @inline(__always)
  func run(_ share: WorkShare) {
    guard let inputs, let loop else { return }
    let range = share.range(down)
    let scratch = scratch + share.scratchOffset
    var band = template
    band.strip.input = UnsafeRawPointer(scratch)
    band.factors = scratch + factorOffset
    band.products = scratch + productOffset
    var first = range.lowerBound
    while first < range.upperBound {
      let count = min(staged.band, range.upperBound &- first)
      staged.stage(input, staging, zeroPoint: zeroPoint, to: scratch, first: first, count: count)
      let top = first &* WinogradKernel.side
      band.strip.rows = Int32(
        truncatingIfNeeded: min(count &* WinogradKernel.side, outputRows &- top))
      inputs(&band)
      var group = band
      group.strip.output += top &* band.strip.output_row_step
      var channels = band.strip.channels
      for _ in 0..<groups {
        group.strip.weights = group.strip.constants + scaleBytes
        group.strip.channels = min(channels, groupChannels)
        loop(&group)
        group.strip.constants = group.strip.weights + weightBytes
        group.strip.output += Int(groupChannels)
        channels &-= groupChannels
      }
      first &+= count
    }
  }
}
