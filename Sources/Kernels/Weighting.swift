import PlanFormat

/// A weighted layer's window, constants and scaling, whichever operation and element type it has.
struct Weighting {
  let window: Window
  let inputZeroPoint: Int32
  let weights: ConstantReference
  let bias: ConstantReference
  let requantization: OutputScaling

  init(_ parameters: ConvolutionParameters) {
    window = parameters.window
    inputZeroPoint = parameters.inputZeroPoint
    weights = parameters.weights
    bias = parameters.bias
    requantization = .bytes(parameters.requantization)
  }

  init(_ parameters: Convolution16x8Parameters) {
    window = parameters.window
    inputZeroPoint = 0
    weights = parameters.weights
    bias = parameters.bias
    requantization = .words(parameters.requantization)
  }

  init(_ parameters: FullyConnectedParameters) {
    window = Window(height: 1, width: 1)
    inputZeroPoint = parameters.inputZeroPoint
    weights = parameters.weights
    bias = parameters.bias
    requantization = .bytes(parameters.requantization)
  }

  init(_ parameters: FullyConnected16x8Parameters) {
    window = Window(height: 1, width: 1)
    inputZeroPoint = 0
    weights = parameters.weights
    bias = parameters.bias
    requantization = .words(parameters.requantization)
  }
}

/// How accumulators become outputs: int8 from 32 bits, or int16 from 64.
enum OutputScaling {
  case bytes(Requantization)
  case words(Requantization16x8)

  /// Bytes of an element of the layer's input and of its output.
  var elementBytes: Int {
    switch self {
    case .bytes: 1
    case .words: 2
    }
  }

  var outputZeroPoint: Int32 {
    switch self {
    case .bytes(let scaling): scaling.outputZeroPoint
    case .words: 0
    }
  }

  var minimum: Int32 {
    switch self {
    case .bytes(let scaling): scaling.minimum
    case .words(let scaling): scaling.minimum
    }
  }

  var maximum: Int32 {
    switch self {
    case .bytes(let scaling): scaling.maximum
    case .words(let scaling): scaling.maximum
    }
  }
}
