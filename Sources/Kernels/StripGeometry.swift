import PlanFormat

/// A dense layer's shapes and constants, whichever operation it came from.
struct DenseLayer {
  let input: Extent
  let output: Extent
  private let weighting: Weighting

  init?(_ layer: Layer) {
    let isConvolution: Bool
    switch layer.operation {
    case .convolution2D(let parameters): (weighting, isConvolution) = (Weighting(parameters), true)
    case .convolution16x8(let parameters):
      (weighting, isConvolution) = (Weighting(parameters), true)
    case .fullyConnected(let parameters):
      (weighting, isConvolution) = (Weighting(parameters), false)
    case .fullyConnected16x8(let parameters):
      (weighting, isConvolution) = (Weighting(parameters), false)
    default: return nil
    }
    if isConvolution {
      input = Extent(layer.inputs[0].shape)
      output = Extent(layer.output.shape)
    } else {
      // A 1 × 1 convolution whose pixels are the items.
      let features = layer.inputs[0].shape[layer.inputs[0].shape.count - 1]
      let items = layer.inputs[0].elementCount / features
      input = Extent([1, 1, items, features])
      output = Extent([1, 1, items, layer.output.elementCount / items])
    }
  }

  var window: Window { weighting.window }
  var inputZeroPoint: Int32 { weighting.inputZeroPoint }
  var weights: ConstantReference { weighting.weights }
  var bias: ConstantReference { weighting.bias }
  var requantization: OutputScaling { weighting.requantization }

  /// Bytes of an element of the input and of the output.
  var elementBytes: Int { requantization.elementBytes }

  var channels: Int { output.channels }

  /// Every pixel reads its own input pixel and nothing else: rows need not be told apart.
  var isPointwise: Bool {
    window.height == 1 && window.width == 1 && window.strideHeight == 1 && window.strideWidth == 1
      && output.height == input.height && output.width == input.width
  }

  /// No window reaches outside the input.
  var isInside: Bool {
    window.paddingTop == 0 && window.paddingLeft == 0
      && (output.height - 1) * window.strideHeight + (window.height - 1) * window.dilationHeight
        < input.height
      && (output.width - 1) * window.strideWidth + (window.width - 1) * window.dilationWidth
        < input.width
  }
}

/// How a strip kernel cuts a dense layer.
struct StripGeometry {
  /// Output pixels computed as one, their channels side by side, where a pixel alone would leave
  /// most lanes empty: the window widens by the strides between them, with weights of zero.
  let fold: Int
  /// Output rows and (folded) pixels in a row.
  let rows: Int
  let pixels: Int
  /// Contiguous parts of a window, elements in each, steps they take, steps in a block.
  let segments: Int
  let run: Int
  let steps: Int
  let block: Int
  /// Vectors of channels.
  let vectors: Int
  /// Channels of a (folded) pixel.
  let channels: Int
  let packedBytes: Int
  /// The border and the band of a staged input; nil where the arena is read as it is.
  let staged: StagedRows?
  /// Bytes from a segment to the next one, and between the columns of a dilated window.
  private let segmentRowBytes: Int
  private let segmentColumnBytes: Int
  private let columnsPerRow: Int
  private let kernel: StripKernel

  var isSinglePixel: Bool { rows * pixels == 1 }
  var scratchBytes: Int { staged?.scratchBytes ?? 0 }

  init(_ dense: DenseLayer, _ kernel: StripKernel) {
    self.kernel = kernel
    let (window, input, output) = (dense.window, dense.input, dense.output)
    let isDilated = window.dilationWidth > 1
    let isPointwise = dense.isPointwise
    let candidate = kernel.lanes / output.channels
    let folds =
      candidate > 1 && kernel.lanes % output.channels == 0 && output.width % candidate == 0
      && !isDilated && window.width > 1
    fold = folds ? candidate : 1
    rows = isPointwise ? 1 : output.height
    pixels = isPointwise ? output.height * output.width : output.width / fold
    channels = output.channels * fold
    vectors = channels.dividedRoundingUp(by: kernel.lanes)
    segments = isDilated ? window.height * window.width : window.height
    columnsPerRow = isDilated ? window.width : 1
    let columns = isDilated ? 1 : window.width + window.strideWidth * (fold - 1)
    run = columns * input.channels
    let needed = run.dividedRoundingUp(by: kernel.depth)
    let blocks = needed.dividedRoundingUp(by: kernel.stepsPerBlock)
    block = needed.dividedRoundingUp(by: blocks)
    steps = block * blocks
    staged =
      kernel.staging.isDirect && dense.isInside && fold == 1
      ? nil
      : StagedRows(
        window, input, output, isFlat: isPointwise, elementBytes: kernel.staging.elementBytes)
    let rowBytes =
      staged?.rowBytes ?? input.width * input.channels * kernel.staging.elementBytes
    segmentRowBytes = rowBytes * window.dilationHeight
    segmentColumnBytes = window.dilationWidth * input.channels * kernel.staging.elementBytes
    var bytes = 64 + (segments * 4).aligned
    var vector = 0
    while vector < vectors {
      let width = kernel.groups.widest(vectors - vector, isSinglePixel: rows * pixels == 1)
      bytes += (width * kernel.scales.bytes(lanes: kernel.lanes)).aligned
      bytes +=
        (segments * steps * width * kernel.lanes * kernel.depth * kernel.staging.elementBytes)
        .aligned
      vector += width
    }
    packedBytes = bytes
  }

  /// Byte offset of each segment from a window's first element.
  var segmentOffsets: [Int32] {
    (0..<segments).map { segment in
      let (row, column) = (segment / columnsPerRow, segment % columnsPerRow)
      return Int32(row * segmentRowBytes + column * segmentColumnBytes)
    }
  }

  /// The folded channel of a lane, in the order that makes a group's outputs come out in sequence
  /// (x86 packs four vectors to bytes, two to words, within 128-bit parts); nil beyond the last.
  func channel(_ firstVector: Int, _ width: Int, _ vector: Int, _ lane: Int) -> Int? {
    let lanes = kernel.lanes
    let packed = kernel.staging.inputBytes == 2 ? 2 : 4
    let within =
      width >= 4
      ? vector / packed * packed * lanes + (lane / 4 * packed + vector % packed) * 4 + lane % 4
      : vector * lanes + lane
    let channel = firstVector * lanes + within
    return channel < channels ? channel : nil
  }

  /// The weight that meets an element of a segment.
  func weight(
    _ dense: DenseLayer, _ weights: UnsafeRawBufferPointer, channel: Int, _ segment: Int,
    _ element: Int
  ) -> Int8 {
    let depth = dense.input.channels
    let filter = channel % dense.channels
    // A folded pixel's window begins as many strides further on.
    let shift = channel / dense.channels * dense.window.strideWidth
    let column = element / depth - shift + segment % columnsPerRow
    guard element < run, column >= 0, column < dense.window.width else { return 0 }
    let row = segment / columnsPerRow
    let tap = (filter * dense.window.height + row) * dense.window.width + column
    return weights.loadUnaligned(
      fromByteOffset: dense.weights.offset + tap * depth + element % depth, as: Int8.self)
  }
}
