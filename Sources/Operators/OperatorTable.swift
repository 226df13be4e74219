public import ModelGraph

/// Every operator Swiftlet has. An operator is its own file and its line here.
public enum OperatorTable {
  /// The types, by name.
  public static let all: [any Operation.Type] = [
    AveragePool2D.self,
    BatchNormalization.self,
    Binary.self,
    Cast.self,
    Conv2D.self,
    DepthwiseConv2D.self,
    FullyConnected.self,
    MaxPool2D.self,
    Mean.self,
    Pointwise.self,
    Reshape.self,
    Softmax.self,
    Transpose.self,
    Where.self,
  ]
}
