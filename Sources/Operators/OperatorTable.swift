public import ModelGraph

/// Every operator Swiftlet has. An operator is its own file and its line here.
public enum OperatorTable {
  /// The types, by name.
  public static let all: [any Operation.Type] = [
    Activate.self,
    Add.self,
    AveragePool2D.self,
    BatchNormalization.self,
    Conv2D.self,
    DepthwiseConv2D.self,
    FullyConnected.self,
    MatrixProduct.self,
    MaxPool2D.self,
    Normalize.self,
    Reduce.self,
    Reshape.self,
    Softmax.self,
    Transpose.self,
    TransposedConv2D.self,
    WindowPool.self,
  ]
}
