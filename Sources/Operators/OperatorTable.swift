public import ModelGraph

/// Every operator Swiftlet has. An operator is its own file and its line here.
public enum OperatorTable {
  /// The types, by name.
  public static let all: [any Operation.Type] = [
    AveragePool2D.self,
    BatchNormalization.self,
    Binary.self,
    Cast.self,
    Concat.self,
    Conv2D.self,
    CumulativeSum.self,
    DepthwiseConv2D.self,
    Dequantize.self,
    Extremum.self,
    FakeQuantize.self,
    FullyConnected.self,
    Gather.self,
    Imputation.self,
    MatrixProduct.self,
    MaxPool2D.self,
    Normalize.self,
    Pick.self,
    Pointwise.self,
    Quantize.self,
    Recurrent.self,
    Reduce.self,
    Rescale.self,
    Reshape.self,
    Resize.self,
    RoundToFormat.self,
    RowNormalization.self,
    Scatter.self,
    ScoreTransform.self,
    Softmax.self,
    TopK.self,
    Transpose.self,
    TransposedConv2D.self,
    TreeEnsemble.self,
    Where.self,
    WindowPool.self,
  ]
}
