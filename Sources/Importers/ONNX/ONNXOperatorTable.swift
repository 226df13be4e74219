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
    "QuantizeLinear": ONNXMapping(convert: ONNXQuantization.quantize),
  ]

  /// The mapping of an operator, if it is read.
  static func mapping(of node: ONNXNode) -> ONNXMapping? {
    node.domain == "com.microsoft" ? microsoft[node.operation] : mappings[node.operation]
  }
}
