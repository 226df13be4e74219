import ModelGraph
import Operators

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
    "ConvTranspose": ONNXMapping(convert: ONNXConvolution.transposed),
    "Dropout": ONNXMapping(convert: ONNXElementwise.dropout),
    "Flatten": ONNXMapping(convert: ONNXLayout.flatten),
    "Gather": ONNXMapping(convert: ONNXFolding.gather),
    "Gemm": ONNXMapping(convert: ONNXDense.gemm),
    "GlobalAveragePool": ONNXMapping(convert: ONNXPooling.globalAverage),
    "GlobalMaxPool": ONNXMapping(convert: ONNXPooling.globalMaximum),
    "GroupNormalization": ONNXMapping(convert: ONNXNormalization.group),
    "Hardmax": ONNXNormalization.softmax(.hard),
    "Identity": ONNXMapping(convert: ONNXElementwise.identity),
    "InstanceNormalization": ONNXMapping(convert: ONNXNormalization.instance),
    "LayerNormalization": ONNXMapping(convert: ONNXNormalization.layer),
    "LogSoftmax": ONNXNormalization.softmax(.logarithm),
    "LpNormalization": ONNXMapping(convert: ONNXNormalization.length),
    "MatMul": ONNXMapping(convert: ONNXDense.matrixProduct),
    "MaxPool": ONNXMapping(convert: ONNXPooling.maximum),
    "MeanVarianceNormalization": ONNXMapping(convert: ONNXNormalization.meanVariance),
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
    "Relu": ONNXMapping(convert: ONNXElementwise.relu),
    "Reshape": ONNXMapping(convert: ONNXLayout.reshape),
    "Shape": ONNXMapping(convert: ONNXFolding.shape),
    "Slice": ONNXMapping(convert: ONNXFolding.slice),
    "Softmax": ONNXNormalization.softmax(.share),
    "Squeeze": ONNXMapping(convert: ONNXLayout.squeeze),
    "Transpose": ONNXMapping(convert: ONNXLayout.transpose),
    "Unsqueeze": ONNXMapping(convert: ONNXLayout.unsqueeze),
  ]
}
