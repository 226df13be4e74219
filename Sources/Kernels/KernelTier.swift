public import PlanFormat

/// A family of kernels for one instruction set. Slower tiers serve where a faster one has no kernel.
public enum KernelTier: UInt8, Sendable, CaseIterable {
  /// Portable Swift: the definition of the numerics.
  case scalar = 1

  /// Name in `--cpu-features`, `targets/` and tables.
  public var name: String {
    switch self {
    case .scalar: "scalar"
    }
  }

  /// The fastest tier this CPU runs.
  public static var best: KernelTier { .scalar }

  /// The tier of a name, if there is one.
  public init?(name: String) {
    guard let tier = KernelTier.allCases.first(where: { $0.name == name }) else { return nil }
    self = tier
  }

  /// Name of the kernel that serves an operation, after XNNPACK's convention.
  public func kernelName(for operation: PlanOperation) -> String {
    let family =
      switch operation {
      case .convolution2D: "qs8-conv"
      case .depthwiseConvolution2D: "qs8-dwconv"
      case .fullyConnected: "qs8-gemm"
      case .addition: "qs8-vadd"
      case .averagePool2D: "qs8-avgpool"
      case .maximumPool2D: "s8-maxpool"
      case .spatialMean: "qs8-gavgpool"
      case .softmax: "qs8-softmax"
      case .transpose: "x8-transpose"
      case .lookup: "x8-lut"
      }
    return "\(family)-\(name)"
  }

  /// Runs one call.
  @inline(__always)
  public static func run(_ call: KernelCall) {
    switch call {
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
    }
  }
}
