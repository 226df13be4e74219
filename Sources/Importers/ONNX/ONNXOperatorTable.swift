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
    "ArgMax": ONNXMapping(convert: ONNXOrdering.extremum),
    "ArgMin": ONNXMapping(convert: ONNXOrdering.extremum),
    "AveragePool": ONNXMapping(convert: ONNXPooling.average),
    "BatchNormalization": ONNXMapping(convert: ONNXNormalization.batch),
    "Cast": ONNXMapping(convert: ONNXFolding.cast),
    "Clip": ONNXMapping(convert: ONNXElementwise.clip),
    "Concat": ONNXMapping(convert: ONNXOrdering.concat),
    "Constant": ONNXMapping(convert: ONNXFolding.constant),
    "ConstantOfShape": ONNXMapping(convert: ONNXGenerators.constantOfShape),
    "Conv": ONNXMapping(convert: ONNXConvolution.convolution),
    "CumSum": ONNXMapping(convert: ONNXOrdering.cumulativeSum),
    "DepthToSpace": ONNXMapping(convert: ONNXOrdering.depthToSpace),
    "Dropout": ONNXMapping(convert: ONNXElementwise.dropout),
    "Expand": ONNXMapping(convert: ONNXSelection.expand),
    "EyeLike": ONNXMapping(convert: ONNXGenerators.eye),
    "Flatten": ONNXMapping(convert: ONNXLayout.flatten),
    "Gather": ONNXMapping(convert: ONNXSelection.gather),
    "GatherElements": ONNXMapping(convert: ONNXPositions.gatherElements),
    "GatherND": ONNXMapping(convert: ONNXPositions.gatherND),
    "Gemm": ONNXMapping(convert: ONNXDense.gemm),
    "GlobalAveragePool": ONNXMapping(convert: ONNXPooling.globalAverage),
    "Identity": ONNXMapping(convert: ONNXElementwise.identity),
    "If": ONNXMapping(convert: ONNXControlFlow.conditional),
    "MatMul": ONNXMapping(convert: ONNXDense.matrixProduct),
    "MaxPool": ONNXMapping(convert: ONNXPooling.maximum),
    "NonZero": ONNXMapping(convert: ONNXGenerators.nonZero),
    "OneHot": ONNXMapping(convert: ONNXGenerators.oneHot),
    "Pad": ONNXMapping(convert: ONNXSelection.pad),
    "Range": ONNXMapping(convert: ONNXGenerators.range),
    "ReduceMean": ONNXMapping(convert: ONNXPooling.mean),
    "Relu": ONNXMapping(convert: ONNXElementwise.relu),
    "Reshape": ONNXMapping(convert: ONNXLayout.reshape),
    "Resize": ONNXMapping(convert: ONNXResize.resize),
    "ReverseSequence": ONNXMapping(convert: ONNXSelection.reverseSequence),
    "ScatterElements": ONNXMapping(convert: ONNXPositions.scatterElements),
    "ScatterND": ONNXMapping(convert: ONNXPositions.scatterND),
    "Shape": ONNXMapping(convert: ONNXFolding.shape),
    "Size": ONNXMapping(convert: ONNXGenerators.size),
    "Slice": ONNXMapping(convert: ONNXSelection.slice),
    "Softmax": ONNXMapping(convert: ONNXNormalization.softmax),
    "SpaceToDepth": ONNXMapping(convert: ONNXOrdering.spaceToDepth),
    "Split": ONNXMapping(convert: ONNXSelection.split),
    "Squeeze": ONNXMapping(convert: ONNXLayout.squeeze),
    "Tile": ONNXMapping(convert: ONNXSelection.tile),
    "TopK": ONNXMapping(convert: ONNXOrdering.topK),
    "Transpose": ONNXMapping(convert: ONNXLayout.transpose),
    "Trilu": ONNXMapping(convert: ONNXSelection.triangle),
    "Unsqueeze": ONNXMapping(convert: ONNXLayout.unsqueeze),
    "Upsample": ONNXMapping(convert: ONNXResize.upsample),
  ]
}
