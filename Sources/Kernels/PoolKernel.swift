import CMicrokernels
import PlanFormat

/// Pools and means: a C loop folds the positions of a window channel by channel; Swift walks the
/// windows and scales the sums.
struct PoolKernel {
  let sum: swl_position_sum_kernel?
  let maximum: swl_position_maximum_kernel?

  func serves(_ layer: Layer) -> Bool {
    switch layer.operation {
    case .averagePool2D, .maximumPool2D, .spatialMean: true
    default: false
    }
  }

  /// One Int32 per channel, where sums are formed.
  func scratchBytes(_ layer: Layer) -> Int {
    if case .maximumPool2D = layer.operation { return 0 }
    return (layer.inputs[0].shape[3] * 4).aligned
  }

  func bind(_ layer: Layer, _ memory: LayerMemory) -> KernelCall {
    let input = UnsafePointer(memory.elements(layer.inputs[0]))
    let output = memory.elements(layer.output)
    let extent = Extent(layer.inputs[0].shape)
    let sums = memory.scratch.assumingMemoryBound(to: Int32.self)
    func pool(_ parameters: PoolParameters) -> PoolCall {
      PoolCall(
        input: input, output: output, inputExtent: extent, outputExtent: Extent(layer.output.shape),
        window: WindowWalk(parameters.window), minimum: parameters.minimum,
        maximum: parameters.maximum)
    }
    switch layer.operation {
    case .averagePool2D(let parameters):
      return .positionSum(PositionSumCall(pool: pool(parameters), mean: nil, sums: sums, loop: sum))
    case .maximumPool2D(let parameters):
      return .positionMaximum(PositionMaximumCall(pool: pool(parameters), loop: maximum))
    case .spatialMean(let parameters):
      // One window over everything.
      let whole = PoolParameters(
        window: Window(height: extent.height, width: extent.width), minimum: parameters.minimum,
        maximum: parameters.maximum)
      let call = PoolCall(
        input: input, output: output, inputExtent: extent,
        outputExtent: Extent([1, 1, 1, extent.channels]), window: WindowWalk(whole.window),
        minimum: parameters.minimum, maximum: parameters.maximum)
      return .positionSum(PositionSumCall(pool: call, mean: parameters, sums: sums, loop: sum))
    default: preconditionFailure("not a pool")
    }
  }
}

/// An average pool or a spatial mean bound to its kernel.
public struct PositionSumCall {
  let pool: PoolCall
  /// The scale of a mean; an average pool divides instead.
  let mean: SpatialMeanParameters?
  let sums: UnsafeMutablePointer<Int32>
  let loop: swl_position_sum_kernel?

  /// Computes the layer.
  @inline(__always)
  func run() {
    let channels = pool.inputExtent.channels
    pool.walk { position, rowStep, rows, columns, target in
      sums.update(repeating: 0, count: channels)
      var input = position
      for _ in 0..<rows {
        if pool.window.dilationWidth == 1 {
          loop?(input, channels, columns, channels, sums)
        } else {
          loop?(input, pool.window.dilationWidth &* channels, columns, channels, sums)
        }
        input += rowStep
      }
      if let mean {
        scale(mean, positions: rows &* columns, target)
      } else {
        divide(by: Int32(truncatingIfNeeded: max(rows &* columns, 1)), target)
      }
    }
  }

  @inline(__always)
  private func scale(
    _ mean: SpatialMeanParameters, positions: Int, _ target: UnsafeMutablePointer<Int8>
  ) {
    let offset = mean.inputZeroPoint &* Int32(truncatingIfNeeded: positions)
    for channel in 0..<pool.inputExtent.channels {
      let scaled = FixedPoint.scaleTwice(
        sums[channel] &- offset, mean.scale.multiplier, mean.scale.shift)
      target[channel] = FixedPoint.clamp(
        scaled &+ mean.outputZeroPoint, pool.minimum, pool.maximum)
    }
  }

  /// Halves away from zero. One multiplication by 2^40 / count, rounded up, gives the quotient of
  /// every n with n · count < 2^40: here n ≤ 128.5 · count.
  @inline(__always)
  private func divide(by count: Int32, _ target: UnsafeMutablePointer<Int8>) {
    let half = Int64(count / 2)
    let reciprocal = ((Int64(1) << 40) &+ Int64(count) &- 1) / Int64(count)
    let isExact = count <= Self.multipliedCountMax
    for channel in 0..<pool.inputExtent.channels {
      let sum = Int64(sums[channel])
      let magnitude = abs(sum) &+ half
      let quotient = isExact ? (magnitude &* reciprocal) &>> 40 : magnitude / Int64(count)
      target[channel] = FixedPoint.clamp(
        Int32(truncatingIfNeeded: sum < 0 ? 0 &- quotient : quotient), pool.minimum, pool.maximum)
    }
  }

  /// 128.5 · 90,000² < 2^40.
  private static let multipliedCountMax: Int32 = 90_000
}

/// A maximum pool bound to its kernel.
public struct PositionMaximumCall {
  let pool: PoolCall
  let loop: swl_position_maximum_kernel?

  /// Computes the layer.
  @inline(__always)
  func run() {
    let channels = pool.inputExtent.channels
    pool.walk { position, rowStep, rows, columns, target in
      target.update(repeating: -128, count: channels)
      var input = position
      for _ in 0..<rows {
        loop?(input, pool.window.dilationWidth &* channels, columns, channels, target)
        input += rowStep
      }
      for channel in 0..<channels {
        target[channel] = FixedPoint.clamp(Int32(target[channel]), pool.minimum, pool.maximum)
      }
    }
  }
}

extension PoolCall {
  /// Visits every output pixel: the first valid element under its window, the bytes to the next row
  /// of the window, the valid rows and columns, and where its channels go. Rows as wide as the input
  /// follow each other without a gap, so they count as one.
  @inline(__always)
  fileprivate func walk(
    _ visit: (UnsafePointer<Int8>, Int, Int, Int, UnsafeMutablePointer<Int8>) -> Void
  ) {
    let rowStep = window.dilationHeight &* inputExtent.width &* inputExtent.channels
    var target = output
    for row in 0..<outputExtent.height {
      let top = window.top(row)
      let rows = window.rows(from: top, size: inputExtent.height)
      for column in 0..<outputExtent.width {
        let left = window.left(column)
        let columns = window.columns(from: left, size: inputExtent.width)
        let first =
          (top &+ rows.lowerBound &* window.dilationHeight) &* inputExtent.width &+ left
          &+ columns.lowerBound &* window.dilationWidth
        let isWhole =
          columns.count == inputExtent.width && window.dilationHeight == 1
          && window.dilationWidth == 1
        visit(
          input + first &* inputExtent.channels, rowStep, isWhole ? 1 : rows.count,
          isWhole ? rows.count &* columns.count : columns.count, target)
        target += outputExtent.channels
      }
    }
  }
}
