import CMicrokernels
import PlanFormat
import Wire

/// Dense layers (convolution in all its forms, fully connected) by strips: a C loop computes a
/// rectangle of pixels times a group of channels; Swift stages the input with its border, and walks
/// bands of rows and groups of channels.
struct StripKernel {
  /// Int32 accumulators in a vector.
  let lanes: Int
  /// Input elements multiplied into one lane at once.
  let depth: Int
  /// Steps that stay together in the order of weights: 1, or the rows of a tile.
  let stepsPerBlock: Int
  /// Fewest output pixels, and steps in a block, for which it is worth its while.
  let pixelsMin: Int
  let blockMin: Int
  /// The least weight it multiplies.
  let weightMin: Int8
  let staging: StagingKernel
  let scales: ScaleLayout
  let groups: StripGroups

  init(
    lanes: Int, depth: Int, stepsPerBlock: Int = 1, pixelsMin: Int = 1, blockMin: Int = 1,
    weightMin: Int8 = -128, staging: StagingKernel, scales: ScaleLayout, groups: StripGroups
  ) {
    self.lanes = lanes
    self.depth = depth
    self.stepsPerBlock = stepsPerBlock
    self.pixelsMin = pixelsMin
    self.blockMin = blockMin
    self.weightMin = weightMin
    self.staging = staging
    self.scales = scales
    self.groups = groups
  }

  /// How a layer is cut; nil for what is no dense layer, or too small a one.
  func geometry(_ layer: Layer) -> StripGeometry? {
    guard let dense = DenseLayer(layer), dense.elementBytes == staging.inputBytes else {
      return nil
    }
    let geometry = StripGeometry(dense, self)
    let isWorthIt = geometry.rows * geometry.pixels >= pixelsMin && geometry.block >= blockMin
    return isWorthIt ? geometry : nil
  }

  /// - Returns: the constants: 64 bytes that begin with the rounding; the segments' offsets; per
  ///   group its scales and its weights. Nil where the scales forbid it.
  func pack(_ layer: Layer, _ weights: UnsafeRawBufferPointer) -> [UInt8]? {
    guard let dense = DenseLayer(layer) else { return nil }
    let geometry = StripGeometry(dense, self)
    let taps = dense.window.height * dense.window.width * dense.input.channels
    let scales = ChannelScales(
      dense.requantization, bias: dense.bias, inputZeroPoint: dense.inputZeroPoint,
      offset: staging.offset, weightMin: weightMin, weights: weights
    ) { channel, visit in
      let start = dense.weights.offset + channel * taps
      for tap in 0..<taps {
        visit(weights.loadUnaligned(fromByteOffset: start + tap, as: Int8.self))
      }
    }
    guard let scales else { return nil }
    var writer = ByteWriter(capacity: geometry.packedBytes)
    writer.i32(self.scales.rounding(of: scales))
    writer.align(to: 64)
    for offset in geometry.segmentOffsets { writer.i32(offset) }
    writer.align(to: 64)
    var vector = 0
    while vector < geometry.vectors {
      let width = groups.widest(geometry.vectors - vector, isSinglePixel: geometry.isSinglePixel)
      for index in 0..<width {
        let lanes = (0..<lanes).map { lane in
          geometry.channel(vector, width, index, lane).map { scales.channels[$0 % dense.channels] }
        }
        self.scales.append(lanes, of: scales, to: &writer)
      }
      writer.align(to: 64)
      packWeights(dense, geometry, weights, vector, width, &writer)
      writer.align(to: 64)
      vector += width
    }
    return writer.bytes
  }

  /// [segment][block][vector][step of the block][lane][depth].
  private func packWeights(
    _ dense: DenseLayer, _ geometry: StripGeometry, _ weights: UnsafeRawBufferPointer,
    _ firstVector: Int, _ width: Int, _ writer: inout ByteWriter
  ) {
    var channels: [Int?] = []
    for index in 0..<width {
      for lane in 0..<lanes {
        channels.append(geometry.channel(firstVector, width, index, lane))
      }
    }
    for segment in 0..<geometry.segments {
      for block in stride(from: 0, to: geometry.steps, by: geometry.block) {
        for index in 0..<width {
          for step in block..<block + geometry.block {
            for lane in 0..<lanes {
              for element in step * depth..<(step + 1) * depth {
                let weight = channels[index * lanes + lane].map {
                  geometry.weight(dense, weights, channel: $0, segment, element)
                }
                staging.append(weight ?? 0, to: &writer)
              }
            }
          }
        }
      }
    }
  }

  func bind(_ layer: Layer, _ memory: LayerMemory) -> StripCall {
    guard let dense = DenseLayer(layer) else { preconditionFailure("not a dense layer") }
    let geometry = StripGeometry(dense, self)
    return StripCall(
      dense, geometry, self, input: memory.elements(layer.inputs[0]),
      output: memory.elements(layer.output), memory)
  }
}

/// The C loops of a kernel by the vectors of channels they serve. On other architectures all are nil,
/// and the widths alone count.
struct StripGroups {
  /// Of a single pixel: fully connected layers.
  let eight: swl_strip_kernel?
  let four: swl_strip_kernel?
  let two: swl_strip_kernel?
  let one: swl_strip_kernel?
  /// Whether there is a loop for four vectors anywhere.
  var hasFour = true

  /// The widest group for so many vectors.
  @inline(__always)
  func widest(_ vectors: Int, isSinglePixel: Bool) -> Int {
    if vectors >= 8, isSinglePixel { return 8 }
    if vectors >= 4, hasFour { return 4 }
    return vectors >= 2 ? 2 : 1
  }

  @inline(__always)
  func loop(_ vectors: Int) -> swl_strip_kernel? {
    switch vectors {
    case 8: eight
    case 4: four
    case 2: two
    default: one
    }
  }
}
