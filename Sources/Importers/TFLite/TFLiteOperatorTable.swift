import ModelGraph
import Operators
import PlanFormat

/// How one TFLite operator becomes a node.
struct TFLiteMapping: Sendable {
  /// Emits the node.
  let convert: @Sendable (TFLiteNode, inout TFLiteBuilder) throws(GraphError) -> Void
}

/// Every TFLite operator that is read: one line each, its function in the file of its family.
enum TFLiteOperatorTable {
  /// By the schema's name.
  static let mappings: [String: TFLiteMapping] = [
    "ABS": TFLiteMapping(convert: TFLitePointwise.basic(.abs, .reference(.abs))),
    "ADD": TFLiteMapping(convert: TFLitePointwise.binary(.add, options: 11)),
    "ARG_MAX": TFLiteMapping(convert: TFLiteArrangement.extremum),
    "ARG_MIN": TFLiteMapping(convert: TFLiteArrangement.extremum),
    "ASSIGN_VARIABLE": TFLiteMapping(convert: TFLiteVariables.assign),
    "ATAN2": TFLiteMapping(convert: TFLitePointwise.binary(.arcTangent)),
    "AVERAGE_POOL_2D": TFLiteMapping(convert: TFLiteSpatial.averagePool),
    "BATCH_MATMUL": TFLiteMapping(convert: TFLiteElementwise.matrixProduct),
    "BATCH_TO_SPACE_ND": TFLiteMapping(convert: TFLiteArrangement.batchToSpace),
    "BROADCAST_TO": TFLiteMapping(convert: TFLiteSelection.broadcast),
    "CALL_ONCE": TFLiteMapping(convert: TFLiteVariables.callOnce),
    "CAST": TFLiteMapping(convert: TFLitePointwise.cast),
    "CEIL": TFLiteMapping(convert: TFLitePointwise.basic(.ceil)),
    "CONCATENATION": TFLiteMapping(convert: TFLiteArrangement.concatenation),
    "CONV_2D": TFLiteMapping(convert: TFLiteSpatial.convolution),
    "COS": TFLiteMapping(convert: TFLitePointwise.basic(.cos)),
    "CUMSUM": TFLiteMapping(convert: TFLiteReduction.cumulativeSum),
    "DEPTHWISE_CONV_2D": TFLiteMapping(convert: TFLiteSpatial.depthwise),
    "DENSIFY": TFLiteMapping(convert: TFLiteQuantization.densify),
    "DEPTH_TO_SPACE": TFLiteMapping(convert: TFLiteArrangement.depthToSpace),
    "DEQUANTIZE": TFLiteMapping(convert: TFLiteQuantization.dequantize),
    "DIV": TFLiteMapping(convert: TFLitePointwise.binary(.divide, options: 29)),
    "ELU": TFLiteMapping(
      convert: TFLitePointwise.function(.exponentialUnit(alpha: 1), .reference(.float(.elu)))),
    "EQUAL": TFLiteMapping(convert: TFLitePointwise.binary(.equal)),
    "EXP": TFLiteMapping(convert: TFLitePointwise.basic(.exp, .reference(.float(.exp)))),
    "EXPAND_DIMS": TFLiteMapping(convert: TFLiteArrangement.expand),
    "FILL": TFLiteMapping(convert: TFLiteArrangement.fill),
    "FLOOR": TFLiteMapping(convert: TFLitePointwise.basic(.floor)),
    "FLOOR_DIV": TFLiteMapping(convert: TFLitePointwise.binary(.floorDivide)),
    "FLOOR_MOD": TFLiteMapping(convert: TFLitePointwise.binary(.modulo)),
    "FULLY_CONNECTED": TFLiteMapping(convert: TFLiteElementwise.fullyConnected),
    "GATHER": TFLiteMapping(convert: TFLiteSelection.gather),
    "GATHER_ND": TFLiteMapping(convert: TFLiteSelection.gatherND),
    "GELU": TFLiteMapping(convert: TFLitePointwise.gelu),
    "GREATER": TFLiteMapping(convert: TFLitePointwise.binary(.greater)),
    "GREATER_EQUAL": TFLiteMapping(convert: TFLitePointwise.binary(.greaterOrEqual)),
    "HARD_SWISH": TFLiteMapping(
      convert: TFLitePointwise.function(.hardSwish, .reference(.hardSwish))),
    "IF": TFLiteMapping(convert: TFLiteControlFlow.choice),
    "L2_NORMALIZATION": TFLiteMapping(convert: TFLiteElementwise.length),
    "LEAKY_RELU": TFLiteMapping(convert: TFLitePointwise.leakyRelu),
    "LESS": TFLiteMapping(convert: TFLitePointwise.binary(.less)),
    "LESS_EQUAL": TFLiteMapping(convert: TFLitePointwise.binary(.lessOrEqual)),
    "LOG": TFLiteMapping(convert: TFLitePointwise.basic(.log, .reference(.float(.log)))),
    "LOGICAL_AND": TFLiteMapping(convert: TFLitePointwise.binary(.and)),
    "LOGICAL_NOT": TFLiteMapping(convert: TFLitePointwise.function(.not)),
    "LOGICAL_OR": TFLiteMapping(convert: TFLitePointwise.binary(.or)),
    "LOGISTIC": TFLiteMapping(
      convert: TFLitePointwise.basic(.sigmoid, .reference(.float(.logistic)))),
    "LOG_SOFTMAX": TFLiteMapping(convert: TFLiteElementwise.logSoftmax),
    "LSTM": TFLiteMapping(convert: TFLiteRecurrent.stepLSTM),
    "MAXIMUM": TFLiteMapping(convert: TFLitePointwise.binary(.maximum)),
    "MAX_POOL_2D": TFLiteMapping(convert: TFLiteSpatial.maximumPool),
    "MEAN": TFLiteReduction.mapping(.mean),
    "MINIMUM": TFLiteMapping(convert: TFLitePointwise.binary(.minimum)),
    "MIRROR_PAD": TFLiteMapping(convert: TFLiteSelection.mirrorPad),
    "MUL": TFLiteMapping(convert: TFLitePointwise.binary(.multiply, options: 21)),
    "NEG": TFLiteMapping(convert: TFLitePointwise.basic(.negate)),
    "NOT_EQUAL": TFLiteMapping(convert: TFLitePointwise.binary(.notEqual)),
    "PACK": TFLiteMapping(convert: TFLiteArrangement.pack),
    "PAD": TFLiteMapping(convert: TFLiteSelection.pad),
    "PADV2": TFLiteMapping(convert: TFLiteSelection.pad),
    "POW": TFLiteMapping(convert: TFLitePointwise.binary(.power)),
    "PRELU": TFLiteMapping(convert: TFLitePointwise.binary(.slope)),
    "QUANTIZE": TFLiteMapping(convert: TFLiteQuantization.quantize),
    "RANGE": TFLiteMapping(convert: TFLiteArrangement.range),
    "REDUCE_ALL": TFLiteReduction.mapping(.minimum),
    "REDUCE_ANY": TFLiteReduction.mapping(.maximum),
    "READ_VARIABLE": TFLiteMapping(convert: TFLiteVariables.read),
    "REDUCE_MAX": TFLiteReduction.mapping(.maximum, keepsParameters: true),
    "REDUCE_MIN": TFLiteReduction.mapping(.minimum, keepsParameters: true),
    "REDUCE_PROD": TFLiteReduction.mapping(.product),
    "RELU": TFLiteMapping(convert: TFLitePointwise.clip(0, .infinity)),
    "RELU6": TFLiteMapping(convert: TFLitePointwise.clip(0, 6)),
    "RELU_0_TO_1": TFLiteMapping(convert: TFLitePointwise.clip(0, 1)),
    "RELU_N1_TO_1": TFLiteMapping(convert: TFLitePointwise.clip(-1, 1)),
    "RESHAPE": TFLiteMapping(convert: TFLiteElementwise.reshape),
    "RESIZE_BILINEAR": TFLiteMapping(convert: TFLiteResize.bilinear),
    "RESIZE_NEAREST_NEIGHBOR": TFLiteMapping(convert: TFLiteResize.nearest),
    "REVERSE_V2": TFLiteMapping(convert: TFLiteSelection.reverse),
    "ROUND": TFLiteMapping(convert: TFLitePointwise.basic(.round)),
    "RSQRT": TFLiteMapping(
      convert: TFLitePointwise.function(.reciprocalRoot, .reference(.reciprocalRoot))),
    "SCATTER_ND": TFLiteMapping(convert: TFLiteSelection.scatterND),
    "SELECT": TFLiteMapping(convert: TFLitePointwise.choice),
    "SELECT_V2": TFLiteMapping(convert: TFLitePointwise.choice),
    "SHAPE": TFLiteMapping(convert: TFLiteArrangement.shape),
    "SIGN": TFLiteMapping(convert: TFLitePointwise.basic(.sign)),
    "SIN": TFLiteMapping(convert: TFLitePointwise.basic(.sin)),
    "SLICE": TFLiteMapping(convert: TFLiteSelection.slice),
    "SOFTMAX": TFLiteMapping(convert: TFLiteElementwise.softmax),
    "SPACE_TO_BATCH_ND": TFLiteMapping(convert: TFLiteArrangement.spaceToBatch),
    "SPACE_TO_DEPTH": TFLiteMapping(convert: TFLiteArrangement.spaceToDepth),
    "SPLIT": TFLiteMapping(convert: TFLiteSelection.split),
    "SPLIT_V": TFLiteMapping(convert: TFLiteSelection.splitBySizes),
    "SQRT": TFLiteMapping(convert: TFLitePointwise.basic(.sqrt, .reference(.squareRoot))),
    "SQUARE": TFLiteMapping(convert: TFLitePointwise.function(.square)),
    "SQUARED_DIFFERENCE": TFLiteMapping(convert: TFLitePointwise.binary(.squaredDifference)),
    "SQUEEZE": TFLiteMapping(convert: TFLiteArrangement.squeeze),
    "STABLEHLO_COMPOSITE": TFLiteMapping(convert: TFLiteControlFlow.composite),
    "STRIDED_SLICE": TFLiteMapping(convert: TFLiteSelection.stridedSlice),
    "SUB": TFLiteMapping(convert: TFLitePointwise.binary(.subtract, options: 28)),
    "SUM": TFLiteReduction.mapping(.sum),
    "SVDF": TFLiteMapping(convert: TFLiteFilterBank.filter),
    "TANH": TFLiteMapping(convert: TFLitePointwise.basic(.tanh, .reference(.float(.tanh)))),
    "TILE": TFLiteMapping(convert: TFLiteSelection.tile),
    "TOPK_V2": TFLiteMapping(convert: TFLiteArrangement.topK),
    "TRANSPOSE": TFLiteMapping(convert: TFLiteArrangement.transpose),
    "TRANSPOSE_CONV": TFLiteMapping(convert: TFLiteSpatial.transposedConvolution),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": TFLiteMapping(convert: TFLiteRecurrent.sequenceLSTM),
    "UNPACK": TFLiteMapping(convert: TFLiteSelection.unpack),
    "WHILE": TFLiteMapping(convert: TFLiteControlFlow.loop),
    "ZEROS_LIKE": TFLiteMapping(convert: TFLiteArrangement.zeros),
    "VAR_HANDLE": TFLiteMapping(convert: TFLiteVariables.handle),
  ]
}

extension TFLiteNode {
  /// The fused activation of the schema's number.
  func activation(_ code: UInt8) throws(GraphError) -> Activation {
    switch code {
    case 0: return .none
    case 1: return .relu
    case 3: return .relu6
    default:
      throw unsupported(
        "its fused activation is number \(code) of the schema; none, RELU and RELU6 are run")
    }
  }
}

/// Convolutions and pools.
enum TFLiteSpatial {
  /// Explicit pads for SAME (0) and VALID (1). TFLite's formula: windows = ceil(size / stride),
  /// total = max((windows − 1) · stride + span − size, 0), an odd pad is larger at the end.
  private static func padding(
    _ node: TFLiteNode, _ code: UInt8, size: Int, span: Int, stride: Int
  ) throws(GraphError) -> (Int, Int) {
    switch code {
    case 0:
      let windows = (size + stride - 1) / stride
      let total = max((windows - 1) * stride + span - size, 0)
      return (total / 2, total - total / 2)
    case 1: return (0, 0)
    default: throw node.invalid("padding \(code) is neither SAME nor VALID")
    }
  }

  private struct Frame {
    var window: Window
    var bottom: Int
    var right: Int

    /// The same windows over an input whose rows each stand twice.
    mutating func doubleRows() {
      window.height *= 2
      window.strideHeight *= 2
      window.paddingTop *= 2
      bottom *= 2
    }
  }

  /// Takes the zero point out of a convolution's weights.
  private static func removeZeroPoint(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder,
    _ layer: inout (input: ValueID, weights: ValueID, bias: ValueID?), _ frame: inout Frame
  ) throws(GraphError) {
    let isDoubled = try builder.removeZeroPoint(
      node, input: &layer.input, weights: &layer.weights, axis: 1, inputAxis: 1)
    guard isDoubled else { return }
    guard frame.window.dilationHeight == 1 else {
      throw node.unsupported("it is dilated, and its weights less their zero point need nine bits")
    }
    frame.doubleRows()
  }

  private static func frame(
    _ node: TFLiteNode, image: [Int], kernel: (Int, Int), strides: (Int, Int),
    dilations: (Int, Int), padding code: UInt8
  ) throws(GraphError) -> Frame {
    guard image.count == 4 else { throw node.invalid("its input has shape \(image)") }
    let numbers = [
      kernel.0, kernel.1, strides.0, strides.1, dilations.0, dilations.1,
    ]
    guard numbers.allSatisfy((1...ImportLimits.windowExtent).contains) else {
      throw node.invalid("kernel, strides and dilations \(numbers) are out of range")
    }
    let (top, bottom) = try padding(
      node, code, size: image[1], span: (kernel.0 - 1) * dilations.0 + 1, stride: strides.0)
    let (left, right) = try padding(
      node, code, size: image[2], span: (kernel.1 - 1) * dilations.1 + 1, stride: strides.1)
    return Frame(
      window: Window(
        height: kernel.0, width: kernel.1, strideHeight: strides.0, strideWidth: strides.1,
        dilationHeight: dilations.0, dilationWidth: dilations.1, paddingTop: top,
        paddingLeft: left),
      bottom: bottom, right: right)
  }

  /// CONV_2D: weights [O,KH,KW,I]. Options: padding, stride w, h, activation, dilation w, h.
  @Sendable static func convolution(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    var layer = try builder.weights(node, axis: 0)
    let kernel = builder.graph[layer.weights].type.shape
    let image = builder.graph[layer.input].type.shape
    guard kernel.count == 4, image.count == 4 else {
      throw node.invalid("weights \(kernel) and input \(image)")
    }
    guard kernel[3] > 0, image[3] % kernel[3] == 0 else {
      throw node.invalid("weights \(kernel) over \(image[3]) channels")
    }
    let options = try node.options(1)
    var frame = try frame(
      node, image: image, kernel: (kernel[1], kernel[2]),
      strides: (try options?.int32(2) ?? 0, try options?.int32(1) ?? 0),
      dilations: (try options?.int32(5, default: 1) ?? 1, try options?.int32(4, default: 1) ?? 1),
      padding: try options?.uint8(0) ?? 0)
    try removeZeroPoint(node, &builder, &layer, &frame)
    let operation = Conv2D(
      window: frame.window, paddingBottom: frame.bottom, paddingRight: frame.right,
      activation: try node.activation(try options?.uint8(3) ?? 0),
      groups: image[3] / kernel[3])
    try builder.emit(node, operation, [layer.input, layer.weights, layer.bias])
  }

  /// TRANSPOSE_CONV: the result's shape, weights [O,KH,KW,I], input, bias. SAME is the padding with which
  /// a convolution of the result would have the input's size. Options: padding, stride w, h, activation.
  @Sendable static func transposedConvolution(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let layer = try builder.weights(node, axis: 0, places: (input: 2, weights: 1, bias: 3))
    let kernel = builder.graph[layer.weights].type.shape
    let size = try builder.integers(node, 0)
    guard kernel.count == 4, size.count == 4, ImportLimits.count(size) != nil else {
      throw node.invalid("weights \(kernel) and a result of \(size)")
    }
    let options = try node.options(49)
    let frame = try frame(
      node, image: size, kernel: (kernel[1], kernel[2]),
      strides: (try options?.int32(2) ?? 0, try options?.int32(1) ?? 0), dilations: (1, 1),
      padding: try options?.uint8(0) ?? 0)
    if builder.graph[layer.input].type.element == .int16 {
      return try spread(node, &builder, layer, frame.window, size)
    }
    let operation = TransposedConv2D(
      window: frame.window, height: size[1], width: size[2],
      activation: try node.activation(try options?.uint8(3) ?? 0))
    try builder.emit(node, operation, [layer.input, layer.weights, layer.bias])
  }

  /// A transposed convolution of int16, whose zero is the integer 0: zeros between the rows and columns
  /// of its input, then a convolution with the weights turned around. The sums are the same.
  private static func spread(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder,
    _ layer: (input: ValueID, weights: ValueID, bias: ValueID?), _ window: Window, _ size: [Int]
  ) throws(GraphError) {
    let shape = builder.graph[layer.input].type.shape
    guard shape.count == 4 else { throw node.invalid("its input has shape \(shape)") }
    var positions: [[Int]?] = [nil, [], [], nil]
    var (before, after) = ([0, 0], [0, 0])
    let axes = [
      (window.height, window.strideHeight, window.paddingTop),
      (window.width, window.strideWidth, window.paddingLeft),
    ]
    for (axis, (kernel, stride, cut)) in axes.enumerated() {
      before[axis] = kernel - 1 - cut
      // Behind the last element as many zeros as the last window reaches beyond the padding.
      let reach = size[axis + 1] - before[axis]
      let length = max((shape[axis + 1] - 1) * stride + 1, reach)
      guard before[axis] >= 0, length <= ImportLimits.windowExtent else {
        throw node.invalid("it cuts \(cut) off windows of \(kernel)")
      }
      positions[axis + 1] = (0..<length).map { position in
        position % stride == 0 && position / stride < shape[axis + 1] ? position / stride : -1
      }
      after[axis] = size[axis + 1] + kernel - 1 - before[axis] - length
    }
    let spread = try builder.step(
      node, Pick(positions: positions), [layer.input], suffix: "/spread")
    let turned = try builder.turnedWindows(layer.weights)
    let operation = Conv2D(
      window: Window(
        height: window.height, width: window.width, paddingTop: before[0], paddingLeft: before[1]),
      paddingBottom: after[0], paddingRight: after[1],
      activation: try node.activation(try node.options(49)?.uint8(3) ?? 0))
    try builder.emit(node, operation, [spread, turned, layer.bias])
  }

  /// DEPTHWISE_CONV_2D: weights [1,KH,KW,C·m]; m follows from the shapes.
  @Sendable static func depthwise(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    var layer = try builder.weights(node, axis: 3)
    let kernel = builder.graph[layer.weights].type.shape
    let image = builder.graph[layer.input].type.shape
    guard kernel.count == 4, image.count == 4, kernel[0] == 1, kernel[3] % image[3] == 0 else {
      throw node.invalid("weights \(kernel) and input \(image)")
    }
    let options = try node.options(2)
    var frame = try frame(
      node, image: image, kernel: (kernel[1], kernel[2]),
      strides: (try options?.int32(2) ?? 0, try options?.int32(1) ?? 0),
      dilations: (try options?.int32(6, default: 1) ?? 1, try options?.int32(5, default: 1) ?? 1),
      padding: try options?.uint8(0) ?? 0)
    try removeZeroPoint(node, &builder, &layer, &frame)
    let operation = DepthwiseConv2D(
      window: frame.window, paddingBottom: frame.bottom, paddingRight: frame.right,
      depthMultiplier: kernel[3] / image[3],
      activation: try node.activation(try options?.uint8(4) ?? 0))
    try builder.emit(node, operation, [layer.input, layer.weights, layer.bias])
  }

  /// Pool2DOptions: padding, stride w, h, filter w, h, activation.
  private static func pool(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) -> (ValueID, Frame, Activation) {
    let input = try builder.operand(node, 0)
    guard let options = try node.options(5) else { throw node.invalid("it has no options") }
    let frame = try frame(
      node, image: builder.graph[input].type.shape,
      kernel: (try options.int32(4), try options.int32(3)),
      strides: (try options.int32(2), try options.int32(1)), dilations: (1, 1),
      padding: try options.uint8(0))
    return (input, frame, try node.activation(try options.uint8(5)))
  }

  /// AVERAGE_POOL_2D: padding does not count.
  @Sendable static func averagePool(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let (input, frame, activation) = try pool(node, &builder)
    let operation = AveragePool2D(
      window: frame.window, paddingBottom: frame.bottom, paddingRight: frame.right,
      activation: activation, countsPadding: false)
    try builder.emit(node, operation, [input], sameParameters: true)
  }

  /// MAX_POOL_2D.
  @Sendable static func maximumPool(
    _ node: TFLiteNode, _ builder: inout TFLiteBuilder
  ) throws(GraphError) {
    let (input, frame, activation) = try pool(node, &builder)
    let operation = MaxPool2D(
      window: frame.window, paddingBottom: frame.bottom, paddingRight: frame.right,
      activation: activation)
    try builder.emit(node, operation, [input], sameParameters: true)
  }
}
