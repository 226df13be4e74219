import ModelGraph

/// How one ONNX operator becomes nodes.
struct ONNXMapping: Sendable {
  /// Emits the nodes and binds the results.
  let convert: @Sendable (ONNXNode, inout ONNXBuilder) throws(GraphError) -> Void
}

/// Every ONNX operator that is read: one line each, its function in the file of its family.
enum ONNXOperatorTable {
  /// By `op_type`.
  static let mappings: [String: ONNXMapping] = [
    "Add": ONNXMapping(convert: ONNXElementwise.add),
    "AveragePool": ONNXMapping(convert: ONNXPooling.average),
    "BatchNormalization": ONNXMapping(convert: ONNXNormalization.batch),
    "Cast": ONNXMapping(convert: ONNXFolding.cast),
    "Clip": ONNXMapping(convert: ONNXElementwise.clip),
    "Concat": ONNXMapping(convert: ONNXFolding.concat),
    "Constant": ONNXMapping(convert: ONNXFolding.constant),
    "Conv": ONNXMapping(convert: ONNXConvolution.convolution),
    "DequantizeLinear": ONNXMapping(convert: ONNXQuantization.dequantize),
    "Dropout": ONNXMapping(convert: ONNXElementwise.dropout),
    "Flatten": ONNXMapping(convert: ONNXLayout.flatten),
    "Gather": ONNXMapping(convert: ONNXFolding.gather),
    "Gemm": ONNXMapping(convert: ONNXDense.gemm),
    "GlobalAveragePool": ONNXMapping(convert: ONNXPooling.globalAverage),
    "Identity": ONNXMapping(convert: ONNXElementwise.identity),
    "MatMul": ONNXMapping(convert: ONNXDense.matrixProduct),
    "MaxPool": ONNXMapping(convert: ONNXPooling.maximum),
    "QLinearConv": ONNXIntegerForm.mapping(
      "Conv", [.init(0), .init(3, axis: 0)], bias: 8, result: 6),
    "QLinearMatMul": ONNXIntegerForm.mapping(
      "MatMul", [.init(0, axis: -2), .init(3, axis: -1)], result: 6),
    "QuantizeLinear": ONNXMapping(convert: ONNXQuantization.quantize),
    "ReduceMean": ONNXMapping(convert: ONNXPooling.mean),
    "Relu": ONNXMapping(convert: ONNXElementwise.relu),
    "Reshape": ONNXMapping(convert: ONNXLayout.reshape),
    "Shape": ONNXMapping(convert: ONNXFolding.shape),
    "Slice": ONNXMapping(convert: ONNXFolding.slice),
    "Softmax": ONNXMapping(convert: ONNXNormalization.softmax),
    "Squeeze": ONNXMapping(convert: ONNXLayout.squeeze),
    "Transpose": ONNXMapping(convert: ONNXLayout.transpose),
    "Unsqueeze": ONNXMapping(convert: ONNXLayout.unsqueeze),
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
