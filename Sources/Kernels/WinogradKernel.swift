import CMicrokernels
import PlanFormat
import Wire

/// Convolution of 3 × 3 windows of stride 1 by Winograd's F(4 × 4, 3 × 3), exactly, in integers: 36
/// products instead of 144 for 16 outputs of a channel. C's winograd.h has the arithmetic.
struct WinogradKernel {
  /// Int32 accumulators in a vector; a vector of inputs has twice as many.
  let lanes: Int
  /// Input channels multiplied into one lane at once, and in how many at a time the loop takes them.
  var depth = 2
  var channelsMultiple = 2
  /// Vectors of output channels in a group, and most tiles in a block: what C's loops are made for.
  var groupVectors = 2
  var blockTiles = 6
  /// Fewest input channels, at least a vector of inputs, and fewest of a tile's 16 outputs that the
  /// layer wants on average, for which it is worth its while.
  var channelsMin = 16
  var outputsMin = 8
  let staging: StagingKernel
  let scales: ScaleLayout
  /// Bytes of transformed weights, four times those of a strip kernel of int16, eight times those of
  /// one of int8: beyond that they would not stay in a second-level cache, nor be modest.
  var weightLimit = 5 << 18
  let inputs: swl_winograd_kernel?
  let loop: swl_winograd_kernel?

  /// Outputs of a tile in either direction, inputs under them, and sums of products they take.
  static let side = 4
  static let patch = 6
  static let positions = patch * patch
  /// Bytes of transformed inputs (though no less than a block's) for which a band has rows enough.
  static let bandBytes = 16 << 10
  /// What the magnitudes of a channel's weights may add up to: 64 times a sum of products with inputs
  /// in -128...127 then fits into 32 bits.
  static let magnitudeLimit = 1 << 18

  /// 24 (the last: 12) times the factors that 3 weights become.
  private static let rows: [SIMD4<Int32>] = [
    [6, 0, 0, 0], [-4, -4, -4, 0], [-4, 4, -4, 0], [1, 2, 4, 0], [1, -2, 4, 0], [0, 0, 12, 0],
  ]

  /// How a layer is cut; nil for what is no such convolution, or not worth its while.
  func geometry(_ layer: Layer) -> WinogradGeometry? {
    guard case .convolution2D = layer.operation, let dense = DenseLayer(layer) else { return nil }
    let window = dense.window
    guard
      window.height == 3, window.width == 3, window.strideHeight == 1, window.strideWidth == 1,
      window.dilationHeight == 1, window.dilationWidth == 1,
      dense.input.channels % channelsMultiple == 0,
      dense.input.channels >= channelsMin
    else { return nil }
    let geometry = WinogradGeometry(dense, self)
    let wanted = dense.output.height * dense.output.width * dense.channels
    let isWorthIt =
      wanted >= geometry.across * geometry.down * geometry.computedChannels * outputsMin
      && geometry.groups * geometry.weightBytes <= weightLimit
    return isWorthIt ? geometry : nil
  }

  /// - Returns: 64 bytes that begin with the rounding; per group its scales and its weights. Nil where
  ///   the scales or the magnitude of the weights forbid it.
  func pack(_ layer: Layer, _ weights: UnsafeRawBufferPointer) -> [UInt8]? {
    guard let geometry = geometry(layer) else { return nil }
    let (dense, depth) = (geometry.dense, geometry.dense.input.channels)
    func weight(_ channel: Int, _ tap: Int, _ input: Int) -> Int8 {
      let element = (channel * 9 + tap) * depth + input
      return weights.loadUnaligned(fromByteOffset: dense.weights.offset + element, as: Int8.self)
    }
    var magnitudes = [Int](repeating: 0, count: dense.channels)
    let scales = ChannelScales(
      dense.requantization, bias: dense.bias, inputZeroPoint: dense.inputZeroPoint,
      offset: staging.offset, weightMin: -128, weights: weights
    ) { channel, visit in
      for tap in 0..<9 {
        for input in 0..<depth {
          let weight = weight(channel, tap, input)
          magnitudes[channel] += Int(weight.magnitude)
          visit(weight)
        }
      }
    }
    guard let scales, magnitudes.allSatisfy({ $0 < Self.magnitudeLimit }) else { return nil }
    var writer = ByteWriter(capacity: geometry.packedBytes)
    writer.i32(self.scales.rounding(of: scales))
    writer.align(to: 64)
    for group in 0..<geometry.groups {
      let channels = (0..<geometry.groupChannels).map { lane in
        let channel = group * geometry.groupChannels + lane
        return channel < dense.channels ? channel : nil
      }
      for first in stride(from: 0, to: channels.count, by: lanes) {
        self.scales.append(
          channels[first..<first + lanes].map { $0.map { scales.channels[$0] } }, of: scales,
          to: &writer)
      }
      writer.align(to: 64)
      for factor in factors(dense, channels, weight) { writer.i16(factor) }
      writer.align(to: 64)
    }
    return writer.bytes
  }

  /// A group's transformed weights: [position][step][lane][depth].
  private func factors(
    _ dense: DenseLayer, _ channels: [Int?], _ weight: (Int, Int, Int) -> Int8
  ) -> [Int16] {
    let inputs = dense.input.channels
    var factors = [Int16](repeating: 0, count: Self.positions * inputs * channels.count)
    for case (let lane, let channel?) in channels.enumerated() {
      for input in 0..<inputs {
        func line(_ first: Int) -> SIMD4<Int32> {
          SIMD4(
            Int32(weight(channel, first, input)), Int32(weight(channel, first + 1, input)),
            Int32(weight(channel, first + 2, input)), 0)
        }
        let lines = (line(0), line(3), line(6))
        for (down, row) in Self.rows.enumerated() {
          let half = row[0] &* lines.0 &+ row[1] &* lines.1 &+ row[2] &* lines.2
          for (across, column) in Self.rows.enumerated() {
            let step = ((down * Self.patch + across) * inputs + input) / depth
            factors[(step * channels.count + lane) * depth + input % depth] =
              Int16((half &* column).wrappedSum())
          }
        }
      }
    }
    return factors
  }

  func bind(_ layer: Layer, _ memory: LayerMemory) -> WinogradCall {
    guard let geometry = geometry(layer) else { preconditionFailure("not a 3 × 3 convolution") }
    return WinogradCall(
      geometry, self, input: memory.elements(layer.inputs[0]),
      output: memory.elements(layer.output), memory)
  }
}

/// How a Winograd kernel cuts a layer.
struct WinogradGeometry {
  let dense: DenseLayer
  /// Tiles side by side, and rows of them.
  let across: Int
  let down: Int
  /// Groups of output channels, channels in one, and its bytes of scales and of weights.
  let groups: Int
  let groupChannels: Int
  let scaleBytes: Int
  let weightBytes: Int
  /// The staged input of a band of rows of tiles: to it, a tile is an output of a window of a patch.
  let staged: StagedRows
  /// Bytes of the transformed inputs of a band, and of a block's sums.
  let factorBytes: Int
  let productBytes: Int

  init(_ dense: DenseLayer, _ kernel: WinogradKernel) {
    typealias Winograd = WinogradKernel
    self.dense = dense
    across = dense.output.width.dividedRoundingUp(by: Winograd.side)
    down = dense.output.height.dividedRoundingUp(by: Winograd.side)
    groupChannels = kernel.groupVectors * kernel.lanes
    groups = dense.channels.dividedRoundingUp(by: groupChannels)
    scaleBytes = (kernel.groupVectors * kernel.scales.bytes(lanes: kernel.lanes)).aligned
    let tileBytes = Winograd.positions * dense.input.channels * 2
    weightBytes = tileBytes * groupChannels
    var window = dense.window
    (window.height, window.width) = (Winograd.patch, Winograd.patch)
    (window.strideHeight, window.strideWidth) = (Winograd.side, Winograd.side)
    let bandTiles = Swift.max(Winograd.bandBytes / tileBytes, kernel.blockTiles)
    // Bands of nearly equal height.
    let bands = down.dividedRoundingUp(by: bandTiles.dividedRoundingUp(by: across))
    staged = StagedRows(
      window, dense.input, Extent([1, down, across, dense.channels]),
      elementBytes: kernel.staging.elementBytes, band: down.dividedRoundingUp(by: bands))
    factorBytes = (staged.band * across * tileBytes).aligned
    productBytes = Winograd.positions * kernel.blockTiles * groupChannels * 4
  }

  var computedChannels: Int { groups * groupChannels }
  var packedBytes: Int { 64 + groups * (scaleBytes + weightBytes) }
  var scratchBytes: Int { staged.scratchBytes + factorBytes + productBytes }
}
