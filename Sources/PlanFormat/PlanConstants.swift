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
    case .addition, .averagePool2D, .maximumPool2D, .spatialMean, .transpose: []
    }
  }
}

extension Requantization {
  fileprivate var constants: [ConstantReference] { [multipliers, shifts] }
}
