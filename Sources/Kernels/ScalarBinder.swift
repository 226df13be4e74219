import PlanFormat

/// Binds a layer to the scalar kernel of its operation.
struct ScalarBinder {
  let layer: Layer
  let memory: LayerMemory

  /// The call that runs the layer.
  func bind() -> KernelCall {
    let source = layer.inputs[0]
    let result = layer.output
    let input = UnsafePointer(memory.elements(source))
    let output = memory.elements(result)
    switch layer.operation {
    case .convolution2D(let parameters):
      return .convolution(convolution(parameters, input, output, source, result))
    case .depthwiseConvolution2D(let parameters):
      return .depthwiseConvolution(convolution(parameters, input, output, source, result))
    case .fullyConnected(let parameters):
      return .fullyConnected(fullyConnected(parameters, input, output, source, result))
    case .addition(let parameters):
      return .addition(
        AdditionCall(
          left: input, right: UnsafePointer(memory.elements(layer.inputs[1])),
          output: output, count: result.elementCount, parameters: parameters))
    case .averagePool2D(let parameters):
      return .averagePool(pool(parameters, input, output, source, result))
    case .maximumPool2D(let parameters):
      return .maximumPool(pool(parameters, input, output, source, result))
    case .spatialMean(let parameters):
      return .spatialMean(
        SpatialMeanCall(
          input: input, output: output, positions: source.shape[1] * source.shape[2],
          channels: source.shape[3], parameters: parameters))
    case .softmax(let parameters):
      return .softmax(softmax(parameters, input, output, source))
    case .transpose(let parameters):
      return .transpose(transpose(parameters, input, output, source, result))
    case .lookup(let parameters):
      return .lookup(
        LookupCall(
          input: input, output: output, table: constant(parameters.table, as: Int8.self),
          count: result.elementCount))
    case .convolution16x8(let parameters):
      return .convolution16x8(convolution16x8(parameters, source, result))
    case .depthwiseConvolution16x8(let parameters):
      return .depthwiseConvolution16x8(convolution16x8(parameters, source, result))
    case .fullyConnected16x8(let parameters):
      return .fullyConnected16x8(fullyConnected16x8(parameters, source, result))
    case .addition16(let parameters):
      return .addition16(addition16(parameters, source, result))
    case .treeEnsemble(let parameters):
      return .treeEnsemble(treeEnsemble(parameters, source, result))
    case .matrixProduct(let parameters):
      return .matrixProduct(KernelCall.placed(matrixProduct(parameters)))
    case .reduction(let parameters):
      return .reduction(KernelCall.placed(reduction(parameters)))
    case .normalization(let parameters):
      return .normalization(KernelCall.placed(normalization(parameters)))
    case .transposedConvolution(let parameters):
      return .transposedConvolution(
        grouped(parameters, convolution(parameters.convolution, input, output, source, result)))
    case .groupedConvolution(let parameters):
      return .groupedConvolution(
        grouped(parameters, convolution(parameters.convolution, input, output, source, result)))
    case .elementwise(let parameters):
      return .elementwise(KernelCall.placed(elementwise(parameters, result)))
    case .rescale(let parameters):
      return .rescale(rescale(parameters, source, result))
    case .move(let parameters):
      return .move(move(parameters, result))
    case .resize(let parameters):
      return .resize(resize(parameters, input, output))
    case .recurrent(let parameters):
      return .recurrent(KernelCall.placed(recurrent(parameters, source, result)))
    case .topClass: return .topClass(topClass(source, result))
    }
  }

  func constant<Element>(
    _ reference: ConstantReference, as type: Element.Type
  ) -> UnsafePointer<Element> {
    (memory.constants + PortableConstants.offset(of: reference, in: layer.operation))
      .assumingMemoryBound(to: Element.self)
  }

  private func requantization(_ parameters: Requantization) -> RequantizationCall {
    RequantizationCall(
      multipliers: constant(parameters.multipliers, as: Int32.self),
      shifts: constant(parameters.shifts, as: Int8.self),
      step: parameters.shifts.byteCount == 1 ? 0 : 1, isOnce: parameters.rounding == .once,
      zeroPoint: parameters.outputZeroPoint, minimum: parameters.minimum,
      maximum: parameters.maximum)
  }

  private func convolution(
    _ parameters: ConvolutionParameters, _ input: UnsafePointer<Int8>,
    _ output: UnsafeMutablePointer<Int8>, _ source: PlanTensor, _ result: PlanTensor
  ) -> ConvolutionCall {
    ConvolutionCall(
      input: input, output: output, weights: constant(parameters.weights, as: Int8.self),
      bias: constant(parameters.bias, as: Int32.self), inputExtent: Extent(source.shape),
      outputExtent: Extent(result.shape), window: WindowWalk(parameters.window),
      inputZeroPoint: parameters.inputZeroPoint,
      requantization: requantization(parameters.requantization))
  }

  private func fullyConnected(
    _ parameters: FullyConnectedParameters, _ input: UnsafePointer<Int8>,
    _ output: UnsafeMutablePointer<Int8>, _ source: PlanTensor, _ result: PlanTensor
  ) -> FullyConnectedCall {
    let features = source.shape[source.shape.count - 1]
    return FullyConnectedCall(
      input: input, output: output, weights: constant(parameters.weights, as: Int8.self),
      bias: constant(parameters.bias, as: Int32.self), items: source.elementCount / features,
      features: features, outputs: result.shape[result.shape.count - 1],
      inputZeroPoint: parameters.inputZeroPoint,
      requantization: requantization(parameters.requantization))
  }

  private func softmax(
    _ parameters: SoftmaxParameters, _ input: UnsafePointer<Int8>,
    _ output: UnsafeMutablePointer<Int8>, _ source: PlanTensor
  ) -> SoftmaxCall {
    let length = source.shape[source.shape.count - 1]
    return SoftmaxCall(
      input: input, output: output, table: constant(parameters.table, as: UInt64.self),
      rows: source.elementCount / length, length: length)
  }

  private func grouped(
    _ parameters: GroupedConvolutionParameters, _ convolution: ConvolutionCall
  ) -> UnsafePointer<GroupedConvolutionCall> {
    KernelCall.placed(GroupedConvolutionCall(convolution: convolution, groups: parameters.groups))
  }

  private func pool(
    _ parameters: PoolParameters, _ input: UnsafePointer<Int8>,
    _ output: UnsafeMutablePointer<Int8>, _ source: PlanTensor, _ result: PlanTensor
  ) -> PoolCall {
    PoolCall(
      input: input, output: output, inputExtent: Extent(source.shape),
      outputExtent: Extent(result.shape), window: WindowWalk(parameters.window),
      minimum: parameters.minimum, maximum: parameters.maximum)
  }

  private func transpose(
    _ parameters: TransposeParameters, _ input: UnsafePointer<Int8>,
    _ output: UnsafeMutablePointer<Int8>, _ source: PlanTensor, _ result: PlanTensor
  ) -> TransposeCall {
    var sourceSteps = [Int](repeating: 1, count: source.shape.count)
    for axis in source.shape.indices.dropLast().reversed() {
      sourceSteps[axis] = sourceSteps[axis + 1] * source.shape[axis + 1]
    }
    var sizes = SIMD8<Int32>(repeating: 1)
    var steps = SIMD8<Int32>(repeating: 0)
    let lead = PlanLimits.rank - result.shape.count
    for (axis, from) in parameters.permutation.enumerated() {
      sizes[lead + axis] = Int32(result.shape[axis])
      steps[lead + axis] = Int32(sourceSteps[from])
    }
    return TransposeCall(input: input, output: output, sizes: sizes, steps: steps)
  }
}
