import PlanFormat

/// An instruction bound to memory: addresses and plain numbers only, so that running it allocates
/// nothing and counts no references. The longest ones are placed in memory of their own, lest each
/// run copies them; who binds a call ends it by `deallocate`.
public enum KernelCall {
  case convolution(ConvolutionCall)
  case depthwiseConvolution(ConvolutionCall)
  case fullyConnected(FullyConnectedCall)
  case addition(AdditionCall)
  case averagePool(PoolCall)
  case maximumPool(PoolCall)
  case spatialMean(SpatialMeanCall)
  case softmax(SoftmaxCall)
  case transpose(TransposeCall)
  case lookup(LookupCall)
  case convolution16x8(Convolution16x8Call)
  case depthwiseConvolution16x8(Convolution16x8Call)
  case fullyConnected16x8(FullyConnected16x8Call)
  case addition16(Addition16Call)
  case treeEnsemble(TreeEnsembleCall)
  case matrixProduct(UnsafePointer<MatrixProductCall>)
  case reduction(UnsafePointer<ReductionCall>)
  case normalization(UnsafePointer<NormalizationCall>)
  case transposedConvolution(UnsafePointer<GroupedConvolutionCall>)
  case groupedConvolution(UnsafePointer<GroupedConvolutionCall>)
  case elementwise(UnsafePointer<ElementwiseCall>)
  case rescale(RescaleCall)
  case move(MoveCall)
  case resize(ResizeCall)
  case recurrent(UnsafePointer<RecurrentCall>)
  case topClass(TopClassCall)
  case strip(UnsafePointer<StripCall>)
  case winograd(UnsafePointer<WinogradCall>)
  case depthwiseStrip(UnsafePointer<DepthwiseCall>)
  case sum(SumCall)
  case wordSum(WordSumCall)
  case positionSum(PositionSumCall)
  case positionMaximum(PositionMaximumCall)
  case tableLookup(TableLookupCall)

  /// Runs one thread's share of the call; all shares together are the layer.
  @inline(__always)
  public func run(_ share: WorkShare) {
    switch self {
    case .strip(let call): call.pointee.run(share)
    case .winograd(let call): call.pointee.run(share)
    case .depthwiseStrip(let call): call.pointee.run(share)
    case .sum(let call): call.run(share)
    case .wordSum(let call): call.run(share)
    default: if share.isFirst { runWhole() }
    }
  }

  /// Gives back what binding took; the call must not run again.
  public func deallocate() {
    switch self {
    case .strip(let call): call.deallocate()
    case .winograd(let call): call.deallocate()
    case .depthwiseStrip(let call): call.deallocate()
    case .matrixProduct(let call): call.deallocate()
    case .reduction(let call): call.deallocate()
    case .normalization(let call): call.deallocate()
    case .transposedConvolution(let call), .groupedConvolution(let call): call.deallocate()
    case .elementwise(let call): call.deallocate()
    case .move(let call): call.blocks.deallocate()
    case .recurrent(let call): call.deallocate()
    default: break
    }
  }

  /// A call in memory of its own.
  static func placed<Call>(_ call: Call) -> UnsafePointer<Call> {
    let memory = UnsafeMutablePointer<Call>.allocate(capacity: 1)
    memory.initialize(to: call)
    return UnsafePointer(memory)
  }

  @inline(__always)
  private func runWhole() {
    switch self {
    case .convolution(let call): ScalarKernels.convolution(call)
    case .depthwiseConvolution(let call): ScalarKernels.depthwiseConvolution(call)
    case .fullyConnected(let call): ScalarKernels.fullyConnected(call)
    case .addition(let call): ScalarKernels.addition(call)
    case .averagePool(let call): ScalarKernels.averagePool(call)
    case .maximumPool(let call): ScalarKernels.maximumPool(call)
    case .spatialMean(let call): ScalarKernels.spatialMean(call)
    case .softmax(let call): ScalarKernels.softmax(call)
    case .transpose(let call): ScalarKernels.transpose(call)
    case .lookup(let call): ScalarKernels.lookup(call)
    case .convolution16x8(let call): ScalarKernels.convolution16x8(call)
    case .depthwiseConvolution16x8(let call): ScalarKernels.depthwiseConvolution16x8(call)
    case .fullyConnected16x8(let call): ScalarKernels.fullyConnected16x8(call)
    case .addition16(let call): ScalarKernels.addition16(call)
    case .treeEnsemble(let call): ScalarKernels.treeEnsemble(call)
    case .matrixProduct(let call): ScalarKernels.matrixProduct(call.pointee)
    case .reduction(let call): ScalarKernels.reduction(call.pointee)
    case .normalization(let call): ScalarKernels.normalization(call.pointee)
    case .transposedConvolution(let call): ScalarKernels.transposedConvolution(call.pointee)
    case .groupedConvolution(let call): ScalarKernels.groupedConvolution(call.pointee)
    case .elementwise(let call): ScalarKernels.elementwise(call.pointee)
    case .rescale(let call): ScalarKernels.rescale(call)
    case .move(let call): ScalarKernels.move(call)
    case .resize(let call): ScalarKernels.resize(call)
    case .recurrent(let call): call.pointee.run()
    case .topClass(let call): ScalarKernels.topClass(call)
    case .strip, .winograd, .depthwiseStrip, .sum, .wordSum: break
    case .positionSum(let call): call.run()
    case .positionMaximum(let call): call.run()
    case .tableLookup(let call): call.run()
    }
  }
}

/// Height, width and channels of [1, H, W, C].
public struct Extent {
  var height: Int
  var width: Int
  var channels: Int

  init(_ shape: [Int]) {
    height = shape[1]
    width = shape[2]
    channels = shape[3]
  }
}

/// A requantisation with its constants' addresses. `step` is 1 for one entry per channel, 0 for one
/// entry in all.
public struct RequantizationCall {
  let multipliers: UnsafePointer<Int32>
  let shifts: UnsafePointer<Int8>
  let step: Int
  let isOnce: Bool
  let zeroPoint: Int32
  let minimum: Int32
  let maximum: Int32

  /// The output for an accumulator of a channel.
  @inline(__always)
  func apply(_ accumulator: Int32, channel: Int) -> Int8 {
    let entry = channel &* step
    let multiplier = multipliers[entry]
    let shift = Int32(shifts[entry])
    let scaled =
      isOnce
      ? FixedPoint.scaleOnce(accumulator, multiplier, shift)
      : FixedPoint.scaleTwice(accumulator, multiplier, shift)
    return FixedPoint.clamp(scaled &+ zeroPoint, minimum, maximum)
  }
}

/// Either convolution.
public struct ConvolutionCall {
  let input: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  let weights: UnsafePointer<Int8>
  let bias: UnsafePointer<Int32>
  let inputExtent: Extent
  let outputExtent: Extent
  let window: WindowWalk
  let inputZeroPoint: Int32
  let requantization: RequantizationCall
}

/// A dense layer over `items` rows.
public struct FullyConnectedCall {
  let input: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  let weights: UnsafePointer<Int8>
  let bias: UnsafePointer<Int32>
  let items: Int
  let features: Int
  let outputs: Int
  let inputZeroPoint: Int32
  let requantization: RequantizationCall
}

/// An element-wise sum.
public struct AdditionCall {
  let left: UnsafePointer<Int8>
  let right: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  let count: Int
  let parameters: AdditionParameters
}

/// Either pool.
public struct PoolCall {
  let input: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  let inputExtent: Extent
  let outputExtent: Extent
  let window: WindowWalk
  let minimum: Int32
  let maximum: Int32
}

/// A mean over height and width.
public struct SpatialMeanCall {
  let input: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  let positions: Int
  let channels: Int
  let parameters: SpatialMeanParameters
}

/// A softmax over rows.
public struct SoftmaxCall {
  let input: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  let table: UnsafePointer<UInt64>
  let rows: Int
  let length: Int
}

/// A permutation of at most six axes, outermost first; missing axes have size 1.
public struct TransposeCall {
  let input: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  let sizes: SIMD8<Int32>
  let steps: SIMD8<Int32>
}

/// A table look-up.
public struct LookupCall {
  let input: UnsafePointer<Int8>
  let output: UnsafeMutablePointer<Int8>
  let table: UnsafePointer<Int8>
  let count: Int
}
