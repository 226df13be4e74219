extension PlanOperation {
  /// The constants an operation refers to, in the order of its parameters' declaration.
  public var constants: [ConstantReference] {
    var found: [ConstantReference] = []
    _ = replacingConstants { reference in
      found.append(reference)
      return reference
    }
    return found
  }

  /// The operation with each constant replaced, visited in the order of declaration.
  public func replacingConstants(
    _ replacement: (ConstantReference) -> ConstantReference
  ) -> PlanOperation {
    switch self {
    case .convolution2D(let parameters):
      return .convolution2D(parameters.replacingConstants(replacement))
    case .depthwiseConvolution2D(let parameters):
      return .depthwiseConvolution2D(parameters.replacingConstants(replacement))
    case .convolution16x8(let parameters):
      return .convolution16x8(parameters.replacingConstants(replacement))
    case .depthwiseConvolution16x8(let parameters):
      return .depthwiseConvolution16x8(parameters.replacingConstants(replacement))
    case .fullyConnected(var parameters):
      parameters.weights = replacement(parameters.weights)
      parameters.bias = replacement(parameters.bias)
      parameters.requantization.replaceConstants(replacement)
      return .fullyConnected(parameters)
    case .fullyConnected16x8(var parameters):
      parameters.weights = replacement(parameters.weights)
      parameters.bias = replacement(parameters.bias)
      parameters.requantization.replaceConstants(replacement)
      return .fullyConnected16x8(parameters)
    case .softmax(var parameters):
      parameters.table = replacement(parameters.table)
      return .softmax(parameters)
    case .lookup(var parameters):
      parameters.table = replacement(parameters.table)
      return .lookup(parameters)
    case .treeEnsemble(var parameters):
      parameters.replaceConstants(replacement)
      return .treeEnsemble(parameters)
    case .normalization(var parameters):
      parameters.replaceConstants(replacement)
      return .normalization(parameters)
    case .transposedConvolution(var parameters):
      parameters.convolution = parameters.convolution.replacingConstants(replacement)
      return .transposedConvolution(parameters)
    case .groupedConvolution(var parameters):
      parameters.convolution = parameters.convolution.replacingConstants(replacement)
      return .groupedConvolution(parameters)
    case .elementwise(var parameters):
      if var constant = parameters.constant {
        constant.elements = replacement(constant.elements)
        parameters.constant = constant
      }
      return .elementwise(parameters)
    case .move(var parameters):
      for block in parameters.blocks.indices {
        parameters.blocks[block].table = parameters.blocks[block].table.map(replacement)
      }
      return .move(parameters)
    case .resize(var parameters):
      parameters.rows = replacement(parameters.rows)
      parameters.columns = replacement(parameters.columns)
      return .resize(parameters)
    case .recurrent(let parameters):
      return .recurrent(parameters.replacingConstants(replacement))
    case .addition, .addition16, .averagePool2D, .maximumPool2D, .spatialMean, .transpose,
      .rescale, .topClass, .matrixProduct, .reduction:
      return self
    }
  }
}

/// Multipliers and shifts in the weights.
private protocol ScaleConstants {
  var multipliers: ConstantReference { get set }
  var shifts: ConstantReference { get set }
}

extension Requantization: ScaleConstants {}
extension Requantization16x8: ScaleConstants {}

extension ScaleConstants {
  fileprivate mutating func replaceConstants(
    _ replacement: (ConstantReference) -> ConstantReference
  ) {
    multipliers = replacement(multipliers)
    shifts = replacement(shifts)
  }
}

extension TreeEnsembleParameters {
  fileprivate mutating func replaceConstants(
    _ replacement: (ConstantReference) -> ConstantReference
  ) {
    trees = replacement(trees)
    nodes = replacement(nodes)
    leaves = replacement(leaves)
    bias = replacement(bias)
  }
}

extension NormalizationParameters {
  fileprivate mutating func replaceConstants(
    _ replacement: (ConstantReference) -> ConstantReference
  ) {
    gain = replacement(gain)
    bias = replacement(bias)
  }
}

extension ConvolutionParameters {
  fileprivate func replacingConstants(
    _ replacement: (ConstantReference) -> ConstantReference
  ) -> ConvolutionParameters {
    var parameters = self
    parameters.weights = replacement(weights)
    parameters.bias = replacement(bias)
    parameters.requantization.replaceConstants(replacement)
    return parameters
  }
}

extension Convolution16x8Parameters {
  fileprivate func replacingConstants(
    _ replacement: (ConstantReference) -> ConstantReference
  ) -> Convolution16x8Parameters {
    var parameters = self
    parameters.weights = replacement(weights)
    parameters.bias = replacement(bias)
    parameters.requantization.replaceConstants(replacement)
    return parameters
  }
}
