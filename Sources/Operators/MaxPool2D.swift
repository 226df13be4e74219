public import ModelGraph
public import PlanFormat

/// Maximum over windows of [1, H, W, C]; padding never wins.
public struct MaxPool2D: ActivatedOperation, Equatable {
  /// Name in tables.
  public static let name = "MaxPool2D"
  /// The window, with padding above and to the left.
  public var window: Window
  /// Padding below, rows.
  public var paddingBottom: Int
  /// Padding to the right, columns.
  public var paddingRight: Int
  /// Fused clamp.
  public var activation: Activation

  /// Creates a pool.
  public init(window: Window, paddingBottom: Int, paddingRight: Int, activation: Activation) {
    self.window = window
    self.paddingBottom = paddingBottom
    self.paddingRight = paddingRight
    self.activation = activation
  }

  private var pooling: Pooling {
    Pooling(
      padded: PaddedWindow(window: window, bottom: paddingBottom, right: paddingRight),
      activation: activation)
  }

  public func resultTypes(_ operands: [ValueType?]) throws(GraphError) -> [ValueType] {
    [try pooling.resultType(operands)]
  }

  public func evaluate(_ operands: [TensorData?]) throws(GraphError) -> [TensorData] {
    [
      try pooling.evaluate(
        operands, start: -.infinity, fold: { $0 > $1 ? $0 : $1 }, finish: { value, _ in value })
    ]
  }

  public var quantizationRule: QuantizationRule { .sameAsInput }
  public var isPositivelyHomogeneous: Bool { activation != .relu6 }

  public func lower(_ node: LoweringNode, into builder: inout PlanBuilder) throws(GraphError) {
    try pooling.lower(node, into: &builder) { .maximumPool2D($0) }
  }

  public var summary: String { pooling.padded.summary + activation.suffix }
}
