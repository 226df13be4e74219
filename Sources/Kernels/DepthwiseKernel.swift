import CMicrokernels
import PlanFormat
import Wire

/// Depthwise convolution on interleaved rows: for each position and channel, `depth` rows' elements
/// lie side by side, so that one dot product takes a whole column of taps. Two output rows share an
/// interleaving when it holds the rows of both; their weights differ by one place.
struct DepthwiseKernel {
  let lanes: Int
  let depth: Int
  let element: StagingKernel.Element
  let scales: ScaleLayout
  /// The least weight it multiplies.
  var weightMin: Int8 = -128
  let interleave: swl_interleave_kernel?
  let loop: swl_strip_kernel?

  /// The element and its arithmetic; rows are not copied but interleaved.
  var staging: StagingKernel { StagingKernel(element, nil) }

  /// How a layer is cut; nil for what is no depthwise convolution of one filter per channel.
  func geometry(_ layer: Layer) -> DepthwiseGeometry? {
    let parameters: Weighting
    switch layer.operation {
    case .depthwiseConvolution2D(let own): parameters = Weighting(own)
    case .depthwiseConvolution16x8(let own): parameters = Weighting(own)
    default: return nil
    }
    let input = Extent(layer.inputs[0].shape)
    guard parameters.requantization.elementBytes == staging.inputBytes,
      layer.output.shape[3] == input.channels
    else { return nil }
    return DepthwiseGeometry(parameters, input, Extent(layer.output.shape), self)
  }

  /// - Returns: 64 bytes that begin with the rounding; the taps' offsets; the scales; the weights
  ///   [output row of the pair][vector][tap][lane][depth]. Nil where the scales forbid it.
  func pack(_ layer: Layer, _ weights: UnsafeRawBufferPointer) -> [UInt8]? {
    guard let geometry = geometry(layer) else { return nil }
    let (parameters, channels) = (geometry.parameters, geometry.input.channels)
    let taps = parameters.window.height * parameters.window.width
    func weight(_ tap: Int, _ channel: Int) -> Int8 {
      weights.loadUnaligned(
        fromByteOffset: parameters.weights.offset + tap * channels + channel, as: Int8.self)
    }
    let scales = ChannelScales(
      parameters.requantization, bias: parameters.bias, inputZeroPoint: parameters.inputZeroPoint,
      offset: staging.offset, weightMin: weightMin, weights: weights
    ) { channel, visit in
      for tap in 0..<taps { visit(weight(tap, channel)) }
    }
    guard let scales else { return nil }
    var writer = ByteWriter(capacity: geometry.packedBytes)
    writer.i32(self.scales.rounding(of: scales))
    writer.align(to: 64)
    for offset in geometry.tapOffsets { writer.i32(offset) }
    writer.align(to: 64)
    for vector in 0..<geometry.vectors {
      self.scales.append(
        (0..<lanes).map { geometry.channel(vector, $0).map { scales.channels[$0] } },
        of: scales, to: &writer)
    }
    writer.align(to: 64)
    for row in 0..<geometry.sharing {
      for vector in 0..<geometry.vectors {
        for tap in 0..<geometry.taps {
          let (block, column) = (tap / parameters.window.width, tap % parameters.window.width)
          for lane in 0..<lanes {
            for place in 0..<depth {
              let line = block * depth + place - row
              let isTap = line >= 0 && line < parameters.window.height
              let channel = isTap ? geometry.channel(vector, lane) : nil
              staging.append(
                channel.map { weight(line * parameters.window.width + column, $0) } ?? 0,
                to: &writer)
            }
          }
        }
      }
    }
    writer.align(to: 64)
    return writer.bytes
  }

  func bind(_ layer: Layer, _ memory: LayerMemory) -> DepthwiseCall {
    guard let geometry = geometry(layer) else { preconditionFailure("not a depthwise layer") }
    return DepthwiseCall(
      geometry, self, input: memory.elements(layer.inputs[0]),
      output: memory.elements(layer.output), memory)
  }
}

/// How a depthwise kernel cuts a layer.
struct DepthwiseGeometry {
  let parameters: Weighting
  let input: Extent
  let output: Extent
  /// Output pixels computed as one, where a pixel's channels leave lanes empty.
  let fold: Int
  /// Output rows that share an interleaving.
  let sharing: Int
  /// Interleavings of `depth` rows each, and dot products per output.
  let blocks: Int
  /// Interleavings from a group of rows that share them to the next group: fewer than `blocks` where
  /// the last ones of a group are the first ones of the next.
  let step: Int
  let taps: Int
  let vectors: Int
  /// Elements of an interleaved row: border, taken from the input, border.
  let left: Int
  let copied: Int
  let right: Int
  /// Bytes of one interleaving.
  let blockBytes: Int
  private let kernel: DepthwiseKernel

  init(
    _ parameters: Weighting, _ input: Extent, _ output: Extent,
    _ kernel: DepthwiseKernel
  ) {
    let window = parameters.window
    let channels = input.channels
    self.parameters = parameters
    self.input = input
    self.output = output
    self.kernel = kernel
    let candidate = kernel.lanes / channels
    let folds =
      candidate > 1 && kernel.lanes % channels == 0 && window.strideWidth == 1
      && output.width >= candidate
    fold = folds ? candidate : 1
    blocks = window.height.dividedRoundingUp(by: kernel.depth)
    let shares = window.strideHeight == 1 && window.dilationHeight == 1
    sharing = shares ? Swift.min(2, blocks * kernel.depth - window.height + 1) : 1
    let advance = sharing * window.strideHeight
    let repeats =
      window.dilationHeight == 1 && advance % kernel.depth == 0 && advance / kernel.depth < blocks
    step = repeats ? advance / kernel.depth : blocks
    taps = blocks * window.width
    vectors = (channels * fold).dividedRoundingUp(by: kernel.lanes)
    let columns =
      (output.width - 1) * window.strideWidth + (window.width - 1) * window.dilationWidth + 1
    let inner = Swift.min(input.width, Swift.max(columns - window.paddingLeft, 0))
    left = window.paddingLeft * channels
    copied = inner * channels
    right = Swift.max(columns - window.paddingLeft - inner, 0) * channels
    blockBytes =
      ((left + copied + right) * kernel.depth * kernel.staging.elementBytes + 64).aligned
  }

  private var elementBytes: Int { kernel.depth * kernel.staging.elementBytes }

  /// Bytes from a position's staged elements to its right neighbour's.
  var columnBytes: Int { input.channels * elementBytes }

  /// Bytes of weights for one output row.
  var rowWeightBytes: Int { vectors * taps * kernel.lanes * elementBytes }

  var scaleBytes: Int { (vectors * kernel.scales.bytes(lanes: kernel.lanes)).aligned }

  var packedBytes: Int {
    64 + (taps * 4).aligned + scaleBytes + (sharing * rowWeightBytes).aligned
  }

  /// Groups of output rows whose interleavings are made together: as many as stay in the first-level
  /// cache, so that a small map is one call.
  var band: Int {
    let fitting = (StagedRows.bandLimit / blockBytes - blocks) / step + 1
    return Swift.min(Swift.max(fitting, 1), output.height.dividedRoundingUp(by: sharing))
  }

  /// The interleavings, then a row of the zero point.
  var scratchBytes: Int {
    bandBlocks * blockBytes + (copied * kernel.staging.inputBytes).aligned + 64
  }

  /// Interleavings of a band.
  var bandBlocks: Int { (band - 1) * step + blocks }

  var tapOffsets: [Int32] {
    let width = parameters.window.width
    return (0..<taps).map { tap in
      Int32(
        tap / width * blockBytes + tap % width * parameters.window.dilationWidth * columnBytes)
    }
  }

  /// The channel of a lane; nil beyond the last.
  func channel(_ vector: Int, _ lane: Int) -> Int? {
    let position = vector * kernel.lanes + lane
    return position < input.channels * fold ? position % input.channels : nil
  }
}
