import ModelGraph
import Operators

/// How one ONNX operator becomes nodes.
struct ONNXMapping: Sendable {
  /// Emits the nodes and binds the results.
  let convert: @Sendable (ONNXNode, inout ONNXBuilder) throws(GraphError) -> Void
}

extension ONNXMapping {
  /// One operation of ours over the file's operands, in their order: what its attributes and the operands'
  /// shapes make of it is all there is to say.
  ///
  /// - Parameter isOfImages: the first operand and the results have their channels second in the file and
  ///   last in the operation, which is made of the shapes in the file.
  static func operation(
    ofImages isOfImages: Bool = false,
    _ make: @escaping @Sendable (ONNXNode, _ shapes: [[Int]?]) throws(GraphError) -> any Operation
  ) -> ONNXMapping {
    ONNXMapping { (node, builder) throws(GraphError) in
      var operands: [ValueID?] = [try builder.operand(node, 0)]
      for index in node.inputs.indices.dropFirst() {
        operands.append(try builder.optional(node, index))
      }
      let shapes = operands.map { $0.map(builder.shape) }
      let operation = try make(node, shapes)
      if isOfImages, let image = operands[0] {
        operands[0] = try builder.channelsLast(image, node: node)
      }
      let rank = shapes[0]?.count ?? 0
      for (index, result) in try builder.emitAll(operation, operands, node: node).enumerated()
      where index < node.outputs.count && !node.outputs[index].isEmpty {
        let bound = isOfImages ? try builder.channelsFirst(result, rank: rank, node: node) : result
        try builder.bind(node, bound, result: index)
      }
    }
  }
}

/// Every ONNX operator that is read: one line each, its function in the file of its family.
enum ONNXOperatorTable {
  /// By `op_type`.
  static let mappings: [String: ONNXMapping] = [
    "Abs": ONNXMapping(convert: ONNXPointwise.basic(.abs)),
    "Add": ONNXMapping(convert: ONNXElementwise.binary(.add)),
    "And": ONNXMapping(convert: ONNXElementwise.binary(.and)),
    "ArgMax": ONNXOrdering.extremum(isMinimum: false),
    "ArgMin": ONNXOrdering.extremum(isMinimum: true),
    "AveragePool": ONNXMapping(convert: ONNXPooling.average),
    "BatchNormalization": ONNXMapping(convert: ONNXNormalization.batch),
    "Cast": ONNXMapping(convert: ONNXElementwise.cast),
    "CastLike": ONNXMapping(convert: ONNXElementwise.castLike),
    "Ceil": ONNXMapping(convert: ONNXPointwise.basic(.ceil)),
    "Celu": ONNXMapping(convert: ONNXPointwise.function(ONNXPointwise.celu)),
    "Clip": ONNXMapping(convert: ONNXPointwise.clip),
    "Concat": ONNXMapping(convert: ONNXOrdering.concat),
    "Constant": ONNXMapping(convert: ONNXFolding.constant),
    "ConstantOfShape": ONNXMapping(convert: ONNXGenerators.constantOfShape),
    "Conv": ONNXMapping(convert: ONNXConvolution.convolution),
    "ConvInteger": ONNXIntegerProduct.mapping(ONNXConvolution.convolution),
    "ConvTranspose": ONNXMapping(convert: ONNXConvolution.transposed),
    "Cos": ONNXMapping(convert: ONNXPointwise.basic(.cos)),
    "CumSum": ONNXMapping(convert: ONNXOrdering.cumulativeSum),
    "DepthToSpace": ONNXMapping(convert: ONNXOrdering.depthToSpace),
    "DequantizeLinear": ONNXMapping(convert: ONNXQuantization.dequantize),
    "Div": ONNXMapping(convert: ONNXElementwise.binary(.divide)),
    "Dropout": ONNXMapping(convert: ONNXElementwise.dropout),
    "DynamicQuantizeLinear": ONNXMapping(convert: ONNXQuantization.dynamic),
    "Elu": ONNXMapping(convert: ONNXPointwise.function(ONNXPointwise.elu)),
    "Equal": ONNXMapping(convert: ONNXElementwise.binary(.equal)),
    "Erf": ONNXMapping(convert: ONNXPointwise.basic(.erf)),
    "Exp": ONNXMapping(convert: ONNXPointwise.basic(.exp)),
    "Expand": ONNXMapping(convert: ONNXSelection.expand),
    "EyeLike": ONNXMapping(convert: ONNXGenerators.eye),
    "Flatten": ONNXMapping(convert: ONNXLayout.flatten),
    "Floor": ONNXMapping(convert: ONNXPointwise.basic(.floor)),
    "GRU": ONNXMapping(convert: ONNXRecurrent.gru),
    "Gather": ONNXMapping(convert: ONNXSelection.gather),
    "GatherElements": ONNXMapping(convert: ONNXPositions.gatherElements),
    "GatherND": ONNXMapping(convert: ONNXPositions.gatherND),
    "Gelu": ONNXMapping(convert: ONNXPointwise.function(ONNXPointwise.gelu)),
    "Gemm": ONNXMapping(convert: ONNXDense.gemm),
    "GlobalAveragePool": ONNXMapping(convert: ONNXPooling.globalAverage),
    "GlobalMaxPool": ONNXMapping(convert: ONNXPooling.globalMaximum),
    "Greater": ONNXMapping(convert: ONNXElementwise.binary(.greater)),
    "GreaterOrEqual": ONNXMapping(convert: ONNXElementwise.binary(.greaterOrEqual)),
    "GridSample": .operation(ofImages: true) { (node, _) throws(GraphError) in
      GridSample(
        mode: try node.choice(
          "mode", default: .linear, others: ["bilinear": .linear, "bicubic": .cubic]),
        padding: try node.choice("padding_mode", default: .zeros),
        alignsCorners: try node.int("align_corners", default: 0) != 0)
    },
    "GroupNormalization": ONNXMapping(convert: ONNXNormalization.group),
    "HardSigmoid": ONNXMapping(convert: ONNXPointwise.function(ONNXPointwise.hardSigmoid)),
    "HardSwish": ONNXMapping(convert: ONNXPointwise.fixed(.hardSwish)),
    "Hardmax": ONNXNormalization.softmax(.hard),
    "Identity": ONNXMapping(convert: ONNXElementwise.identity),
    "If": ONNXMapping(convert: ONNXControlFlow.conditional),
    "InstanceNormalization": ONNXMapping(convert: ONNXNormalization.instance),
    "LRN": ONNXMapping(convert: ONNXNormalization.localResponse),
    "LSTM": ONNXMapping(convert: ONNXRecurrent.lstm),
    "LayerNormalization": ONNXMapping(convert: ONNXNormalization.layer),
    "LeakyRelu": ONNXMapping(convert: ONNXPointwise.function(ONNXPointwise.leakyRelu)),
    "Less": ONNXMapping(convert: ONNXElementwise.binary(.less)),
    "LessOrEqual": ONNXMapping(convert: ONNXElementwise.binary(.lessOrEqual)),
    "Log": ONNXMapping(convert: ONNXPointwise.basic(.log)),
    "LogSoftmax": ONNXNormalization.softmax(.logarithm),
    "LpNormalization": ONNXMapping(convert: ONNXNormalization.length),
    "MatMul": ONNXMapping(convert: ONNXDense.matrixProduct),
    "MatMulInteger": ONNXIntegerProduct.mapping(ONNXDense.matrixProduct),
    "Max": ONNXMapping(convert: ONNXElementwise.chain(.maximum)),
    "MaxPool": ONNXMapping(convert: ONNXPooling.maximum),
    "Mean": ONNXMapping(convert: ONNXElementwise.mean),
    "MeanVarianceNormalization": ONNXMapping(convert: ONNXNormalization.meanVariance),
    "Min": ONNXMapping(convert: ONNXElementwise.chain(.minimum)),
    "Mish": ONNXMapping(convert: ONNXPointwise.fixed(.mish)),
    "Mod": ONNXMapping(convert: ONNXElementwise.modulo),
    "Mul": ONNXMapping(convert: ONNXElementwise.binary(.multiply)),
    "Neg": ONNXMapping(convert: ONNXPointwise.basic(.negate)),
    "NonZero": ONNXMapping(convert: ONNXGenerators.nonZero),
    "Not": ONNXMapping(convert: ONNXPointwise.fixed(.not)),
    "OneHot": ONNXMapping(convert: ONNXGenerators.oneHot),
    "Or": ONNXMapping(convert: ONNXElementwise.binary(.or)),
    "PRelu": ONNXMapping(convert: ONNXElementwise.slope),
    "Pad": ONNXMapping(convert: ONNXSelection.pad),
    "Pow": ONNXMapping(convert: ONNXElementwise.binary(.power)),
    "QLinearConv": ONNXIntegerForm.mapping(
      "Conv", [.init(0), .init(3, axis: 0)], bias: 8, result: 6),
    "QLinearMatMul": ONNXIntegerForm.mapping(
      "MatMul", [.init(0, axis: -2), .init(3, axis: -1)], result: 6),
    "QuantizeLinear": ONNXMapping(convert: ONNXQuantization.quantize),
    "RNN": ONNXMapping(convert: ONNXRecurrent.simple),
    "Range": ONNXMapping(convert: ONNXGenerators.range),
    "Reciprocal": ONNXMapping(convert: ONNXPointwise.fixed(.reciprocal)),
    "ReduceL1": ONNXReduction.mapping(.l1),
    "ReduceL2": ONNXReduction.mapping(.l2),
    "ReduceLogSum": ONNXReduction.mapping(.logSum),
    "ReduceLogSumExp": ONNXReduction.mapping(.logSumExp),
    "ReduceMax": ONNXReduction.mapping(.maximum),
    "ReduceMean": ONNXReduction.mapping(.mean),
    "ReduceMin": ONNXReduction.mapping(.minimum),
    "ReduceProd": ONNXReduction.mapping(.product),
    "ReduceSum": ONNXReduction.mapping(.sum, axesAreOperandFrom: 13),
    "ReduceSumSquare": ONNXReduction.mapping(.sumOfSquares),
    "Relu": ONNXMapping(convert: ONNXPointwise.fixed(.relu)),
    "Reshape": ONNXMapping(convert: ONNXLayout.reshape),
    "Resize": ONNXMapping(convert: ONNXResize.resize),
    "ReverseSequence": ONNXMapping(convert: ONNXSelection.reverseSequence),
    "Round": ONNXMapping(convert: ONNXPointwise.basic(.round)),
    "ScatterElements": ONNXMapping(convert: ONNXPositions.scatterElements),
    "ScatterND": ONNXMapping(convert: ONNXPositions.scatterND),
    "Selu": ONNXMapping(convert: ONNXPointwise.function(ONNXPointwise.selu)),
    "Shape": ONNXMapping(convert: ONNXFolding.shape),
    "Shrink": ONNXMapping(convert: ONNXPointwise.function(ONNXPointwise.shrink)),
    "Sigmoid": ONNXMapping(convert: ONNXPointwise.basic(.sigmoid)),
    "Sign": ONNXMapping(convert: ONNXPointwise.basic(.sign)),
    "Sin": ONNXMapping(convert: ONNXPointwise.basic(.sin)),
    "Size": ONNXMapping(convert: ONNXGenerators.size),
    "Slice": ONNXMapping(convert: ONNXSelection.slice),
    "Softmax": ONNXNormalization.softmax(.share),
    "Softplus": ONNXMapping(convert: ONNXPointwise.basic(.softplus)),
    "Softsign": ONNXMapping(convert: ONNXPointwise.fixed(.softsign)),
    "SpaceToDepth": ONNXMapping(convert: ONNXOrdering.spaceToDepth),
    "Split": ONNXMapping(convert: ONNXSelection.split),
    "Sqrt": ONNXMapping(convert: ONNXPointwise.basic(.sqrt)),
    "Squeeze": ONNXMapping(convert: ONNXLayout.squeeze),
    "Sub": ONNXMapping(convert: ONNXElementwise.binary(.subtract)),
    "Sum": ONNXMapping(convert: ONNXElementwise.chain(.add)),
    "Tanh": ONNXMapping(convert: ONNXPointwise.basic(.tanh)),
    "ThresholdedRelu": ONNXMapping(convert: ONNXPointwise.function(ONNXPointwise.thresholdedRelu)),
    "Tile": ONNXMapping(convert: ONNXSelection.tile),
    "TopK": ONNXMapping(convert: ONNXOrdering.topK),
    "Transpose": ONNXMapping(convert: ONNXLayout.transpose),
    "Trilu": ONNXMapping(convert: ONNXSelection.triangle),
    "Unsqueeze": ONNXMapping(convert: ONNXLayout.unsqueeze),
    "Upsample": ONNXMapping(convert: ONNXResize.upsample),
    "Where": .operation { _, _ in Where() },
    "Xor": ONNXMapping(convert: ONNXElementwise.binary(.xor)),
  ]

  /// Operators of onnxruntime's own domain, by `op_type`.
  static let microsoft: [String: ONNXMapping] = [
    "DequantizeLinear": ONNXMapping(convert: ONNXQuantization.dequantize),
    "QGemm": ONNXMapping(convert: ONNXIntegerForm.gemm),
    "QLinearAdd": ONNXIntegerForm.mapping("Add", [.init(0), .init(3)], result: 6),
    "QLinearAveragePool": ONNXIntegerForm.mapping("AveragePool", [.init(0)], result: 3),
    "QLinearConcat": ONNXMapping(convert: ONNXIntegerForm.concat),
    "QLinearGlobalAveragePool": ONNXIntegerForm.mapping(
      "GlobalAveragePool", [.init(0)], result: 3),
    "QLinearLeakyRelu": ONNXIntegerForm.mapping("LeakyRelu", [.init(0)], result: 3),
    "QLinearMul": ONNXIntegerForm.mapping("Mul", [.init(0), .init(3)], result: 6),
    "QLinearReduceMean": ONNXIntegerForm.mapping("ReduceMean", [.init(0)], result: 3),
    "QLinearSigmoid": ONNXIntegerForm.mapping("Sigmoid", [.init(0)], result: 3),
    "QLinearSoftmax": ONNXIntegerForm.mapping("Softmax", [.init(0)], result: 3),
    "QuantizeLinear": ONNXMapping(convert: ONNXQuantization.quantize),
  ]

  /// The mapping of an operator, if it is read.
  static func mapping(of node: ONNXNode) -> ONNXMapping? {
    node.domain == "com.microsoft" ? microsoft[node.operation] : mappings[node.operation]
  }
}
