public import PlanFormat

/// One way to compute one kind of layer on one instruction set. It packs the layer's constants for
/// itself, once, and binds the layer to memory, once; the bound call then runs.
///
/// Unchecked because C's function pointers are not known to be Sendable; they are constants.
public struct Kernel: @unchecked Sendable {
  /// What a prepared image calls it. Never given to another kernel or another order of constants.
  public let code: UInt16
  /// The tier whose instructions it uses.
  public let tier: KernelTier
  private let title: StaticString
  private let body: Body

  enum Body {
    case scalar
    case strip(StripKernel)
    case winograd(WinogradKernel)
    case depthwise(DepthwiseKernel)
    case sum(SumKernel)
    case wordSum(WordSumKernel)
    case pool(PoolKernel)
    case lookup(LookupKernel)
  }

  init(_ code: UInt16, _ title: StaticString, _ tier: KernelTier, _ body: Body) {
    self.code = code
    self.title = title
    self.tier = tier
    self.body = body
  }

  /// Name of the kernel in the service of a layer, after XNNPACK's convention.
  public func name(for layer: Layer) -> String {
    if case .scalar = body { return "\(layer.operation.family)-scalar" }
    return title.description
  }

  /// Whether it computes a layer of this kind and shape. Says nothing of the constants.
  func serves(_ layer: Layer) -> Bool {
    switch body {
    case .scalar: true
    case .strip(let kernel): kernel.geometry(layer) != nil
    case .winograd(let kernel): kernel.geometry(layer) != nil
    case .depthwise(let kernel): kernel.geometry(layer) != nil
    case .sum: if case .addition = layer.operation { true } else { false }
    case .wordSum(let kernel): kernel.serves(layer)
    case .pool(let kernel): kernel.serves(layer)
    case .lookup: if case .lookup = layer.operation { true } else { false }
    }
  }

  /// Bytes of the packed constants, a multiple of 64; follows from the shapes alone.
  public func packedBytes(_ layer: Layer) -> Int {
    switch body {
    case .scalar: PortableConstants.byteCount(layer.operation)
    case .strip(let kernel): kernel.geometry(layer)?.packedBytes ?? 0
    case .winograd(let kernel): kernel.geometry(layer)?.packedBytes ?? 0
    case .depthwise(let kernel): kernel.geometry(layer)?.packedBytes ?? 0
    case .sum: SumKernel.packedBytes
    case .pool, .wordSum: 0
    case .lookup: PortableConstants.byteCount(layer.operation)
    }
  }

  /// Whether its packed constants are a multiple of the weights: a transform of them.
  private var transformsWeights: Bool {
    if case .winograd = body { true } else { false }
  }

  /// Bytes of scratch that a run needs.
  public func scratchBytes(_ layer: Layer) -> Int {
    switch body {
    case .scalar: ScalarRecurrent.scratchBytes(layer)
    case .sum, .wordSum, .lookup: 0
    case .strip(let kernel): kernel.geometry(layer)?.scratchBytes ?? 0
    case .winograd(let kernel): kernel.geometry(layer)?.scratchBytes ?? 0
    case .depthwise(let kernel): kernel.geometry(layer)?.scratchBytes ?? 0
    case .pool(let kernel): kernel.scratchBytes(layer)
    }
  }

  /// The layer's constants in the order the kernel reads them, `packedBytes` long; nil when with
  /// these constants the kernel would not equal the scalar one.
  func pack(_ layer: Layer, weights: UnsafeRawBufferPointer) -> [UInt8]? {
    switch body {
    case .scalar, .lookup: PortableConstants.pack(layer.operation, weights)
    case .strip(let kernel): kernel.pack(layer, weights)
    case .winograd(let kernel): kernel.pack(layer, weights)
    case .depthwise(let kernel): kernel.pack(layer, weights)
    case .sum(let kernel): kernel.pack(layer)
    case .pool, .wordSum: []
    }
  }

  /// Whether packed constants hold the offsets that the layer's shapes give, and trees whose paths
  /// end, taps inside of their image: all that a kernel reads memory by. Other damage would change results, never what is touched.
  public func accepts(_ constants: UnsafeRawPointer, for layer: Layer) -> Bool {
    if case .treeEnsemble(let parameters) = layer.operation {
      return ScalarTrees.accept(constants, parameters, layer)
    }
    if case .resize(let parameters) = layer.operation {
      func address(_ reference: ConstantReference) -> UnsafeRawPointer {
        constants + PortableConstants.offset(of: reference, in: layer.operation)
      }
      return parameters.isSafe(
        rows: address(parameters.rows), columns: address(parameters.columns))
    }
    let expected: [Int32] =
      switch body {
      case .strip(let kernel): kernel.geometry(layer)?.segmentOffsets ?? []
      case .depthwise(let kernel): kernel.geometry(layer)?.tapOffsets ?? []
      case .scalar, .winograd, .sum, .wordSum, .pool, .lookup: []
      }
    let offsets = (constants + 64).assumingMemoryBound(to: Int32.self)
    return expected.indices.allSatisfy { expected[$0] == offsets[$0] }
  }

  /// The call that runs the layer.
  public func bind(_ layer: Layer, to memory: LayerMemory) -> KernelCall {
    switch body {
    case .scalar: ScalarBinder(layer: layer, memory: memory).bind()
    case .strip(let kernel): .strip(KernelCall.placed(kernel.bind(layer, memory)))
    case .winograd(let kernel): .winograd(KernelCall.placed(kernel.bind(layer, memory)))
    case .depthwise(let kernel): .depthwiseStrip(KernelCall.placed(kernel.bind(layer, memory)))
    case .sum(let kernel): .sum(kernel.bind(layer, memory))
    case .wordSum(let kernel): .wordSum(kernel.bind(layer, memory))
    case .pool(let kernel): kernel.bind(layer, memory)
    case .lookup(let kernel): .tableLookup(kernel.bind(layer, memory))
    }
  }
}

extension Kernel {
  /// The fastest kernel of a tier for a layer that the preference allows, and the layer's constants
  /// packed for it.
  ///
  /// - Parameter weights: the plan's portable weights section, validated.
  public static func choose(
    for layer: Layer, tier: KernelTier, preferring preference: KernelPreference,
    weights: UnsafeRawBufferPointer
  ) -> (kernel: Kernel, constants: [UInt8]) {
    for kernel in KernelTable.fastestFirst
    where tier.includes(kernel.tier) && kernel.serves(layer)
      && (preference == .speed || !kernel.transformsWeights)
    {
      if let constants = kernel.pack(layer, weights: weights) { return (kernel, constants) }
    }
    return (KernelTable.scalar, PortableConstants.pack(layer.operation, weights))
  }

  /// The kernel of a code, if this build has it, this tier includes it, and it serves the layer.
  public static func find(_ code: UInt16, for layer: Layer, tier: KernelTier) -> Kernel? {
    if code == KernelTable.scalar.code { return KernelTable.scalar }
    return KernelTable.fastestFirst.first { kernel in
      kernel.code == code && tier.includes(kernel.tier) && kernel.serves(layer)
    }
  }
}

extension PlanOperation {
  /// The operation as kernels' names abbreviate it.
  public var family: StaticString {
    switch self {
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
    case .convolution16x8: "qs16-qs8-conv"
    case .depthwiseConvolution16x8: "qs16-qs8-dwconv"
    case .fullyConnected16x8: "qs16-qs8-gemm"
    case .addition16: "qs16-vadd"
    case .treeEnsemble: "trees"
    case .matrixProduct: "qs8-matmul"
    case .reduction: "qs8-reduce"
    case .normalization: "qs8-norm"
    case .transposedConvolution: "qs8-deconv"
    case .groupedConvolution: "qs8-gconv"
    case .elementwise: "qs-vbinary"
    case .rescale: "qs-rescale"
    case .move: "move"
    case .resize: "qs8-resize"
    case .recurrent: "qs8-recurrent"
    case .topClass: "argmax"
    }
  }
}
