extension PlanOperation {
  /// The constants an operation refers to, in the order of its parameters' declaration.
  public var constants: [ConstantReference] {
    switch self {
    case .convolution2D(let parameters), .depthwiseConvolution2D(let parameters):
      [parameters.weights, parameters.bias] + parameters.requantization.constants
    case .fullyConnected(let parameters):
      [parameters.weights, parameters.bias] + parameters.requantization.constants
    case .softmax(let parameters): [parameters.table]
    case .lookup(let parameters): [parameters.table]
    case .convolution16x8(let parameters), .depthwiseConvolution16x8(let parameters):
      [parameters.weights, parameters.bias] + parameters.requantization.constants
    case .fullyConnected16x8(let parameters):
      [parameters.weights, parameters.bias] + parameters.requantization.constants
    case .treeEnsemble(let parameters):
      [parameters.trees, parameters.nodes, parameters.leaves, parameters.bias]
    case .addition, .addition16, .averagePool2D, .maximumPool2D, .spatialMean, .transpose: []
    }
  }
}

extension Requantization {
  fileprivate var constants: [ConstantReference] { [multipliers, shifts] }
}

extension Requantization16x8 {
  fileprivate var constants: [ConstantReference] { [multipliers, shifts] }
}
