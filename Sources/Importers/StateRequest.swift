public import ModelGraph

/// Which inputs of a model are what it kept from the run before, rather than data.
public struct StateRequest: Sendable, Equatable {
  /// An input that reads what an output of the run before was.
  public struct Pair: Sendable, Equatable {
    /// Name of the input.
    public var input: String
    /// Name of the output.
    public var output: String
    /// What the first run reads; zeros unless given.
    public var initial: TensorData?

    /// Creates a pair.
    public init(input: String, output: String, initial: TensorData? = nil) {
      self.input = input
      self.output = output
      self.initial = initial
    }
  }

  /// Pairs that are stated; with any, none is detected.
  public var declared: [Pair]
  /// Variable tensors of TFLite's layers over sequences that are to be kept from run to run.
  public var variables: [String]
  /// Whether inputs that data is not given for are paired with outputs by their names.
  public var detects: Bool

  /// Creates a request.
  public init(declared: [Pair], variables: [String] = [], detects: Bool = false) {
    self.declared = declared
    self.variables = variables
    self.detects = detects
  }

  /// Every input is data.
  public static let none = StateRequest(declared: [])
  /// Pairs are detected by their names.
  public static let detected = StateRequest(declared: [], detects: true)
}
